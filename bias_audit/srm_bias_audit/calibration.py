"""Calibration by group: does a stated probability mean the same for everyone?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from srm_core.errors import ConfigError
from srm_core.reports.intervals import Interval

from .groups import BINS, DRAWS, MINIMUM, Disparity, Floats


@dataclass(frozen=True)
class GroupCalibration:
    """One group: its expected calibration error in [0, 1], and the mean probability minus the share that came true.

    ``small`` says that the group has fewer than the minimum of people.
    """

    group: str
    n: int
    small: bool
    error: Interval
    gap: Interval


def expected_calibration_error(probabilities: Floats, truth: Floats, bins: int = BINS) -> float:
    """Return the sum over ``bins`` of equal width of (share of cases) |share true - mean probability|, in [0, 1].

    After: Guo et al. 2017, equation 3; for a binary outcome the probability of "true" is compared with how often it is.
    ``probabilities`` and ``truth`` (0 or 1) are [people], at least one. Small samples make it larger than it is.
    """
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    off = np.bincount(places, weights=truth - probabilities, minlength=bins)
    return float(np.abs(off).sum() / len(truth))


def calibration_by_group(
    probabilities: Sequence[float],
    truth: Sequence[bool],
    groups: Sequence[str],
    *,
    bins: int = BINS,
    minimum: int = MINIMUM,
    seed: int = 0,
) -> tuple[list[GroupCalibration], Disparity]:
    """Return every group's calibration with bootstrap intervals, and the largest minus the smallest error.

    Groups under ``minimum`` are reported, are not compared, and are named in the disparity; with fewer than two large
    groups its value is None. All three sequences are [people].

    Raises:
        ConfigError: the lengths differ, a probability lies outside [0, 1], or a truth is neither true nor false.
    """
    lengths = {len(probabilities), len(truth), len(groups)}
    if len(lengths) != 1 or not len(groups):
        raise ConfigError(
            f"probabilities, truth and groups have {sorted(lengths)} entries: one for each person is needed"
        )
    if not set(truth) <= {0, 1} or not all(0 <= value <= 1 for value in probabilities):
        raise ConfigError("probabilities must lie in [0, 1] and the truth must be true or false (1 or 0)")
    p, t, labels = np.asarray(probabilities, dtype=float), np.asarray(truth, dtype=float), np.asarray(groups)
    found: list[GroupCalibration] = []
    draws: dict[str, NDArray[np.float64]] = {}
    rng = np.random.default_rng(seed)
    for name in dict.fromkeys(groups):
        mine_p, mine_t = p[labels == name], t[labels == name]
        n = len(mine_p)
        picks = rng.integers(0, n, size=(DRAWS, n))
        draws[name] = np.asarray([expected_calibration_error(mine_p[k], mine_t[k], bins) for k in picks])
        error = expected_calibration_error(mine_p, mine_t, bins)
        off = mine_p - mine_t
        gap = _interval(float(off.mean()), off[picks].mean(axis=1), n)
        found.append(GroupCalibration(name, n, n < minimum, _interval(error, draws[name], n), gap))
    return found, _disparity(found, draws)


def _disparity(found: Sequence[GroupCalibration], draws: dict[str, NDArray[np.float64]]) -> Disparity:
    large = [one for one in found if not one.small]
    small = tuple(one.group for one in found if one.small)
    name = "calibration error difference"
    if len(large) < 2:
        return Disparity(name, None, 0.0, 1.0, None, "", "", small)
    top, bottom = max(large, key=lambda one: one.error.value), min(large, key=lambda one: one.error.value)
    spans = np.ptp(np.stack([draws[one.group] for one in large]), axis=0)
    interval = _interval(top.error.value - bottom.error.value, spans, 0)
    return Disparity(name, interval.value, interval.low, interval.high, None, top.group, bottom.group, small)


def _interval(value: float, drawn: NDArray[np.float64], n: int) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5])
    wide = 1.96 / (2 * math.sqrt(n)) if n and low == high else 0.0  # no width: that of a share of one half
    return Interval(value, min(float(low), value) - wide, max(float(high), value) + wide, n)
