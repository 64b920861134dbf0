"""Group metrics of decisions: who is selected, who is rightly and wrongly, and whose probabilities mean what they say.

Definitions as in fairlearn's user guide ("Common fairness metrics": demographic parity, equalized odds; `MetricFrame`:
overall, by group, difference, ratio), written as plain functions. fairlearn is not needed; where it is installed a test
compares. A group under a minimum size is reported as too small and is in no difference, and never left out unsaid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srm_core.errors import ConfigError
from srm_core.reports.intervals import Interval, rate

MINIMUM = 30  # people (or right or wrong cases) below which a group's rate is too uncertain to be compared
DRAWS = 1000
BINS = 10
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupRates:
    """One group: its rates with Wilson intervals, n the cases each stands on; None without the truth.

    ``small`` says that the group has fewer than the minimum of people.
    """

    group: str
    n: int
    small: bool
    selection: Interval  # share predicted positive
    true_positive: Interval | None = None  # share predicted positive of those that are
    false_positive: Interval | None = None  # share predicted positive of those that are not
    accuracy: Interval | None = None


@dataclass(frozen=True)
class Disparity:
    """How far the groups lie apart. ``value`` is None where fewer than two groups are large enough: inconclusive.

    A largest minus a smallest is positive by chance alone: judge it against a limit by its interval, or by ``p``, the
    permutation p value that groups do not matter (None for ratios and calibration).
    """

    name: str
    value: float | None
    low: float
    high: float
    p: float | None
    highest: str
    lowest: str
    too_small: tuple[str, ...]


def intersections(*attributes: Sequence[str]) -> list[str]:
    """Return each person's group by all ``attributes`` together, e.g. ``female & over 60``.

    Raises:
        ConfigError: the attributes have different lengths, or there are none.
    """
    if not attributes or len({len(one) for one in attributes}) != 1:
        raise ConfigError(f"{[len(one) for one in attributes]} labels: every attribute needs one label for each person")
    return [" & ".join(labels) for labels in zip(*attributes, strict=True)]


def group_rates(
    predicted: Sequence[bool], groups: Sequence[str], truth: Sequence[bool] | None = None, *, minimum: int = MINIMUM
) -> list[GroupRates]:
    """Return the rates of every group, small ones too, in the order they first occur; shapes are all [people].

    Raises:
        ConfigError: the lengths differ.
    """
    chosen, labels, right = _arrays(predicted, groups, truth)
    return [_rates(name, labels == name, chosen, right, minimum) for name in dict.fromkeys(groups)]


def demographic_parity(
    predicted: Sequence[bool], groups: Sequence[str], *, minimum: int = MINIMUM, seed: int = 0
) -> list[Disparity]:
    """Return the difference (largest minus smallest selection rate, in [0, 1]) and the ratio (smallest by largest).

    After: Agarwal et al. 2018; difference 0 and ratio 1 are parity.
    """
    chosen, labels, _ = _arrays(predicted, groups, None)
    everyone = np.ones(len(chosen), dtype=bool)
    return [
        _difference("demographic parity difference", chosen, labels, everyone, minimum, seed),
        _ratio("demographic parity ratio", chosen, labels, everyone, minimum, seed),
    ]


def equalized_odds(
    predicted: Sequence[bool], truth: Sequence[bool], groups: Sequence[str], *, minimum: int = MINIMUM, seed: int = 0
) -> list[Disparity]:
    """Return the differences of the true and of the false positive rate, and the larger one, equalized odds.

    After: Hardt, Price and Srebro 2016; the larger is fairlearn's ``equalized_odds_difference`` (worst case).
    ``minimum`` counts the positive cases for the first and the negative ones for the second. If either is None, so is
    the third: nothing is known about half of the condition. Its p is the smaller one, doubled (Bonferroni).
    """
    chosen, labels, right = _arrays(predicted, groups, truth)
    assert right is not None
    hits = _difference("true positive difference", chosen, labels, right, minimum, seed)
    alarms = _difference("false positive difference", chosen, labels, ~right, minimum, seed)
    small = tuple(dict.fromkeys((*hits.too_small, *alarms.too_small)))
    if hits.value is None or alarms.value is None:
        return [hits, alarms, _unknown("equalized odds difference", small)]
    worst = max(hits, alarms, key=lambda one: one.value or 0.0)
    p = min(1.0, 2 * min(hits.p or 0.0, alarms.p or 0.0))
    low, high = max(hits.low, alarms.low), max(hits.high, alarms.high)
    both = Disparity("equalized odds difference", worst.value, low, high, p, worst.highest, worst.lowest, small)
    return [hits, alarms, both]


def _arrays(
    predicted: Sequence[bool], groups: Sequence[str], truth: Sequence[bool] | None
) -> tuple[Flags, NDArray[np.str_], Flags | None]:
    lengths = {len(predicted), len(groups), *([len(truth)] if truth is not None else [])}
    if len(lengths) != 1 or not len(groups):
        raise ConfigError(f"decisions, groups and truth have {sorted(lengths)} entries: one for each person is needed")
    values = {*predicted, *(truth if truth is not None else [])}
    if not values <= {0, 1}:
        raise ConfigError(f"decisions and truth must be true or false (1 or 0); found {sorted(map(str, values))[:4]}")
    return (
        np.asarray(predicted, dtype=bool),
        np.asarray(groups),
        None if truth is None else np.asarray(truth, dtype=bool),
    )


def _rates(name: str, mine: Flags, chosen: Flags, right: Flags | None, minimum: int) -> GroupRates:
    n = int(mine.sum())
    small, selection = n < minimum, share(chosen[mine])
    if right is None:
        return GroupRates(name, n, small, selection)
    hits, alarms = share(chosen[mine & right]), share(chosen[mine & ~right])
    return GroupRates(name, n, small, selection, hits, alarms, share(chosen[mine] == right[mine]))


def share(flags: Flags) -> Interval:
    """Return the share of true ``flags`` [cases] with Wilson's interval; no cases give [0, 1]."""
    return rate(int(flags.sum()), len(flags))


