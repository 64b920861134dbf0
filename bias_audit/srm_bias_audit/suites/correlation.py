"""Does a model's gap rise with a number from the world? Pearson's r with an interval and a permutation test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..statistics import PERMUTATIONS
from .figures import Figure, Picks, bootstrap


def pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return Pearson's r of two vectors of one length, in [-1, 1]; nan where either does not vary."""
    a, b = x - x.mean(), y - y.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / spread, -1, 1)) if spread > 1e-12 else float("nan")


def permutation_p(x: NDArray[np.float64], y: NDArray[np.float64], seed: int = 0) -> float | None:
    """Return the two-sided p value that ``y`` has nothing to do with ``x``; None where r is not defined.

    `PERMUTATIONS` orders of y are drawn and the observed one is counted in (Phipson and Smyth 2010).
    """
    observed = pearson(x, y)
    if np.isnan(observed):
        return None
    rng = np.random.default_rng(seed)
    drawn = np.asarray([pearson(x, rng.permutation(y)) for _ in range(PERMUTATIONS)])
    return float((np.sum(np.abs(drawn) >= abs(observed) - 1e-12) + 1) / (PERMUTATIONS + 1))


def correlation_figure(suite: str, name: str, group: str, *, x: Sequence[float], y: Sequence[float]) -> Figure:
    """Return r of ``x`` and ``y`` with its bootstrap interval over pairs; neutral 0."""
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)

    def statistic(picks: Picks) -> float:
        return pearson(a[picks], b[picks])

    p = permutation_p(a, b) if len(a) > 2 else None
    return Figure(suite, name, group, bootstrap(statistic, len(a) if len(a) > 2 else 0), None, 0.0, "r", p)
