"""Every reported number comes with n and a 95 % interval: Wilson for rates, bootstrap for everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution
DRAWS = 2000


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval, and how many items it stands on."""

    value: float
    low: float
    high: float
    n: int


def rate(successes: int, n: int) -> Interval:
    """Return a proportion with its Wilson score interval (Wilson 1927); ``n = 0`` gives [0, 1] around 0.

    A bootstrap of 25 successes in 25 trials has no width at all, which would claim certainty.
    """
    if n == 0:
        return Interval(0.0, 0.0, 1.0, 0)
    p = successes / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return Interval(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), n)  # p inside, rounding or not


def mean_over_groups(groups: Mapping[str, Sequence[float]], seed: int = 0) -> Interval:
    """Return the unweighted mean of the groups' means; items are resampled inside their group (stratified bootstrap).

    Works for rates (values 0 or 1) and for paired differences (values in [-1, 1]) alike.
    """
    arrays = [np.asarray(values, dtype=float) for values in groups.values() if len(values)]
    if not arrays:
        return Interval(0.0, 0.0, 0.0, 0)
    rng = np.random.default_rng(seed)
    draws = np.zeros(DRAWS)
    for array in arrays:
        picks = rng.integers(0, len(array), size=(DRAWS, len(array)))
        draws += array[picks].mean(axis=1) / len(arrays)
    low, high = np.percentile(draws, [2.5, 97.5])
    value = float(np.mean([array.mean() for array in arrays]))
    return Interval(value, float(low), float(high), sum(len(array) for array in arrays))


def mean(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the mean with its bootstrap interval; for paired differences pass the differences."""
    return mean_over_groups({"all": values}, seed)


def paired_interval(values: Sequence[float], *, bound: float = 1.0, seed: int = 0) -> Interval:
    """Return the mean of paired values in [-bound, bound] with a 95 % interval; no values give the whole range.

    The interval is the wider, at each end, of two: the bootstrap over problems, and the adjusted Wald interval of
    Bonett and Price 2012, which is the normal interval of the sample with one ``+bound`` and one ``-bound`` added.
    The bootstrap of 24 equal values has no width, which would claim certainty; the second never shrinks to a point.
    """
    if not values:
        return Interval(0.0, -bound, bound, 0)
    drawn = mean(values, seed)
    added = np.asarray([*values, bound, -bound], dtype=float)
    half = _Z * float(added.std()) / math.sqrt(len(added))
    centre = float(added.mean())
    low, high = min(drawn.low, centre - half), max(drawn.high, centre + half)
    return Interval(drawn.value, max(-bound, low), min(bound, high), len(values))
