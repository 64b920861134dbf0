"""The triples of the pack, one function a predicate: the graph and the problems' citations share them, so ids agree."""

from __future__ import annotations

from functools import cache

from srm_core.calculator import format_number
from srm_core.records import Source, Triple

from .compounds import Compound
from .elements import Element, Isotope
from .equations.reactions import Reaction
from .ions import Ion, Salt
from .sources import OWN, compound_source, element_source, thermo_source
from .thermo import Species
from .weights import formula_mass

STRING, DECIMAL = "xsd:string", "xsd:decimal"


@cache
def _fact(subject: str, predicate: str, value: str, datatype: str, source: Source) -> Triple:
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=source)


def compound_label(one: Compound) -> Triple:
    """Return: the compound's name."""
    return _fact(one.curie, "rdfs:label", one.name, STRING, compound_source())


def compound_alias(one: Compound, alias: str) -> Triple:
    """Return: another name of the compound."""
    return _fact(one.curie, "skos:altLabel", alias, STRING, compound_source())


def compound_formula(one: Compound) -> Triple:
    """Return: the compound's Hill formula."""
    return _fact(one.curie, "srm:formula", one.formula, STRING, compound_source())


def compound_smiles(one: Compound) -> Triple:
    """Return: the compound's SMILES."""
    return _fact(one.curie, "srm:smiles", one.smiles, STRING, compound_source())


def compound_key(one: Compound) -> Triple:
    """Return: the compound's InChIKey."""
    return _fact(one.curie, "srm:inchikey", one.key, STRING, compound_source())


def compound_boiling(one: Compound) -> Triple:
    """Return: the compound's normal boiling point in kelvin."""
    return _fact(one.curie, "srm:boilingPoint", f"{one.boiling:.1f}", DECIMAL, thermo_source())


def compound_group(one: Compound, group: str) -> Triple:
    """Return: the compound holds the functional group."""
    return _fact(one.curie, "srm:functionalGroup", group, STRING, compound_source())


def group_pattern(group: str, text: str) -> Triple:
    """Return: how a functional group is written in SMILES."""
    return _fact(f"group:{group.replace(' ', '-')}", "srm:pattern", text, STRING, OWN)


def element_label(one: Element) -> Triple:
    """Return: the element's name."""
    return _fact(one.curie, "rdfs:label", one.name, STRING, element_source())


def element_symbol(one: Element) -> Triple:
    """Return: the element's symbol."""
    return _fact(one.curie, "srm:symbol", one.symbol, STRING, element_source())


def element_property(one: Element, predicate: str, value: str | float) -> Triple:
    """Return: the value of a property of the element."""
    if isinstance(value, str):
        return _fact(one.curie, predicate, value, STRING, element_source())
    return _fact(one.curie, predicate, format_number(value), DECIMAL, element_source())


def element_weight(one: Element) -> Triple:
    """Return: the element's atomic mass."""
    return element_property(one, "srm:atomicMass", one.weight)


def isotope_mass(one: Element, isotope: Isotope) -> Triple:
    """Return: the mass of one isotope in u."""
    value = format_number(round(isotope.mass, 4))
    return _fact(f"isotope:{one.symbol}-{isotope.number}", "srm:mass", value, DECIMAL, element_source())


def ion_written(one: Ion) -> Triple:
    """Return: how an ion is written."""
    return _fact(one.curie, "srm:written", one.written, STRING, OWN)


def ion_label(one: Ion) -> Triple:
    """Return: the ion's name."""
    return _fact(one.curie, "rdfs:label", one.name, STRING, OWN)


def salt_label(one: Salt) -> Triple:
    """Return: the salt's name."""
    return _fact(one.curie, "rdfs:label", one.name, STRING, OWN)


def salt_formula(one: Salt) -> Triple:
    """Return: the salt's formula."""
    return _fact(one.curie, "srm:formula", one.formula, STRING, OWN)


def reaction_skeleton(one: Reaction) -> Triple:
    """Return: the reaction without coefficients."""
    return _fact(one.curie, "srm:skeleton", one.skeleton, STRING, OWN)


def reaction_balanced(one: Reaction) -> Triple:
    """Return: the reaction with its coefficients."""
    return _fact(one.curie, "srm:balanced", one.balanced, STRING, OWN)


def molar_mass(formula: str) -> Triple:
    """Return: the molar mass of a formula, computed from atomic masses."""
    return _fact(f"species:{formula}", "srm:molarMass", format_number(formula_mass(formula)), DECIMAL, element_source())


def composition_of(formula: str, counts: str) -> Triple:
    """Return: the atoms that a formula holds, in words."""
    return _fact(f"species:{formula}", "srm:atoms", counts, STRING, OWN)


def formation(one: Species, kind: str) -> Triple:
    """Return: the energy of formation of a substance in one phase; ``kind`` is "Hf" or "Gf"."""
    predicate = "srm:formationEnthalpy" if kind == "Hf" else "srm:formationGibbs"
    return _fact(one.curie, predicate, format_number(one.energy(kind)), DECIMAL, thermo_source())


def oxidation_rule(symbol: str, state: int) -> Triple:
    """Return: the oxidation state that an element has in the salts of the pack."""
    return _fact(f"element:{symbol}", "srm:oxidationState", f"{state:+d}", STRING, OWN)
