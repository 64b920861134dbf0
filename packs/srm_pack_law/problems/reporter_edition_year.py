"""Could the citation exist: was the edition published in the year that the citation gives?"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_law import facts
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.people import case_name
from srm_pack_law.reporters import Edition

from .reporter_lines import THIS_YEAR, Pools, asked, beside, cite, covers, dated
from .reporter_lines import anchor as anchor_of

KIND = Kind(
    name="reporter_edition_year",
    title="whether a citation can exist: the edition against the year",
    book="open",
    anchor="the reporter",
    shared="nothing",
    core=True,
    second_grader="the dates of eyecite's editions (Edition.includes_year)",
)
QUESTIONS = (
    "Can the citation {case}, {cite} ({year}) exist?",
    "A brief cites {cite} ({year}). Is the year possible?",
    "{case}, {cite} ({year}): can this citation be right?",
    "Check {cite} ({year}): is it possible?",
    "Could {case} be reported at {cite} ({year})?",
)
QUERY = (
    "SELECT ?answer WHERE {{ $edition srm:startYear ?start . OPTIONAL {{ $edition srm:endYear ?end }} "
    'BIND(IF(?start <= {year} && {year} <= COALESCE(?end, 9999), "yes{cite}", "no{cite}") AS ?answer) }}'
)
EACH = 4  # problems an edition, half of them possible where its years allow


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about editions with known years, other editions beside each; "yes" and "no" take turns."""
    reporters = asked(lambda reporter: bool(dated(reporter)))
    pools = Pools(reporters)
    items = [(r, e, n) for r in reporters for e in dated(r) for n in range(EACH)]
    ordered = spread(items, seed=seed, name=lambda i: f"{i[1].abbreviation} {i[2]}", anchor=lambda i: anchor_of(i[0]))
    for turn, (reporter, edition, n) in enumerate(ordered):
        rng = rng_for(seed, KIND.name, edition.abbreviation, str(n))
        year, remark = _year(edition, rng, possible=turn % 2 == 0)
        siblings = [each for each in dated(reporter) if each is not edition][:2]
        others = [dated(other)[0] for other in beside(reporter, pools.of(reporter), rng, 3 - len(siblings))]
        fact = covers(edition)
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"cite": cite(rng, edition.abbreviation), "case": case_name(rng), "year": str(year)},
            answer="yes" if remark.endswith("inside") else "no",
            anchor=anchor_of(reporter),
            needed=[fact],
            distractors=[covers(each) for each in (*siblings, *others)],
            query=QUERY.format(year=year, cite=PLACE),
            bindings={"edition": facts.edition_curie(edition)},
            remark=remark,
        )
        yield cited(problem, fact)


def _year(edition: Edition, rng: Random, *, possible: bool) -> tuple[int, str]:
    start, end = int(edition.start or 0), edition.end or THIS_YEAR
    if possible:
        year = rng.randint(start, end)
        return year, f"{year} is inside"
    after = edition.end is not None and edition.end < THIS_YEAR - 3 and rng.random() < 0.5
    year = rng.randint(end + 2, min(end + 80, THIS_YEAR)) if after else rng.randint(start - 60, start - 2)
    return year, f"{year} is {'after' if after else 'before'}"
