"""What one thing costs in another: students as marks with both intervals, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .plots import GRID, INK, MUTED, _axes, _legend, _plain, _svg
from .summary import Figure

MARKS = (("o", INK), ("D", "#3f7fd0"), ("s", "#0b8f6f"), ("^", "#c07a00"), ("v", "#8a4fbf"), ("P", MUTED))


@dataclass(frozen=True)
class Place:
    """A student by name, and its two rates in [0, 1] (or differences in [-1, 1])."""

    name: str
    x: Figure
    y: Figure


def frontier_plot(places: Sequence[Place], *, xlabel: str, ylabel: str, salt: str) -> str:
    """Return the picture, in per cent; never told apart by colour alone. Nothing to draw gives "".

    ``ylabel`` stands above the axis, because it is a sentence.
    ``salt`` keeps ids apart where several pictures stand on one page.
    """
    if not places:
        return ""
    figure, axes = _axes(height=3.6, width=5.2)
    for number, place in enumerate(places):
        mark, colour = MARKS[number % len(MARKS)]
        x, y = 100 * place.x.value, 100 * place.y.value
        axes.errorbar([x], [y], xerr=_ends(place.x), yerr=_ends(place.y), fmt="none", elinewidth=1.6, ecolor=colour)
        label = f"{_plain(place.name)} (n {place.x.n} and {place.y.n})"
        axes.plot([x], [y], mark, markersize=7, color=colour, linestyle="none", label=label)
    axes.axhline(0, color=MUTED, linewidth=0.9)
    axes.grid(True, axis="y", color=GRID, linewidth=0.8)
    axes.set_xlabel(xlabel)
    axes.set_title(_plain(ylabel), loc="left", fontsize=9.5, color=INK)
    axes.xaxis.label.set_size(9.5)
    _legend(figure, axes, 1)
    return _svg(figure, f"frontier-{salt}")


def _ends(figure: Figure) -> list[list[float]]:
    return [[100 * max(0.0, figure.value - figure.low)], [100 * max(0.0, figure.high - figure.value)]]
