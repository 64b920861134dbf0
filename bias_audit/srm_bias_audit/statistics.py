"""The arithmetic of paired comparisons: tests, correction, intervals, power. Nothing here knows what is audited.

A paired value is a difference of one problem's outcomes under two wordings (or two models): -1, 0 or 1 for a single
right-or-wrong outcome, between them for an average of several. Its *discordance* is the mean of its squares, which for
values in {-1, 0, 1} is the share of problems whose two outcomes differ.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.975)
EXACT = 12  # non-zero values up to which every sign pattern is enumerated
PERMUTATIONS = 4000
POWER = 0.8


def mcnemar_exact(gains: int, losses: int) -> float:
    """Return the two-sided exact p value that discordant pairs fall either way with probability one half.

    After: McNemar 1947; exact conditional form: twice the smaller binomial tail, at most 1. No discordant pair gives 1.
    """
    n = gains + losses
    tail = sum(math.comb(n, k) for k in range(min(gains, losses) + 1))
    return min(1.0, 2 * tail / (1 << n))


def sign_flip(values: Sequence[float], seed: int = 0) -> float:
    """Return the two-sided p value of a paired permutation test of mean zero (Fisher 1935: signs are exchangeable).

    Up to `EXACT` non-zero values every pattern is enumerated; beyond that `PERMUTATIONS` are drawn from ``seed`` and
    the observed one is counted in, so p is never zero (Phipson and Smyth 2010).
    """
    nonzero = np.asarray([value for value in values if value], dtype=float)
    if not len(nonzero):
        return 1.0
    observed = abs(float(nonzero.sum())) - 1e-9  # rounding must not make a pattern smaller than itself
    if len(nonzero) <= EXACT:
        signs = np.asarray(list(itertools.product((-1.0, 1.0), repeat=len(nonzero))))
        return float(np.mean(np.abs(signs @ nonzero) >= observed))
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(PERMUTATIONS, len(nonzero)))
    return float((np.sum(np.abs(signs @ nonzero) >= observed) + 1) / (PERMUTATIONS + 1))


def paired_p(values: Sequence[float], seed: int = 0) -> float:
    """Return the p value of mean zero: exact McNemar for values in {-1, 0, 1}, else the permutation test."""
    if is_ternary(values):
        return mcnemar_exact(sum(value > 0 for value in values), sum(value < 0 for value in values))
    return sign_flip(values, seed)


def is_ternary(values: Sequence[float]) -> bool:
    """Say whether every value is -1, 0 or 1."""
    return all(value in (-1.0, 0.0, 1.0) for value in values)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p values adjusted for their number, in the order given (Holm 1979, step-down).

    Sorted rising, the k-th (from 0) of m becomes p * (m - k), never below the one before it, at most 1.
    """
    adjusted = [1.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        highest = max(highest, min(1.0, ps[index] * (len(ps) - rank)))
        adjusted[index] = highest
    return adjusted


def discordance(values: Sequence[float], *, bound: float = 1.0) -> float:
    """Return the mean square of the values, one ``+bound`` and one ``-bound`` added so that it is never zero."""
    return (sum(value * value for value in values) + 2 * bound**2) / (len(values) + 2)


def power(n: int, effect: float, psi: float, alpha: float = 0.05) -> float:
    """Return the probability that the two-sided McNemar test of ``n`` pairs finds ``effect`` at discordance ``psi``.

    After: Connor 1987 (Biometrics 43), Phi((|d| sqrt(n) - z_(1-alpha/2) sqrt(psi)) / sqrt(psi - d^2)).

    Raises:
        ValueError: ``n`` is below 1 or ``psi`` is not in [|effect|, 1]; a difference of d needs that much discordance.
    """
    d = abs(effect)
    if n < 1 or not max(d, 1e-12) <= psi <= 1:
        raise ValueError(f"n = {n}, discordance {psi}, effect {effect}: n >= 1 and |effect| <= discordance <= 1 needed")
    above = d * math.sqrt(n) - _z(alpha) * math.sqrt(psi)
    spread = math.sqrt(psi - d * d)
    if spread == 0:
        return 1.0 if above > 0 else 0.0
    return _NORMAL.cdf(above / spread)


def minimum_detectable_effect(n: int, psi: float, alpha: float = 0.05, target: float = POWER) -> float | None:
    """Return the smallest difference of paired proportions that ``n`` pairs find with power ``target``, in (0, 1].

    After: Connor 1987, sqrt(n) d = z_(1-alpha/2) sqrt(psi) + z_target sqrt(psi - d^2), solved for d. A difference
    cannot exceed the discordance: where the solution would, every discordant pair falls one way (psi = d).
    None if not even d = 1 would be found.
    """
    if n < 1:
        return None
    a, b = _z(alpha), _NORMAL.inv_cdf(target)
    root = n * a * a * psi - (n + b * b) * psi * (a * a - b * b)
    d = (math.sqrt(n * psi) * a + math.sqrt(max(0.0, root))) / (n + b * b)
    if d <= psi:
        return d
    return _one_way(n, a, b)


def _one_way(n: int, a: float, b: float) -> float | None:
    # sqrt(n d) - a - b sqrt(1 - d) rises with d: bisection.
    low, high = 0.0, 1.0
    if math.sqrt(n) < a:
        return None
    for _ in range(60):
        middle = (low + high) / 2
        if math.sqrt(n * middle) < a + b * math.sqrt(1 - middle):
            low = middle
        else:
            high = middle
    return high


def minimum_detectable_mean(n: int, deviation: float, alpha: float = 0.05, target: float = POWER) -> float | None:
    """Return the smallest mean of ``n`` paired values of standard ``deviation`` found with power ``target``.

    (z_(1-alpha/2) + z_target) deviation / sqrt(n), the normal approximation, in the values' unit. None below 2 values
    or where they do not vary: a sample without spread says nothing about what would have been seen.
    """
    return None if n < 2 or deviation <= 0 else (_z(alpha) + _NORMAL.inv_cdf(target)) * deviation / math.sqrt(n)


def pairs_to_detect(effect: float, psi: float, alpha: float = 0.05, target: float = POWER) -> int:
    """Return how many pairs find ``effect`` at discordance ``psi`` with power ``target`` (Connor 1987).

    n = ((z_(1-alpha/2) sqrt(psi) + z_target sqrt(psi - d^2)) / d)^2, rounded up; a psi below d is raised to d.
    """
    d, psi = abs(effect), max(psi, abs(effect))
    return math.ceil(((_z(alpha) * math.sqrt(psi) + _NORMAL.inv_cdf(target) * math.sqrt(psi - d * d)) / d) ** 2)


def pairs_to_settle(limit: float, psi: float, target: float = POWER) -> int:
    """Return how many pairs put the 95 % interval inside ``+-limit`` with probability ``target`` if there is no effect.

    n = psi ((z_0.975 + z_((1+target)/2)) / limit)^2, the sample size of two one-sided tests at no difference
    (Julious 2004, section 5), with the variance of a paired difference of zero, psi; rounded up.
    """
    return math.ceil(psi * ((_Z95 + _NORMAL.inv_cdf((1 + target) / 2)) / limit) ** 2)


def problems_to_settle(limit: float, psi: float, target: float = POWER) -> int:
    """Return how many problems put the audit's own interval inside ``+-limit`` with probability ``target``, no effect.

    `pairs_to_settle` for `srm_core.reports.intervals.paired_interval`, which adds one +1 and one -1 to the sample
    (Bonett and Price 2012): the smallest n with z_0.975 sqrt(n psi + 2) / (n + 2) + z_((1+target)/2) sqrt(psi / n) <=
    limit. Where answers hardly vary the added pair is most of the width, and the plain formula, which does not know it,
    names far too few.
    """
    n = pairs_to_settle(limit, psi, target)
    spread = _NORMAL.inv_cdf((1 + target) / 2)
    while _Z95 * math.sqrt(n * psi + 2) / (n + 2) + spread * math.sqrt(psi / n) > limit:
        n += 1
    return n


def _z(alpha: float) -> float:
    return _NORMAL.inv_cdf(1 - alpha / 2)
