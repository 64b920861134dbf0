"""The marginal rate of federal income tax: the rate of the bracket that holds the income."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import format_number
from srm_core.composing import Fact, compose, rng_for
from srm_core.records import Kind, Problem
from srm_pack_law import facts
from srm_pack_law.citing import PLACE, cited
from srm_pack_law.people import party
from srm_pack_law.tax_formulas import MARGIN, TOP
from srm_pack_law.tax_tables import STATUSES, Bracket, brackets

KIND = Kind(
    name="marginal_rate",
    title="the marginal rate of federal income tax, 2017 to 2023",
    book="formula",
    anchor="year, status and income",
    shared="the rows of the tables",
    second_grader="the tax on one more dollar, slice by slice in exact decimals",
)
QUESTIONS = (
    "{party}, a {status}, has a taxable income of {income} dollars in {year}. What is the marginal rate?",
    "At which rate is the next dollar of {party} taxed in {year}? Taxable income {income} dollars, {status}.",
    "Which federal bracket holds a taxable income of {income} dollars of a {status} in {year}? Give its rate.",
    "Taxable income {income} dollars, {year}, {status}: which marginal rate?",
)
QUERY = (
    "SELECT ?answer WHERE {{ ?row srm:rowOf $table ; srm:over ?low ; srm:upTo ?high ; srm:ratePercent ?rate . "
    'FILTER({income} > ?low && {income} <= ?high) BIND(CONCAT(?rate, "%{cite}") AS ?answer) }}'
)
STEP = 50


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems without end, each year, status and income once; rows of the same table and of others beside."""
    rng = rng_for(seed, KIND.name)
    rows = [row for row in brackets() if min(row.high or TOP, TOP) - row.low >= 4 * MARGIN]
    seen: set[str] = set()
    while True:
        row = rng.choice(rows)
        low, high = int(row.low + MARGIN) // STEP + 1, int(min(row.high or TOP, TOP) - MARGIN) // STEP
        income = STEP * rng.randint(low, high)
        anchor = f"{row.year} {row.status} {income}"
        if anchor in seen:
            continue
        seen.add(anchor)
        same = [other for other in rows if (other.year, other.status) == (row.year, row.status) and other is not row]
        near = sorted(same, key=lambda other: abs(other.number - row.number))[:2]
        strange = rng.choice([other for other in rows if other.year != row.year and other.number == row.number])
        problem = compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"party": party(rng), "status": STATUSES[row.status], "income": str(income), "year": str(row.year)},
            answer=f"{format_number(row.rate)}%",
            anchor=anchor,
            needed=[_line(row)],
            distractors=[_line(each) for each in (*near, strange)],
            query=QUERY.format(income=income, cite=PLACE),
            bindings={"table": f"taxtable:{row.year}/{row.status}"},
        )
        yield cited(problem, _line(row))


def _line(row: Bracket) -> Fact:
    return Fact(facts.bracket_text(row), (facts.bracket_provision(row),))
