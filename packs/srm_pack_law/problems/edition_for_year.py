"""Which edition of a reporter holds the decisions of a year?"""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.people import case_name
from srm_pack_law.reporters import Edition, Reporter

from .reporter_lines import THIS_YEAR, asked, covers, dated
from .reporter_lines import anchor as anchor_of

KIND = Kind(
    name="edition_for_year",
    title="the edition of a reporter that holds the decisions of a year",
    book="open",
    anchor="the reporter",
    shared="nothing",
    second_grader="the dates of eyecite's editions (Edition.includes_year)",
)
QUESTIONS = (
    "Which edition of {name} holds {case}, decided in {year}?",
    "{case} was decided in {year}. In which edition of {name} is it?",
    "Name the edition of {name} for the year {year}.",
    "A decision of {year} is in {name}. Which edition is cited?",
    "{name}, {year}: which edition?",
)
QUERY = (
    "SELECT ?answer WHERE {{ ?e srm:editionOf $reporter ; rdfs:label ?label ; srm:startYear ?start . "
    "OPTIONAL {{ ?e srm:endYear ?end }} FILTER(?start <= {year} && {year} <= COALESCE(?end, 9999)) "
    'BIND(CONCAT(?label, "{cite}") AS ?answer) }}'
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a year that exactly one edition of a reporter covers; its other editions are beside it."""
    reporters = asked(lambda reporter: len(dated(reporter)) > 1)
    items = [(r, e, year) for r in reporters for e, year in _years(r)]
    for reporter, edition, year in spread(
        items, seed=seed, name=lambda i: f"{i[1].abbreviation} {i[2]}", anchor=lambda i: anchor_of(i[0])
    ):
        rng = rng_for(seed, KIND.name, edition.abbreviation, str(year))
        siblings = [each for each in dated(reporter) if each is not edition]
        fact = covers(edition)
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"name": reporter.name, "case": case_name(rng), "year": str(year)},
            answer=edition.abbreviation,
            anchor=anchor_of(reporter),
            needed=[fact],
            distractors=[covers(each) for each in rng.sample(siblings, min(4, len(siblings)))],
            query=QUERY.format(year=year, cite=PLACE),
            bindings={"reporter": reporter.curie},
            remark=f"{year} is inside",
        )
        yield cited(problem, fact)


def _years(reporter: Reporter) -> Iterator[tuple[Edition, int]]:
    editions = dated(reporter)
    for year in range(min(int(e.start or 0) for e in editions), THIS_YEAR + 1):
        holding = [e for e in editions if int(e.start or 0) <= year <= (e.end or THIS_YEAR)]
        if len(holding) == 1:
            yield holding[0], year
