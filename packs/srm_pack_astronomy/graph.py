"""The knowledge graph: objects and constellations, positions on dates, rules, planets and formulas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.config import PackConfig
from srm_core.formulas.problems import formula_triples
from srm_core.records import Triple

from . import facts
from .catalogue import TYPES, Thing, things
from .constellations import NAMES
from .formulas.table import FORMULAS
from .galaxies import class_of
from .planets import planet_triples
from .problems.separation import FORMULA, TEXT
from .problems.sky_facts import PHASES, SKIES, SKIES_TEXT
from .problems.visibility import NAME as VISIBILITY
from .problems.visibility import TEXT as VISIBILITY_TEXT
from .sky import moons, positions
from .sources import FORMULA_SOURCE

RULES = {FORMULA: TEXT, SKIES: SKIES_TEXT, VISIBILITY: VISIBILITY_TEXT}


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every fact in the scope of ``config``, each once, in an order fixed by the packages' versions."""
    pool = things(config)
    yield from shared_triples(pool)
    for thing in pool:
        yield from thing_triples(thing)
    for position in positions(config):
        yield facts.position_constellation(position)
        yield facts.position_longitude(position)
    for moon in moons(config):
        yield facts.moon_elongation(moon)
    yield from planet_triples()
    yield from formula_triples(FORMULAS.values(), FORMULA_SOURCE)


def shared_triples(pool: Sequence[Thing]) -> Iterator[Triple]:
    """Yield what lies above the objects: names of constellations, types and classes, phases and rules."""
    for abbreviation in NAMES:
        yield facts.constellation_label(abbreviation)
        yield facts.constellation_code(abbreviation)
    for code in TYPES:
        yield facts.type_label(code)
    yield from facts.class_labels()
    for hubble in sorted({thing.hubble for thing in pool if thing.hubble}):
        yield facts.hubble_label(hubble)
        if class_of(hubble):
            yield facts.hubble_class(hubble)
    for name, low in PHASES.items():
        yield from facts.phase(name, low)
    for name, text in RULES.items():
        yield facts.rule_label(name)
        yield facts.rule(name, text)


def thing_triples(thing: Thing) -> Iterator[Triple]:
    """Yield names, place, type and light of one object."""
    yield facts.label(thing)
    for name in (*thing.nicknames, *thing.aliases):
        yield facts.alias(thing, name)
    yield facts.lies_in(thing)
    yield facts.of_type(thing)
    yield facts.right_ascension(thing)
    yield facts.declination(thing)
    if thing.magnitude is not None:
        yield facts.magnitude(thing)
    if thing.hubble:
        yield facts.hubble_type(thing)
