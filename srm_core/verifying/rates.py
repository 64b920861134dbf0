"""Error rates with exact intervals."""

from __future__ import annotations

from srm_core.records import Value


class Rate(Value):
    """A proportion ``value = count / n`` with its exact 95 % interval and the one-sided upper 95 % limit.

    ``n = 0`` says nothing: value 0, interval and limit [0, 1].
    """

    count: int
    n: int
    value: float
    low: float
    high: float
    limit: float


def exact_rate(count: int, n: int) -> Rate:
    """Return ``count`` of ``n`` with the interval of Clopper and Pearson 1934 (Biometrika 26, 404-413).

    Both ends are quantiles of the beta distribution: low = B(0.025; k, n-k+1), high = B(0.975; k+1, n-k), and the
    one-sided limit is B(0.95; k+1, n-k), so 0 of 600 gives 1 - 0.05^(1/600) = 0.498 %.

    Raises:
        ValueError: ``count`` is not between 0 and ``n``.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n} is no proportion")
    if n == 0:
        return Rate(count=0, n=0, value=0.0, low=0.0, high=1.0, limit=1.0)
    from scipy.stats import beta

    low = float(beta.ppf(0.025, count, n - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, n - count)) if count < n else 1.0
    limit = float(beta.ppf(0.95, count + 1, n - count)) if count < n else 1.0
    return Rate(count=count, n=n, value=count / n, low=low, high=high, limit=limit)
