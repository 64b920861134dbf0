"""The knowledge graph: compounds, elements, isotopes, ions and salts, reactions, energies of formation, formulas."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.problems import formula_triples
from srm_core.records import Triple

from . import facts
from .calculations.problems import FORMULAS
from .composition import atoms
from .compounds import Compound, load_compounds
from .elements import Element, load_elements
from .equations.reactions import reactions
from .ions import ANIONS, CATIONS, salts
from .problems.element_facts import PLACES, QUANTITIES, place_of, place_triple
from .problems.groups import GROUPS, groups_of
from .problems.oxidation_state import RULES
from .sources import OWN
from .thermo import compound_species, fixed_species


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every fact, each once, in an order fixed by the packages' versions."""
    seen: set[str] = set()
    for triple in _all():
        if triple.id not in seen:
            seen.add(triple.id)
            yield triple


def _all() -> Iterator[Triple]:
    for one in load_compounds().values():
        yield from _compound(one)
    for group, (_, text) in GROUPS.items():
        yield facts.group_pattern(group, text)
    for element in load_elements().values():
        yield from _element(element)
    yield from _ions()
    yield from _reactions()
    for species in (*fixed_species().values(), *compound_species()):
        if species.enthalpy is not None:
            yield facts.formation(species, "Hf")
        if species.gibbs is not None:
            yield facts.formation(species, "Gf")
    yield from formula_triples(FORMULAS.values(), OWN)


def _compound(one: Compound) -> Iterator[Triple]:
    yield facts.compound_label(one)
    for alias in one.aliases:
        yield facts.compound_alias(one, alias)
    yield facts.compound_formula(one)
    yield facts.compound_smiles(one)
    yield facts.compound_key(one)
    if one.boiling is not None:
        yield facts.compound_boiling(one)
    for group in sorted(groups_of(one)):
        yield facts.compound_group(one, group)


def _element(one: Element) -> Iterator[Triple]:
    yield facts.element_label(one)
    yield facts.element_symbol(one)
    yield facts.element_property(one, "srm:atomicNumber", str(one.number))
    yield facts.element_weight(one)
    for quantity in QUANTITIES:
        if quantity.of(one) is not None:
            yield quantity.triple(one)
    for place in PLACES:
        if place_of(one, place):
            yield place_triple(one, place)
    for isotope in one.isotopes:
        yield facts.isotope_mass(one, isotope)


def _ions() -> Iterator[Triple]:
    for ion in (*CATIONS, *ANIONS):
        yield facts.ion_label(ion)
        yield facts.ion_written(ion)
        if not ion.poly:
            yield facts.oxidation_rule(ion.formula, ion.charge)
    for symbol, state in RULES.items():
        yield facts.oxidation_rule(symbol, state)
    for salt in salts():
        yield facts.salt_label(salt)
        yield facts.salt_formula(salt)


def _reactions() -> Iterator[Triple]:
    for one in reactions():
        yield facts.reaction_skeleton(one)
        yield facts.reaction_balanced(one)
        for text in (*one.left, *one.right):
            yield facts.molar_mass(text)
            yield facts.composition_of(text, ", ".join(f"{symbol} {count}" for symbol, count in atoms(text).items()))
