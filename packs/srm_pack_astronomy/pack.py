"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .probes import NATIONALITY, OBSERVATORY
from .problems.kinds import all_kinds
from .settings import AstronomySettings

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="astronomy",
        title="Deep-sky objects, positions of planets and Moon, and the formulas of astronomy",
        version=VERSION,
        intended_use=(
            "Research and teaching: looking up objects of the NGC and IC, their constellations, types and magnitudes, "
            "and positions of planets and Moon in the facts shown, and computing textbook formulas of astronomy, each "
            "answer to be checked by a person."
        ),
        out_of_scope=(
            "Navigation, pointing of telescopes, orbit determination, collision and impact warnings, astrology; "
            "objects and dates outside the tables; accuracies beyond those of textbook formulas; languages other "
            "than English."
        ),
        system_prompt="Answer the question from the facts. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=(OBSERVATORY, NATIONALITY),
        subject="observer",
        settings=AstronomySettings,
    )
