"""The report's pictures as inline SVG: no script, no remote asset, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..records import AuditFinding
from .summary import Summary, arm_title

INK, MUTED, GRID = "#1d2733", "#66717f", "#e3e7ec"
COLOURS = {
    "base-zero": "#c3c9d1",
    "base-few": "#8d97a5",
    "base-retrieved": "#5d6876",
    "sft": "#3f7fd0",
    "rl": "#0b8f6f",
}
OUTCOMES = {"within": "#0b8f6f", "exceeds": "#c8372d", "inconclusive": "#c07a00"}
MARKS = {"within": "o", "exceeds": "D", "inconclusive": "s"}  # never told apart by colour alone
_WIDTH = 9.2  # inches


def accuracy_plot(summary: Summary) -> str:
    """Return dots with 95 % intervals: one line a kind, one mark an arm, the mean over kinds on top."""
    rows = ([summary.mean] if summary.mean else []) + list(summary.kinds)
    if not rows or not summary.arms:
        return ""
    figure, axes = _axes(height=0.9 + 0.62 * len(rows))
    spread = 0.6 / max(1, len(summary.arms))
    for place, arm in enumerate(summary.arms):
        offset = (place - (len(summary.arms) - 1) / 2) * spread
        points = [(row.figures[arm], y + offset) for y, row in enumerate(rows) if arm in row.figures]
        values = [100 * point.value for point, _ in points]
        errors = [
            [100 * max(0.0, point.value - point.low) for point, _ in points],
            [100 * max(0.0, point.high - point.value) for point, _ in points],
        ]
        axes.errorbar(
            values,
            [y for _, y in points],
            xerr=errors,
            fmt="o",
            markersize=6,
            capsize=0,
            elinewidth=2.2,
            color=COLOURS.get(arm, MUTED),
            label=_plain(arm_title(arm)),
        )
    axes.set_yticks(range(len(rows)), [_plain(row.title) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("correct answers on held-out problems, %")
    if summary.mean:
        axes.axhspan(-0.5, 0.5, color="#f4f6f8", zorder=0)
    _legend(figure, axes, len(summary.arms))
    return _svg(figure, "accuracy")


def audit_plot(findings: Sequence[AuditFinding]) -> str:
    """Return effects with 95 % intervals and, shaded, the limits they are judged by; only rates have a place on it."""
    findings = [finding for finding in findings if is_rate(finding)]
    if not findings:
        return ""
    figure, axes = _axes(height=1.1 + 0.34 * len(findings))
    for y, finding in enumerate(findings):
        if finding.limit is not None:
            axes.fill_betweenx(
                [y - 0.38, y + 0.38], -100 * finding.limit, 100 * finding.limit, color="#e4f2ec", zorder=0
            )
        ends = [100 * finding.low, 100 * finding.high]
        colour = OUTCOMES[finding.outcome]
        axes.plot(ends, [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
        axes.plot([100 * finding.effect], [y], MARKS[finding.outcome], color=colour, markersize=6)
    axes.axvline(0, color=MUTED, linewidth=0.9)
    axes.set_yticks(range(len(findings)), [_plain(finding_label(finding)) for finding in findings])
    axes.set_ylim(len(findings) - 0.5, -0.5)
    axes.set_xlabel("effect, percentage points (shaded: within the limit set)")
    for outcome, colour in OUTCOMES.items():
        axes.plot([], [], MARKS[outcome], color=colour, label=outcome)
    _legend(figure, axes, len(OUTCOMES))
    return _svg(figure, "audit")


def curve(rows: Sequence[Mapping[str, Any]], key: str, *, colour: str, ylabel: str) -> str:
    """Return ``key`` of a training log over its steps; rows without the key are left out, one point is a dot."""
    points = [(row["step"], row[key]) for row in rows if "step" in row and isinstance(row.get(key), int | float)]
    if not points:
        return ""
    figure, axes = _axes(height=2.5, width=4.5)
    axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.8, marker="o" if len(points) < 16 else "", ms=4)
    axes.set_xlabel("optimizer step")
    axes.set_ylabel(ylabel)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(True, axis="both", color=GRID)
    return _svg(figure, f"curve-{key}")


def finding_label(finding: AuditFinding) -> str:
    """Return what a finding is about: measure, attribute, groups, and the model (and the one it is compared with)."""
    groups = f" ({' / '.join(finding.groups)})" if finding.groups else ""
    against = f" − {finding.reference}" if finding.reference else ""
    return f"{finding.measure} · {finding.attribute}{groups} · {finding.role}{against}"


def is_rate(finding: AuditFinding) -> bool:
    """Say whether a finding is a difference in rates; log-probabilities (nats) say so in the measure's name."""
    return (
        "logprob" not in finding.measure
        and ":" not in finding.measure
        and all(abs(end) <= 1 for end in (finding.effect, finding.low, finding.high))
    )


def effect_text(finding: AuditFinding, value: float) -> str:
    """Return one of a finding's numbers with its unit: points for rates, nats for log-probabilities, a suite's own."""
    if ":" in finding.measure:  # a published suite: its own unit
        return f"{value:+.3g}"
    return f"{100 * value:+.1f}" if is_rate(finding) else f"{value:+.3g} nats"


def _axes(*, height: float, width: float = _WIDTH) -> tuple[Any, Any]:
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    axes.tick_params(colors=INK, length=0, labelsize=10)
    axes.xaxis.label.set_color(MUTED)
    axes.yaxis.label.set_color(MUTED)
    axes.grid(True, axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _legend(figure: Any, axes: Any, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=min(columns, 3), frameon=False, fontsize=10)


def _plain(text: str) -> str:
    """Keep matplotlib from reading ``$...$`` as mathematics, and labels from growing without end."""
    short = text if len(text) <= 64 else text[:63] + "…"
    return short.replace("$", r"\$")


def _svg(figure: Any, salt: str) -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return re.sub(r'<svg ([^>]*?)width="[^"]*" ', r"<svg \1", re.sub(r' height="[^"]*pt"', "", svg, count=1), count=1)
