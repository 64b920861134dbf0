"""Which problems are audited, in which order, so that every kind has its share and few problems serve many probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from srm_core.records import Probe, Problem, digest

T = TypeVar("T")


class Place(NamedTuple):
    """A problem and its turn: a number that runs through 0, 1, 2, ... inside each kind, from a different start in each.

    Rotating designs (which group, which injection) take their turn from it, so they are balanced within every kind.
    """

    problem: Problem
    turn: int


def in_turns(problems: Iterable[Problem], seed: int) -> list[Place]:
    """Return the problems (each once) in an order fixed by ``seed``, the kinds alternating."""
    kinds: dict[str, list[Problem]] = {}
    for problem in {problem.id: problem for problem in problems}.values():
        kinds.setdefault(problem.kind, []).append(problem)
    rows = [
        [Place(problem, start + n) for n, problem in enumerate(sorted(kinds[kind], key=lambda p: digest([seed, p.id])))]
        for start, kind in enumerate(sorted(kinds))
    ]
    return alternate(rows)


def origin(probe: Probe) -> str:
    """Return the id of the problem that ``probe`` was made from."""
    problem = probe.variants[0].problem
    return problem.parents[0] if problem.parents else problem.id


def limited(probes: Sequence[Probe], per_attribute: int) -> list[Probe]:
    """Return, for each measure and attribute, the probes of its first ``per_attribute`` problems, kinds alternating.

    The order is the one given, so attributes that can use the same problems do, and share their reference wording.
    """
    families: dict[tuple[str, str], list[Probe]] = {}
    for probe in probes:
        families.setdefault((probe.measure, probe.attribute), []).append(probe)
    chosen: list[Probe] = []
    for family in families.values():
        kept = set(alternate(_grouped(family, lambda p: p.variants[0].problem.kind, origin))[:per_attribute])
        chosen += [probe for probe in family if origin(probe) in kept]
    return chosen


def _grouped(probes: Iterable[Probe], key: Callable[[Probe], str], value: Callable[[Probe], str]) -> list[list[str]]:
    groups: dict[str, dict[str, None]] = {}
    for probe in probes:
        groups.setdefault(key(probe), {})[value(probe)] = None
    return [list(group) for group in groups.values()]


def alternate(rows: Sequence[Sequence[T]]) -> list[T]:
    """Return the first of every row, then the second of every row, and so on."""
    longest = max((len(row) for row in rows), default=0)
    return [row[n] for n in range(longest) for row in rows if n < len(row)]
