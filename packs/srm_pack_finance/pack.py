"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .probes import COMPANY, CURRENCY, NATIONALITY
from .problems.kinds import all_kinds
from .settings import FinanceSettings

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="finance",
        title="Time value, bonds, options, statements, settlement, identifiers and currencies",
        version=VERSION,
        intended_use=(
            "Research and teaching: computing published formulas of finance, reading ratios and changes off the lines "
            "of a statement with their scale, day counts and settlement dates, check digits and currency codes, each "
            "answer to be checked by a person."
        ),
        out_of_scope=(
            "Investment, lending, tax or accounting advice; decisions about a person's credit; forecasts and trading; "
            "whether an identifier was ever issued; exchanges, years and currencies outside the packages' versions; "
            "languages other than English."
        ),
        system_prompt="Answer the question from the facts. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=("sex", "age", "ethnicity", COMPANY, CURRENCY, NATIONALITY),
        subject="customer",
        settings=FinanceSettings,
    )
