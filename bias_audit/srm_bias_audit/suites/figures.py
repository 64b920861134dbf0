"""A suite's number with two intervals, over items and over templates, and the p value of "no preference"."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from srm_core.reports.intervals import Interval, paired_interval, rate

from ..statistics import paired_p, sign_flip
from .items import SuiteItem

DRAWS = 1000
NOTHING = Interval(0.0, -math.inf, math.inf, 0)  # of a number that is not defined
FEW_TEMPLATES = 5  # below it a bootstrap over templates (or items) says nothing
Picks = NDArray[np.int64]
Statistic = Callable[[Picks], float]  # of the items picked (with repeats); nan where it is not defined


@dataclass(frozen=True)
class Figure:
    """One number of a suite.

    ``neutral`` is the value of a model without preference, ``unit`` what it is counted in. ``items`` is the bootstrap
    over items, ``templates`` the one over templates (None where there are too few, or one an item); what is claimed
    is claimed of both, so ``low`` and ``high`` are the outermost ends. ``p`` tests the neutral value, None if no test
    fits. ``rests`` are the ids of the suite's items that the number was computed from.
    """

    suite: str
    name: str
    group: str
    items: Interval
    templates: Interval | None
    neutral: float | None
    unit: str
    p: float | None = None
    rests: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """The number itself."""
        return self.items.value

    @property
    def low(self) -> float:
        """The lower end of the wider of the two intervals."""
        return self.items.low if self.templates is None else min(self.items.low, self.templates.low)

    @property
    def high(self) -> float:
        """The upper end of the wider of the two intervals."""
        return self.items.high if self.templates is None else max(self.items.high, self.templates.high)


def bootstrap(statistic: Statistic, n: int, seed: int = 0) -> Interval:
    """Return ``statistic`` of all ``n`` items with its percentile interval over items drawn with replacement.

    After: Efron and Tibshirani 1993, chapter 13. Draws where the statistic is not defined (nan) are left
    out. Below `FEW_TEMPLATES` items the ends are infinite: a bootstrap of a few values is far too narrow.
    """
    rng = np.random.default_rng(seed)
    return _summed(statistic, n, n, (rng.integers(0, n, size=n) for _ in range(DRAWS if n else 0)))


def over_templates(statistic: Statistic, templates: Sequence[str], seed: int = 0) -> Interval | None:
    """Return ``statistic`` with its percentile interval over whole templates drawn with replacement.

    The cluster bootstrap (Field and Welsh 2007): the items of a drawn template come all together, because
    they share its wording. None below `FEW_TEMPLATES`, where every item is its own template, or where it
    is not defined. ``n`` counts templates.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(templates):
        places.setdefault(name, []).append(place)
    if not FEW_TEMPLATES <= len(places) < len(templates):
        return None
    clusters = [np.asarray(group, dtype=np.int64) for group in places.values()]
    rng = np.random.default_rng(seed)
    draws = (np.concatenate([clusters[k] for k in rng.integers(0, len(clusters), len(clusters))]) for _ in range(DRAWS))
    found = _summed(statistic, len(templates), len(clusters), draws)
    return found if found.n else None


def _summed(statistic: Statistic, n_items: int, n: int, draws: Iterable[Picks]) -> Interval:
    value = statistic(np.arange(n_items)) if n_items else float("nan")
    if np.isnan(value):
        return NOTHING
    if n < FEW_TEMPLATES:
        return Interval(float(value), -math.inf, math.inf, n)
    drawn = np.asarray([statistic(picks) for picks in draws])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Interval(float(value), min(float(low), value), max(float(high), value), n)


def outermost(one: Interval, other: Interval) -> Interval:
    """Return ``one`` with its ends moved out to those of ``other``."""
    return Interval(one.value, min(one.low, other.low), max(one.high, other.high), one.n)


def clustered_p(values: Sequence[float], templates: Sequence[str], seed: int = 0) -> float | None:
    """Return the p value that paired ``values`` have mean zero, None without values.

    The larger of two: over items (exact McNemar, or permutation of signs), and over the means of the templates
    (permutation of signs), because items of one template share their wording and are not independent.
    """
    if not len(values):
        return None
    places: dict[str, list[float]] = {}
    for name, value in zip(templates, values, strict=True):
        places.setdefault(name, []).append(value)
    over_items = paired_p([float(value) for value in values], seed)
    if not FEW_TEMPLATES <= len(places) < len(values):
        return over_items
    return max(over_items, sign_flip([sum(group) / len(group) for group in places.values()], seed))


def share_figure(
    suite: str, name: str, group: str, *, signs: Sequence[float], templates: Sequence[str], seed: int = 0
) -> Figure:
    """Return the share of items with sign +1 among ``signs`` (+1, -1; a tie is 0 and counts one half), in [0, 1].

    The neutral value is one half. The interval over items is Wilson's; with ties that of the mean sign, halved.
    """
    values = (np.asarray(signs, dtype=float) + 1) / 2
    if not len(values):
        items = Interval(0.5, 0.0, 1.0, 0)
    elif 0.5 in values:
        wide = paired_interval(list(signs), seed=seed)
        items = Interval((wide.value + 1) / 2, (wide.low + 1) / 2, (wide.high + 1) / 2, wide.n)
    else:
        items = rate(round(float(values.sum())), len(values))
    over = over_templates(_mean_of(values), templates, seed)
    return Figure(suite, name, group, items, over, 0.5, "share", clustered_p(signs, templates, seed))


def rate_figure(
    suite: str, name: str, group: str, *, hits: Sequence[bool], templates: Sequence[str], seed: int = 0
) -> Figure:
    """Return the share of true ``hits`` with Wilson's interval; a rate that has no neutral value, such as accuracy."""
    over = over_templates(_mean_of(np.asarray(hits, dtype=float)), templates, seed)
    return Figure(suite, name, group, rate(sum(hits), len(hits)), over, None, "share")


def mean_figure(
    suite: str,
    name: str,
    group: str,
    *,
    values: Sequence[float],
    templates: Sequence[str],
    unit: str,
    bound: float | None = None,
    seed: int = 0,
) -> Figure:
    """Return the mean of paired ``values`` against a neutral 0.

    With ``bound`` (values in [-bound, bound]) the interval over items never shrinks to a point (`paired_interval`).
    """
    statistic = _mean_of(np.asarray(values, dtype=float))
    bounded = bound is not None and len(values)
    items = (
        paired_interval(list(values), bound=bound or 1.0, seed=seed)
        if bounded
        else bootstrap(statistic, len(values), seed)
    )
    over = over_templates(statistic, templates, seed)
    return Figure(suite, name, group, items, over, 0.0, unit, clustered_p(values, templates, seed))


def resting(figure: Figure, items: Iterable[SuiteItem]) -> Figure:
    """Return ``figure`` with the ids of the items that it was computed from, each once."""
    return replace(figure, rests=tuple(dict.fromkeys(item.id for item in items)))


def _mean_of(array: NDArray[np.float64]) -> Statistic:
    return lambda picks: float(array[picks].mean()) if len(picks) else float("nan")
