"""A ratio, a margin or a derived amount from the lines of one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srm_core.composing import rng_for, spread
from srm_core.formulas.formula import Formula
from srm_core.records import Kind, Problem, split_of
from srm_pack_finance.statements.companies import YEARS, Company
from srm_pack_finance.statements.facts import line_fact, unit_of
from srm_pack_finance.statements.lines import LINES
from srm_pack_finance.statements.posing import Posed, given_line, pose
from srm_pack_finance.statements.ratios import AMOUNT, RATIOS, VALUES

KIND = Kind(
    name="statement_ratio",
    title="a ratio, a margin or an amount from the lines of a statement, with its scale",
    book="open",
    anchor="the company",
    shared="the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone",
    core=True,
    second_grader="decimal arithmetic on the lines of the evidence, found by their words",
)
QUESTIONS = (
    "What is the {title} of {company} in {year}?{scale}",
    "Compute {company}'s {title} for {year}.{scale}",
    "{company}, {year}: what is the {title}?{scale}",
    "From the {year} statement of {company}, work out the {title}.{scale}",
    "Find the {title} that {company}'s {year} figures give.{scale}",
)
SCALE = " State the scale."
DISTRACTORS = 2


def generate(companies: tuple[Company, ...], seed: int) -> Iterator[Problem]:
    """Yield one problem a company, year and ratio that is defined there."""
    items = [
        (company, year, formula)
        for company in companies
        for year in YEARS
        for formula in RATIOS
        if may_ask(formula, company)
    ]
    named = spread(items, seed=seed, name=_name, anchor=lambda item: item[0].curie)
    for company, year, formula in named:
        inputs = {source.name: company.value(year, source.name) for source in formula.inputs}
        if sound(formula, inputs):
            yield _problem(company, year, formula, seed)


def may_ask(formula: Formula, company: Company) -> bool:
    """Say whether ``company`` is asked about: a formula that is held out is asked about companies of the test split."""
    return not formula.held_out or split_of(company.curie) == "test"


def sound(formula: Formula, inputs: Mapping[str, float]) -> bool:
    """Say whether the ratio means something here: no loss shared out or taxed, and not next to zero."""
    if formula.name in ("payout", "tax_rate") and min(inputs.values()) <= 0:
        return False
    gold = VALUES[formula.name](inputs)
    return abs(gold) >= (0.2 if formula.unit != AMOUNT else 1)


def _name(item: tuple[Company, int, Formula]) -> str:
    company, year, formula = item
    return f"{company.slug} {year} {formula.name}"


def _problem(company: Company, year: int, formula: Formula, seed: int) -> Problem:
    rng = rng_for(seed, KIND.name, company.slug, str(year), formula.name)
    needed = [source.name for source in formula.inputs]
    given = [given_line(company, year, name) for name in needed]
    others = rng.sample([name for name in LINES if name not in needed], DISTRACTORS - 1)
    before = YEARS[YEARS.index(year) - 1] if year != YEARS[0] else YEARS[1]
    distractors = [line_fact(company, year, name) for name in others]
    distractors.append(line_fact(company, before, rng.choice(needed)))  # the right line of another year
    words = {"title": formula.title, "company": company.name, "year": year,
             "scale": SCALE if formula.unit == AMOUNT else ""}  # fmt: skip
    gold = VALUES[formula.name]({each.name: each.value for each in given})
    return pose(
        Posed(KIND.name, formula, rng.choice(QUESTIONS).format_map(words), given, distractors, unit_of(company), gold,
              company.curie),
        rng,
    )  # fmt: skip
