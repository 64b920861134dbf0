"""Many findings at once, and what a sample can show: corrections of p values, exact power of the sign test.

Holm's correction and the power of McNemar's test (Connor 1987) live in `statistics`; this adds what they leave out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .statistics import POWER, holm, minimum_detectable_effect, pairs_to_detect

__all__ = [
    "benjamini_hochberg",
    "holm",
    "items_to_detect",
    "minimum_detectable_effect",
    "minimum_detectable_share",
    "pairs_to_detect",
    "sign_test_power",
]


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return the p values adjusted for the false discovery rate, in the order given (Benjamini and Hochberg 1995).

    Sorted rising, the k-th (from 1) of m becomes p m / k, never above the one after it, at most 1. It bounds the share
    of false findings among the findings, Holm's the chance of any: use it to list what to look at, not to refuse.
    """
    adjusted = [1.0] * len(ps)
    lowest = 1.0
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    for rank in range(len(ps), 0, -1):
        lowest = min(lowest, ps[order[rank - 1]] * len(ps) / rank)
        adjusted[order[rank - 1]] = lowest
    return adjusted


def sign_test_power(n: int, share: float, alpha: float = 0.05) -> float:
    """Return the probability that the exact two-sided sign test of ``n`` items finds ``share`` to differ from 1/2.

    ``share`` in [0, 1] is the probability that an item falls one way (prefers the stereotype); McNemar's exact test of
    ``n`` discordant pairs is the same test. Exact: the binomial mass of both rejection tails.

    Raises:
        ValueError: ``n`` is below 1, ``share`` outside [0, 1] or ``alpha`` outside (0, 1).
    """
    if n < 1 or not 0 <= share <= 1 or not 0 < alpha < 1:
        raise ValueError(f"n = {n}, share {share}, alpha {alpha}: n >= 1, share in [0, 1], alpha in (0, 1) needed")
    tails = np.cumsum(_binomial(n, 0.5))
    rejected = int(
        np.searchsorted(2 * tails[: n // 2 + 1], alpha * (1 + 1e-12), side="right")
    )  # counts 0 .. rejected - 1
    if not rejected:
        return 0.0
    mass = _binomial(n, share)
    return float(min(1.0, mass[:rejected].sum() + mass[n + 1 - rejected :].sum()))


def minimum_detectable_share(n: int, alpha: float = 0.05, target: float = POWER) -> float | None:
    """Return the smallest share above 1/2 that ``n`` items find with power ``target``, None if not even 1 is found."""
    if sign_test_power(n, 1.0, alpha) < target:
        return None
    low, high = 0.5, 1.0
    for _ in range(50):  # the power rises with the share above one half
        middle = (low + high) / 2
        low, high = (middle, high) if sign_test_power(n, middle, alpha) < target else (low, middle)
    return high


def items_to_detect(share: float, alpha: float = 0.05, target: float = POWER) -> int:
    """Return the number of items from which on the exact sign test finds ``share`` with power ``target``.

    The exact power rises in a saw's teeth; this is the first n after the last tooth below ``target``.

    Raises:
        ValueError: ``share`` is outside [0, 1], or so near 1/2 (below 0.01) that the normal formula is to be used:
            `pairs_to_detect(2 * share - 1, 1.0)`.
    """
    if not 0 <= share <= 1 or abs(share - 0.5) < 0.01:
        raise ValueError(f"share {share} must lie in [0, 1], at least 0.01 from 1/2; nearer, use pairs_to_detect")
    n = math.ceil(1.3 * pairs_to_detect(2 * share - 1, 1.0, alpha, target)) + 60
    while n > 1 and sign_test_power(n - 1, share, alpha) >= target:
        n -= 1
    return n


def _binomial(n: int, share: float) -> NDArray[np.float64]:
    # Probabilities of 0 .. n, through logarithms so that large n do not overflow.
    if share in (0.0, 1.0):
        sure = np.zeros(n + 1)
        sure[n if share else 0] = 1.0
        return sure
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    counts = np.arange(n + 1)
    mass: NDArray[np.float64] = np.exp(
        logs[n] - logs - logs[::-1] + counts * math.log(share) + (n - counts) * math.log1p(-share)
    )
    return mass
