"""All problems of the pack, kind by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from srm_core.config import PackConfig
from srm_core.records import Problem
from srm_pack_chemistry.calculations.problems import calculated_problems

from .kinds import MAKERS


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind, no question of a kind twice."""
    for name, make in MAKERS.items():
        if not config.kinds or name in config.kinds:
            yield from islice(distinct(make(config.seed)), config.per_kind)
    yield from calculated_problems(config)


def distinct(made: Iterable[Problem]) -> Iterator[Problem]:
    """Yield each problem whose question has not been asked before."""
    asked: set[tuple[str, ...]] = set()
    for problem in made:
        words = (problem.question, *problem.choices)
        if words not in asked:
            asked.add(words)
            yield problem
