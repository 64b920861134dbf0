"""The missing line of a statement, from the identity that holds it."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import rng_for, spread
from srm_core.formulas.formula import Formula
from srm_core.records import Kind, Problem
from srm_pack_finance.statements.companies import YEARS, Company
from srm_pack_finance.statements.facts import line_fact, unit_of
from srm_pack_finance.statements.lines import LINES
from srm_pack_finance.statements.posing import Posed, given_line, pose
from srm_pack_finance.statements.ratios import IDENTITIES, VALUES

from .statement_ratio import may_ask

KIND = Kind(
    name="accounting_identity",
    title="the missing line of a statement, with its scale",
    book="open",
    anchor="the company",
    shared="the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone",
    core=True,
    second_grader="decimal arithmetic on the lines of the evidence, found by their words",
)
QUESTIONS = (
    "The {line} of {company} in {year} is not shown. What is it? State the scale.",
    "Fill in {company}'s {line} for {year}, with its scale.",
    "{company}, {year}: which {line} follows from the other lines? Give the scale too.",
    "What must {company}'s {line} have been in {year}? State the scale.",
)
DISTRACTORS = 2


def generate(companies: tuple[Company, ...], seed: int) -> Iterator[Problem]:
    """Yield one problem a company, year and identity; the missing line is in no evidence."""
    items = [
        (company, year, formula)
        for company in companies
        for year in YEARS
        for formula in IDENTITIES
        if may_ask(formula, company)
    ]
    for company, year, formula in spread(items, seed=seed, name=_name, anchor=lambda item: item[0].curie):
        gold = VALUES[formula.name]({source.name: company.value(year, source.name) for source in formula.inputs})
        if abs(gold) >= 1:
            yield _problem(company, year, formula, gold, seed)


def _name(item: tuple[Company, int, Formula]) -> str:
    company, year, formula = item
    return f"{company.slug} {year} {formula.name}"


def _problem(company: Company, year: int, formula: Formula, gold: float, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, company.slug, str(year), formula.name)
    missing = formula.name.removeprefix("missing_")
    needed = [source.name for source in formula.inputs]
    given = [given_line(company, year, name) for name in needed]
    free = [name for name in LINES if name not in (*needed, missing)]
    distractors = [line_fact(company, year, name) for name in rng.sample(free, DISTRACTORS if len(needed) < 4 else 1)]
    words = {"line": LINES[missing], "company": company.name, "year": year}
    posed = Posed(KIND.name, formula, rng.choice(QUESTIONS).format_map(words), given, distractors, unit_of(company),
    gold,
                  company.curie)  # fmt: skip
    return pose(posed, rng)
