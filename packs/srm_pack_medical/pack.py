"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .problems.kinds import all_kinds
from .settings import MedicalSettings

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="medical",
        title="Medical coding, drugs, phenotypes and clinical calculators",
        version=VERSION,
        intended_use=(
            "Research and teaching: looking up ICD-10-CM codes and coding rules, drug names and classes, and HPO "
            "phenotypes in the facts shown, and computing published clinical formulas, each answer to be checked "
            "by a person."
        ),
        out_of_scope=(
            "It is not a medical device. Diagnosis, treatment, dosing, triage or billing decisions; advice to "
            "patients; codes, drugs and formulas outside the packages' versions; languages other than English."
        ),
        system_prompt="Answer the question from the facts. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=("sex", "age", "ethnicity", "socioeconomic status"),
        subject="patient",
        settings=MedicalSettings,
    )
