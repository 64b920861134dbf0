"""How facts about compounds read in a prompt."""

from __future__ import annotations

from functools import cache

from srm_core.composing import Fact, by_split
from srm_core.records import Split
from srm_pack_chemistry import facts
from srm_pack_chemistry.compounds import Compound, load_compounds, spoken


@cache
def aliased() -> tuple[Compound, ...]:
    """Return the compounds that have another name to ask by."""
    return tuple(one for one in load_compounds().values() if one.aliases)


@cache
def aliased_by_split() -> dict[Split, list[Compound]]:
    """Return the compounds with another name, by split."""
    return by_split(aliased(), lambda one: one.curie)


def alias_fact(one: Compound, alias: str) -> Fact:
    """Return "Isopropanolamine is a name of 1-amino-2-propanol."."""
    return Fact(
        f"{spoken(alias)} is a name of {one.name}.", (facts.compound_alias(one, alias), facts.compound_label(one))
    )


def formula_fact(one: Compound) -> Fact:
    """Return "1-amino-2-propanol has formula C3H9NO."."""
    return Fact(f"{spoken(one.name)} has formula {one.formula}.", (facts.compound_formula(one),))


def smiles_fact(one: Compound) -> Fact:
    """Return "Ethanol has SMILES CCO."."""
    return Fact(f"{spoken(one.name)} has SMILES {one.smiles}.", (facts.compound_smiles(one),))


def boiling_fact(one: Compound) -> Fact:
    """Return "Ethanol boils at 351.4 K."."""
    return Fact(f"{spoken(one.name)} boils at {one.boiling:.1f} K.", (facts.compound_boiling(one),))


def letters(name: str) -> str:
    """Return the letters of a name: two names with the same letters differ in their numbers alone."""
    return "".join(c for c in name if c.isalpha())
