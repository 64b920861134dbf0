"""From the abbreviation in a citation to the name of the reporter."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law import facts
from srm_pack_law.people import case_name

from .reporter_lines import Pools, asked, beside, cite, stands_for
from .reporter_lines import anchor as anchor_of

KIND = Kind(
    name="reporter_name",
    title="the reporter that an abbreviation in a citation stands for",
    book="open",
    anchor="the reporter",
    shared="nothing",
    core=True,
    second_grader="the editions that eyecite's tokenizer knows",
)
QUESTIONS = (
    "Which reporter is cited in {case}, {cite}?",
    "Name the reporter of the citation {cite}.",
    "{case}, {cite}: which reporter?",
    "In {cite}, what does the abbreviation stand for?",
    "A brief cites {cite}. Which reporter is it?",
)
QUERY = "SELECT ?answer WHERE { $edition srm:editionOf/rdfs:label ?answer }"


def generate(seed: int) -> Iterator[Problem]:
    """Yield up to two problems an edition, two other reporters beside each."""
    reporters = asked(lambda reporter: True)
    pools = Pools(reporters)
    items = [(r, e, n) for r in reporters for e in r.editions for n in range(2)]
    for reporter, edition, n in spread(
        items, seed=seed, name=lambda i: f"{i[1].abbreviation} {i[2]}", anchor=lambda i: anchor_of(i[0])
    ):
        rng = rng_for(seed, KIND.name, edition.abbreviation, str(n))
        others = [other for other in beside(reporter, pools.of(reporter), rng, 2) if other.name != reporter.name]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"cite": cite(rng, edition.abbreviation), "case": case_name(rng)},
            answer=reporter.name,
            anchor=anchor_of(reporter),
            needed=[stands_for(reporter, edition)],
            distractors=[stands_for(other, other.editions[0]) for other in others],
            query=QUERY,
            bindings={"edition": facts.edition_curie(edition)},
        )
