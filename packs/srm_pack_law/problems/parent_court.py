"""From the abbreviation of a court to the court it is a part of, in two steps."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law.courts import load_courts
from srm_pack_law.people import case_name

from .court_lines import anchor, beside, cited_as, part_of

KIND = Kind(
    name="parent_court",
    title="the court that a court known by its abbreviation is part of, two steps away",
    book="open",
    anchor="the court",
    shared="the names of the parents: many courts share one",
    core=True,
    second_grader="the parent in the table of courts_db, the court found by its citation string in the question",
)
QUESTIONS = (
    "Of which court is the court cited as {string} a part?",
    "{case} ({string}): to which parent court does it belong?",
    "Name the parent of the court cited as {string}.",
    "The court is cited as {string}. What is it part of?",
)
QUERY = "SELECT ?answer WHERE {{ ?court srm:citationString {string} ; srm:partOf/rdfs:label ?answer }}"


def generate(seed: int) -> Iterator[Problem]:
    """Yield two problems a court with a citation string and a parent, other courts beside it."""
    table = load_courts()
    courts = [court for court in table.values() if court.citation and court.parent]
    pools = by_split(courts, anchor)
    items = [(court, n) for court in courts for n in range(2)]
    for court, n in spread(items, seed=seed, name=lambda i: f"{i[0].id} {i[1]}", anchor=lambda i: anchor(i[0])):
        rng = rng_for(seed, KIND.name, court.id, str(n))
        parent = table[court.parent]
        others = [each for each in beside(court, pools, rng, 6) if each.parent != court.parent][:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS[2 * n : 2 * n + 2],
            names={"string": court.citation, "case": case_name(rng)},
            answer=parent.name,
            anchor=anchor(court),
            needed=[cited_as(court), part_of(court, parent)],
            distractors=[*map(cited_as, others[:1]), *(part_of(each, table[each.parent]) for each in others)],
            query=QUERY.format(string=literal(court.citation)),
        )