def _large(labels: NDArray[np.str_], among: Flags, minimum: int) -> tuple[list[str], tuple[str, ...]]:
    names = list(dict.fromkeys(labels.tolist()))
    sizes = {name: int((among & (labels == name)).sum()) for name in names}
    return [n for n in names if sizes[n] >= minimum], tuple(n for n in names if sizes[n] < minimum)


def _difference(name: str, chosen: Flags, labels: NDArray[np.str_], among: Flags, minimum: int, seed: int) -> Disparity:
    large, small = _large(labels, among, minimum)
    if len(large) < 2:
        return _unknown(name, small)
    parts = [chosen[among & (labels == group)] for group in large]
    rates = [share(part) for part in parts]
    top, bottom = (max(rates, key=lambda one: one.value), min(rates, key=lambda one: one.value))
    drawn = np.ptp(_drawn(parts, seed), axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = top.value - bottom.value
    # Newcombe 1998, method 10: two rates of 0 or 1 have no bootstrap width, which would claim certainty.
    low = min(float(low), value - math.hypot(top.value - top.low, bottom.high - bottom.value))
    high = max(float(high), value + math.hypot(top.high - top.value, bottom.value - bottom.low))
    names = (large[rates.index(top)], large[rates.index(bottom)])
    return Disparity(name, value, max(0.0, low), min(1.0, high), _permuted(parts, value, seed), *names, small)


def _ratio(name: str, chosen: Flags, labels: NDArray[np.str_], among: Flags, minimum: int, seed: int) -> Disparity:
    large, small = _large(labels, among, minimum)
    parts = [chosen[among & (labels == group)] for group in large]
    rates = [share(part) for part in parts]
    if len(large) < 2 or max(one.value for one in rates) == 0:
        return _unknown(name, small)  # nobody is selected: no ratio
    top, bottom = (max(rates, key=lambda one: one.value), min(rates, key=lambda one: one.value))
    drawn = _drawn(parts, seed)
    drawn = drawn[drawn.max(axis=1) > 0]
    low, high = np.percentile(drawn.min(axis=1) / drawn.max(axis=1), [2.5, 97.5])
    value = bottom.value / top.value
    if low == high:  # no width: the ends of Wilson's intervals instead
        low, high = bottom.low / top.high, min(1.0, bottom.high / top.low if top.low else 1.0)
    names = (large[rates.index(top)], large[rates.index(bottom)])
    return Disparity(name, value, min(float(low), value), max(float(high), value), None, *names, small)


def _drawn(parts: Sequence[Flags], seed: int) -> Floats:
    # Bootstrap inside each group: the rates of [draws, groups]; a drawn count of hits is binomial.
    rng = np.random.default_rng(seed)
    columns = [rng.binomial(len(part), part.mean(), size=DRAWS) / len(part) for part in parts]
    return np.stack(columns, axis=1)


def _permuted(parts: Sequence[Flags], value: float, seed: int) -> float:
    rng = np.random.default_rng(seed)
    pool, ends = np.concatenate(parts), np.cumsum([len(part) for part in parts])[:-1]
    drawn = [np.ptp([part.mean() for part in np.split(rng.permutation(pool), ends)]) for _ in range(DRAWS)]
    return float((np.sum(np.asarray(drawn) >= value - 1e-12) + 1) / (DRAWS + 1))


def _unknown(name: str, small: tuple[str, ...]) -> Disparity:
    return Disparity(name, None, 0.0, 1.0, None, "", "", small)
