"""Write a citation with the standard abbreviation of its reporter."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law import facts
from srm_pack_law.people import case_name

from .reporter_lines import Pools, asked, beside, written
from .reporter_lines import anchor as anchor_of

KIND = Kind(
    name="citation_normalize",
    title="a citation in its standard form",
    book="open",
    anchor="the reporter",
    shared="nothing",
    core=True,
    second_grader="the edition that eyecite's tokenizer knows for the spelling in the question",
)
QUESTIONS = (
    "Write {volume} {text} {page} in standard form.",
    "Normalize the citation of {case}: {volume} {text} {page}.",
    "What is the standard form of {volume} {text} {page}?",
    "A brief cites {volume} {text} {page}. Correct the abbreviation.",
    "Give {case}, {volume} {text} {page}, with the standard abbreviation. The citation alone.",
)
QUERY = (
    'SELECT ?answer WHERE {{ $edition rdfs:label ?label . BIND(CONCAT("{volume} ", ?label, " {page}") AS ?answer) }}'
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a spelling, spellings of two other reporters beside it."""
    reporters = asked(lambda reporter: bool(reporter.variants))
    pools = Pools(reporters)
    items = [(r, text, abbreviation) for r in reporters for text, abbreviation in r.variants]
    for reporter, text, abbreviation in spread(items, seed=seed, name=lambda i: i[1], anchor=lambda i: anchor_of(i[0])):
        rng = rng_for(seed, KIND.name, text)
        edition = next(each for each in reporter.editions if each.abbreviation == abbreviation)
        volume, page = rng.randint(1, 999), rng.randint(1, 999)
        lines = []
        for other in beside(reporter, pools.of(reporter), rng, 2):
            spelling, of = rng.choice(other.variants)
            lines.append(written(next(each for each in other.editions if each.abbreviation == of), spelling))
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"volume": str(volume), "text": text, "page": str(page), "case": case_name(rng)},
            answer=f"{volume} {abbreviation} {page}",
            anchor=anchor_of(reporter),
            needed=[written(edition, text)],
            distractors=lines,
            query=QUERY.format(volume=volume, page=page),
            bindings={"edition": facts.edition_curie(edition)},
        )
