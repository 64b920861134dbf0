"""Which kinds the pack has, and what each is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from srm_core.records import Kind, Problem
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.sky import Moon, Position

from . import (
    alias_main_id,
    brighter_of,
    constellation_closed,
    coordinate_order,
    evening_or_morning,
    galaxy_class,
    moon_phase,
    object_constellation,
    object_type,
    planet_constellation,
    separation,
    visibility,
)
from .formula_kinds import FORMULA_KINDS

FROM_CATALOGUE: Mapping[str, Callable[[Sequence[Thing], int], Iterator[Problem]]] = {
    module.KIND.name: module.generate
    for module in (
        object_constellation,
        object_type,
        alias_main_id,
        brighter_of,
        galaxy_class,
        visibility,
        coordinate_order,
        separation,
        constellation_closed,
    )
}
FROM_POSITIONS: Mapping[str, Callable[[Sequence[Position], int], Iterator[Problem]]] = {
    module.KIND.name: module.generate for module in (planet_constellation, evening_or_morning)
}
FROM_MOONS: Mapping[str, Callable[[Sequence[Moon], int], Iterator[Problem]]] = {
    moon_phase.KIND.name: moon_phase.generate
}
OWN: tuple[Kind, ...] = (
    object_constellation.KIND,
    object_type.KIND,
    alias_main_id.KIND,
    brighter_of.KIND,
    galaxy_class.KIND,
    visibility.KIND,
    coordinate_order.KIND,
    separation.KIND,
    planet_constellation.KIND,
    moon_phase.KIND,
    evening_or_morning.KIND,
    constellation_closed.KIND,
    *FORMULA_KINDS,
)
OWN_NAMES = frozenset(kind.name for kind in OWN)
CLOSED = frozenset(kind.name for kind in OWN if kind.book == "closed")
FORMULAS = frozenset(kind.name for kind in FORMULA_KINDS)
EXOPLANETS = "exoplanet"  # rows of the Open Exoplanet Catalogue: a suite, graded like the formulas
NUMBERS = FORMULAS | {separation.KIND.name, EXOPLANETS}


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds: its own, and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return OWN
    return (*OWN, *CORPUS_KINDS)
