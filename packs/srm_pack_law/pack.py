"""Who the pack is: what it is for, and what it is not."""

from __future__ import annotations

from srm_core.records import Pack

from .probes import JUDGE, PARTY, PLACE
from .problems.kinds import all_kinds
from .settings import LawSettings

VERSION = "0.1.0"


def pack() -> Pack:
    """Return the description of the pack."""
    return Pack(
        name="law",
        title="Citations, courts, deadlines, federal income tax and software licences of the United States",
        version=VERSION,
        intended_use=(
            "Research and teaching: checking the form and the year of citations, looking up reporters, courts and "
            "licences in the facts shown, counting periods in days by Rule 6(a), and computing federal income tax from "
            "published parameters, each answer citing the provision and to be checked by a person."
        ),
        out_of_scope=(
            "It gives no legal or tax advice. Whether a case exists or is good law, state holidays and state rules, "
            "periods in hours, extensions, credits, other taxes, years outside the tables, whether licences may be "
            "combined in law, other jurisdictions, languages other than English."
        ),
        system_prompt="Answer the question from the facts and cite them as [n]. End with 'Answer:'.",
        kinds=all_kinds(),
        attributes=(PARTY, JUDGE, PLACE),
        subject="party",
        settings=LawSettings,
    )
