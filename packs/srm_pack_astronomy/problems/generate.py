"""All problems of the pack, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from srm_core.config import PackConfig
from srm_core.records import Problem
from srm_pack_astronomy.agreement import agreed_moons, agreed_positions, agreed_things

from .formula_kinds import generate as from_formulas
from .kinds import FORMULAS, FROM_CATALOGUE, FROM_MOONS, FROM_POSITIONS, OWN


def problems(config: PackConfig) -> Iterator[Problem]:
    """Yield at most ``config.per_kind`` problems of each wanted kind; sources are loaded for those alone."""
    for kind in OWN:
        if not config.kinds or kind.name in config.kinds:
            yield from islice(_of_kind(kind.name, config), config.per_kind)


def _of_kind(kind: str, config: PackConfig) -> Iterator[Problem]:
    if kind in FORMULAS:
        return from_formulas(kind, config)
    if kind in FROM_CATALOGUE:
        return FROM_CATALOGUE[kind](agreed_things(config.max_documents), config.seed)
    if kind in FROM_POSITIONS:
        return FROM_POSITIONS[kind](agreed_positions(config.max_documents), config.seed)
    return FROM_MOONS[kind](agreed_moons(config.max_documents), config.seed)
