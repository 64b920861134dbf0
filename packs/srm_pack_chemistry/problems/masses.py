"""How facts about masses read in a prompt."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from srm_core.calculator import format_number
from srm_core.composing import Fact
from srm_pack_chemistry import facts
from srm_pack_chemistry.elements import load_elements
from srm_pack_chemistry.weights import formula_mass


def atom_fact(symbol: str) -> Fact:
    """Return "C has atomic mass 12.011."; atomic masses are shared by every problem."""
    element = load_elements()[symbol]
    return Fact(
        f"{symbol} has atomic mass {format_number(element.weight)}.", (facts.element_weight(element),), shared=True
    )


def molar_mass_fact(formula: str) -> Fact:
    """Return "CO2 has molar mass 44.009 g/mol."."""
    mass = format_number(formula_mass(formula))
    return Fact(f"{formula} has molar mass {mass} g/mol.", (facts.molar_mass(formula),), shared=True)


def other_atoms(counts: Collection[str], rng: Random, most: int) -> list[Fact]:
    """Return atomic masses of neighbours in the periodic table of some of the atoms in ``counts``."""
    elements = load_elements()
    by_number = {element.number: symbol for symbol, element in elements.items()}
    near = {by_number.get(elements[symbol].number + step, "H") for symbol in counts for step in (1, -1)} - set(counts)
    return [atom_fact(symbol) for symbol in rng.sample(sorted(near), min(most, len(near)))]
