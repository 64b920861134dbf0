"""How facts about drugs read in a prompt, and which names are fit for a question."""

from __future__ import annotations

import re

from srm_core.composing import Fact
from srm_pack_medical import facts
from srm_pack_medical.drugs import Drug

LONGEST = 30  # characters of a name
_PLAIN = re.compile(r"[a-z][a-z0-9-]+( [a-z0-9-]+)?")


def known_as(drug: Drug, alias: str) -> Fact:
    """Return "Keppra is a name of Levetiracetam."."""
    return Fact(f"{spoken(alias)} is a name of {drug.name}.", (facts.drug_alias(drug, alias), facts.drug_label(drug)))


def belongs(drug: Drug, group: Drug) -> Fact:
    """Return "Levetiracetam is one of the Pyrrolidinones."."""
    return Fact(f"{drug.name} belongs to {group.name}.", (facts.drug_broader(drug, group), facts.drug_label(drug)))


def names_to_ask(drug: Drug) -> list[str]:
    """Return the aliases that are one or two plain words and do not give the drug's name away."""
    stem = drug.name.casefold()[:5]
    return [alias for alias in drug.aliases if len(alias) <= LONGEST and _PLAIN.fullmatch(alias) and stem not in alias]


def askable(drug: Drug) -> bool:
    """Say whether the drug is a medicine with a short name and another name to ask by."""
    return drug.medicine and len(drug.name) <= LONGEST and bool(names_to_ask(drug))


def spoken(alias: str) -> str:
    """Return the alias with a capital; the table keeps names in lower case."""
    return alias[:1].upper() + alias[1:]
