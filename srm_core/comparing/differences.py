"""Paired differences between two builds on the same held-out problems."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import ConfigError
from ..reports.intervals import Interval, mean_over_groups, paired_interval
from ..reports.summary import ALL
from .measured import Measured


def differences(arm: Measured, first: Measured, seed: int = 0) -> dict[str, Interval]:
    """Return accuracy of ``arm`` minus that of ``first`` with 95 % intervals, by kind and over kinds (``all``).

    One kind: `paired_interval` over its problems. Over kinds: the unweighted mean of the kinds' means, problems
    resampled inside their kind; where all agree, that has no width, and `paired_interval` over all is taken. The rule
    is that of the differences inside one evaluation (`reports/scoring.py`).
    """
    found: dict[str, Interval] = {}
    for kind, asked in arm.asked.items():
        groups: dict[str, list[float]] = {}
        for number in asked:
            groups.setdefault(arm.problems[number].kind, []).append(arm.right[number] - first.right[number])
        values = [value for group in groups.values() for value in group]
        interval = mean_over_groups(groups, seed) if kind == ALL else paired_interval(values, seed=seed)
        found[kind] = interval if interval.low < interval.high else paired_interval(values, seed=seed)
    return found


def require_same_problems(asked: Mapping[str, Collection[str]]) -> None:
    """Raise `ConfigError` unless every build (by name) is asked the problems (ids) of the first one, no other."""
    first, *others = asked
    mine = set(asked[first])
    for other in others:
        theirs = set(asked[other])
        if mine != theirs:
            raise ConfigError(
                f"{first!r} and {other!r} are asked different held-out problems ({len(mine)} and {len(theirs)}, "
                f"{len(mine & theirs)} of them the same), so they cannot be paired; keep alike what decides them: "
                "pack, seed, effort, evaluate.test_per_kind and the settings of ingest, ground and pose"
            )
