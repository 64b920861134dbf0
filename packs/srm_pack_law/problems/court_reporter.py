"""Could the decision stand in the reporter: the court against the reporter."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law import facts
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.people import case_name
from srm_pack_law.reporters import court_curie

from .reporter_lines import Pools, asked, beside, cite, reports
from .reporter_lines import anchor as anchor_of

KIND = Kind(
    name="court_reporter",
    title="whether a reporter holds the decisions of a court",
    book="open",
    anchor="the reporter",
    shared="the names of the courts: several reporters report one",
)
QUESTIONS = (
    "Can {case}, a decision of the {court}, be cited as {cite}?",
    "{cite}: can it be a decision of the {court}?",
    "A brief cites {cite} for the {court}. Does the reporter fit the court?",
    "Is {cite} a place for decisions of the {court}?",
)
QUERY = (
    "SELECT ?answer WHERE {{ $edition srm:editionOf/srm:reportsCourt ?its . "
    'BIND(IF(?its = $court, "yes{cite}", "no{cite}") AS ?answer) }}'
)
EACH = 4  # problems a reporter


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about reporters of one state court, two others beside each; "yes" and "no" take turns."""
    reporters = asked(lambda reporter: bool(reporter.court))
    pools = Pools(reporters)
    items = [(reporter, n) for reporter in reporters for n in range(EACH)]
    for turn, (reporter, n) in enumerate(
        spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: anchor_of(i[0]))
    ):
        rng = rng_for(seed, KIND.name, reporter.curie, str(n))
        others = [each for each in pools.of(reporter) if each.court != reporter.court]
        strange, further = rng.choice(others), next(beside(reporter, pools.of(reporter), rng, 1))
        edition = rng.choice(reporter.editions)
        court = reporter.court if turn % 2 == 0 else strange.court
        fact = reports(reporter, edition)
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"cite": cite(rng, edition.abbreviation), "court": court, "case": case_name(rng)},
            answer="yes" if turn % 2 == 0 else "no",
            anchor=anchor_of(reporter),
            needed=[fact],
            distractors=[reports(strange, strange.editions[0]), reports(further, further.editions[0])],
            query=QUERY.format(cite=PLACE),
            bindings={"edition": facts.edition_curie(edition), "court": court_curie(court)},
        )
        yield cited(problem, fact)
