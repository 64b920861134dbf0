"""How a court is written inside a citation."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law.courts import load_courts
from srm_pack_law.people import case_name

from .court_lines import anchor, beside, cited_as

KIND = Kind(
    name="court_citation_string",
    title="the abbreviation of a court in a citation",
    book="open",
    anchor="the court",
    shared="nothing",
    core=True,
    second_grader="the court that courts_db.find_court recognizes by its regular expressions, and its string",
)
QUESTIONS = (
    "How is the {court} cited?",
    "Give the citation string of the {court}.",
    "{case} was decided by the {court}. How is the court abbreviated?",
    "Which abbreviation stands for the {court} in a citation?",
)
QUERY = "SELECT ?answer WHERE { $court srm:citationString ?answer }"


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a court that has a citation string of its own, three other courts beside it."""
    courts = [court for court in load_courts().values() if court.citation]
    pools = by_split(courts, anchor)
    for court in spread(courts, seed=seed, name=lambda c: c.id, anchor=anchor):
        rng = rng_for(seed, KIND.name, court.id)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"court": court.name, "case": case_name(rng)},
            answer=court.citation,
            anchor=anchor(court),
            needed=[cited_as(court)],
            distractors=[cited_as(other) for other in beside(court, pools, rng, 3)],
            query=QUERY,
            bindings={"court": court.curie},
        )
