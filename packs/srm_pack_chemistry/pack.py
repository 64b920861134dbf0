"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .probes import ATTRIBUTES
from .problems.kinds import all_kinds

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="chemistry",
        title="Names, structures, equations, energies and calculations of chemistry",
        version=VERSION,
        intended_use=(
            "Research and teaching: names, formulas and structures of common compounds, balancing and stoichiometry, "
            "reaction energies, the periodic table, and published formulas, each answer to be checked by a person."
        ),
        out_of_scope=(
            "Hazardous synthesis: making, obtaining or using chemical weapons, explosives, poisons or "
            "controlled drugs; listed substances are kept out of facts, texts and problems. Laboratory "
            "procedures and safety advice; medical, regulatory or transport decisions; predicting reactions; compounds "
            "outside the packages' tables; languages other than English."
        ),
        system_prompt="Answer the question from the facts. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=ATTRIBUTES,
        subject="chemist",
    )
