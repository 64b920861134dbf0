"""How far each of several groups lies from the others: intervals and p values of gaps between means."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from srm_core.reports.intervals import Interval

from .figures import DRAWS, FEW_TEMPLATES, Picks

Floats = NDArray[np.float64]


def gaps(values: Floats, codes: Picks) -> Floats:
    """Return each group's mean minus the mean of the other groups' means, [groups], in the values' unit.

    ``values`` and ``codes`` (0 .. groups - 1, each occurring) are [names].
    """
    return from_others(np.bincount(codes, weights=values) / np.bincount(codes))


def from_others(means: Floats) -> Floats:
    """Return each of ``means`` [groups] minus the mean of the others."""
    others: Floats = (means.sum() - means) / (len(means) - 1)
    return means - others


def gap_intervals(values: Floats, codes: Picks, *, shares: bool = False, seed: int = 0) -> list[Interval]:
    """Return each group's gap with its 95 % interval: names are drawn inside their group (stratified bootstrap).

    With ``shares`` (values in [0, 1]) the interval is at least that of Agresti and Caffo 2000, which adds one success
    and one failure to every group, so that no refusal in seven texts does not claim that there is never one. A group of
    fewer than `FEW_TEMPLATES` names has infinite ends. ``n`` is the group's number of names.
    """
    rng = np.random.default_rng(seed)
    sizes = np.bincount(codes)
    places = [np.flatnonzero(codes == code) for code in range(len(sizes))]
    means = np.stack([values[rng.choice(own, (DRAWS, len(own)))].mean(axis=1) for own in places], axis=1)
    drawn = np.stack([from_others(row) for row in means])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    if shares:
        added = (np.bincount(codes, weights=values) + 1) / (sizes + 2)
        variance = added * (1 - added) / (sizes + 2)
        half = 1.96 * np.sqrt(variance + (variance.sum() - variance) / (len(sizes) - 1) ** 2)
        low, high = np.minimum(low, from_others(added) - half), np.maximum(high, from_others(added) + half)
    return [
        Interval(float(value), min(float(a), float(value)), max(float(b), float(value)), int(n))
        if n >= FEW_TEMPLATES
        else Interval(float(value), -math.inf, math.inf, int(n))
        for value, a, b, n in zip(gaps(values, codes), low, high, sizes, strict=True)
    ]


def gap_ps(values: Floats, codes: Picks, seed: int = 0) -> list[float]:
    """Return for each group the two-sided permutation p value that names could be of any group."""
    rng = np.random.default_rng(seed)
    observed = np.abs(gaps(values, codes))
    drawn = np.stack([np.abs(gaps(rng.permutation(values), codes)) for _ in range(DRAWS)])
    beyond = (drawn >= observed - 1e-12).sum(axis=0)
    return [float(p) for p in (beyond + 1) / (DRAWS + 1)]
