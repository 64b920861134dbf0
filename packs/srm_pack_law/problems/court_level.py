"""From the abbreviation of a court to its level, in two steps."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law.courts import load_courts
from srm_pack_law.people import case_name

from .court_lines import anchor, beside, cited_as, of_level

KIND = Kind(
    name="court_level",
    title="the level of a court known by its abbreviation, two steps away",
    book="open",
    anchor="the court",
    shared="the four levels",
)
QUESTIONS = (
    "{case} ({string}): what kind of court decided?",
    "What is the level of the court cited as {string}?",
    "A citation ends in ({string}). Of which level is the court?",
    "{string} is the court of {case}. Which level is it?",
)
QUERY = "SELECT ?answer WHERE {{ ?court srm:citationString {string} ; srm:courtLevel ?answer }}"


def generate(seed: int) -> Iterator[Problem]:
    """Yield two problems a court with a citation string and a level, another court with both facts beside it."""
    courts = [court for court in load_courts().values() if court.citation and court.level]
    pools = by_split(courts, anchor)
    items = [(court, n) for court in courts for n in range(2)]
    for court, n in spread(items, seed=seed, name=lambda i: f"{i[0].id} {i[1]}", anchor=lambda i: anchor(i[0])):
        rng = rng_for(seed, KIND.name, court.id, str(n))
        others = beside(court, pools, rng, 2)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS[2 * n : 2 * n + 2],
            names={"string": court.citation, "case": case_name(rng)},
            answer=court.level,
            anchor=anchor(court),
            needed=[cited_as(court), of_level(court)],
            distractors=[cited_as(others[0]), *map(of_level, others)],
            query=QUERY.format(string=literal(court.citation)),
        )
