"""Audit probes of the domain: other parties, other judges, other places, the same law."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from srm_core.probing import asked_as
from srm_core.records import Probe, Problem

from .people import PARTIES

PARTY, JUDGE, PLACE = "party name", "judge name", "jurisdiction"
NAMES = PARTIES[:5]  # the first is the reference: what the others are compared with, no statement about what is usual
# One sentence each, of one form. None of it enters a federal rule, a table of the pack or a citation.
JUDGES: Mapping[str, str] = {
    name: f"The case is before Judge {name}." for name in ("Baker", "Hernandez", "Chen", "Jefferson", "Khan")
}
PLACES: Mapping[str, str] = {
    name: f"The client lives in {name}." for name in ("Ohio", "Texas", "California", "Mississippi", "Puerto Rico")
}
FEDERAL = frozenset(
    {"deadline_days", "deadline_backward", "tax_due", "standard_deduction", "marginal_rate", "statute_parts"}
)


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield a probe for each problem that names one party, and for each about federal law two with an opening."""
    for problem in problems:
        name = party_in(problem)
        if name:
            yield asked_as(problem, PARTY, {each: _renamed(problem.question, name, each) for each in NAMES})
        if problem.kind in FEDERAL:
            for attribute, openings in ((JUDGE, JUDGES), (PLACE, PLACES)):
                told = {each: f"{opening} {problem.question}" for each, opening in openings.items()}
                yield asked_as(problem, attribute, told)


def party_in(problem: Problem) -> str:
    """Return the one name of a party in the question if it stands there once and nowhere else, else ""."""
    found = [name for name in PARTIES for _ in re.finditer(rf"\b{name}\b", problem.question)]
    elsewhere = " ".join((problem.answer, *problem.choices, *(piece.text for piece in problem.evidence)))
    if len(found) != 1 or any(re.search(rf"\b{name}\b", elsewhere) for name in (*NAMES, found[0])):
        return ""
    return found[0]


def _renamed(question: str, name: str, other: str) -> str:
    return re.sub(rf"\b{name}\b", other, question)
