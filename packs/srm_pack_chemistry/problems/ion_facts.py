"""How facts about ions read in a prompt, and which ions are easily taken for another."""

from __future__ import annotations

from random import Random

from srm_core.composing import Fact
from srm_pack_chemistry import facts
from srm_pack_chemistry.compounds import spoken
from srm_pack_chemistry.ions import ANIONS, CATIONS, Ion, Salt

_SPELLINGS = (
    ("aluminium", "aluminum"), ("caesium", "cesium"), ("hydrogencarbonate", "bicarbonate"),
    ("hydrogencarbonate", "hydrogen carbonate"), ("hydrogensulfate", "hydrogen sulfate"), ("sulf", "sulph"),
    ("hydrogenphosphate", "hydrogen phosphate"), ("dihydrogenphosphate", "dihydrogen phosphate"),
)  # fmt: skip


def ion_fact(ion: Ion) -> Fact:
    """Return "Iron(III) is Fe^3+."; ions are shared between splits, salts are not."""
    return Fact(f"{spoken(ion.name)} is {ion.written}.", (facts.ion_label(ion), facts.ion_written(ion)), shared=True)


def near_ions(one: Salt, rng: Random) -> list[Fact]:
    """Return facts of two ions that could be mistaken for those of the salt: the same atoms or the same charge."""
    return [
        ion_fact(rng.choice(_near(one.cation, CATIONS))),
        ion_fact(rng.choice(_near(one.anion, ANIONS))),
    ]


def spellings(name: str) -> tuple[str, ...]:
    """Return the name in other usual spellings."""
    return tuple(name.replace(one, other) for one, other in _SPELLINGS if one in name)


def _near(ion: Ion, ions: tuple[Ion, ...]) -> list[Ion]:
    head = ion.formula[:2]
    alike = [other for other in ions if other.name != ion.name and other.formula[:2] == head]
    return alike or [other for other in ions if other.name != ion.name]
