"""How one line of a statement changed between two years: in percent, as an amount, on average, compounded."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import rng_for, spread
from srm_core.formulas.formula import Formula
from srm_core.records import Kind, Problem
from srm_pack_finance.statements.changes import CHANGES, QUESTIONS, VALUES
from srm_pack_finance.statements.companies import YEARS, Company
from srm_pack_finance.statements.facts import line_fact, unit_of
from srm_pack_finance.statements.lines import LINES
from srm_pack_finance.statements.posing import Posed, given_line, pose
from srm_pack_finance.statements.ratios import AMOUNT

from .statement_ratio import may_ask

KIND = Kind(
    name="percent_change",
    title="how a line changed between two years, in percent or as an amount with its scale",
    book="open",
    anchor="the company",
    shared="the lines of formulas tagged seen; formulas tagged unseen appear in the test split alone",
    core=True,
    second_grader="decimal arithmetic on the lines of the evidence, found by their words",
)
ASKED = ("revenue", "cogs", "gross_profit", "operating_expenses", "operating_income", "net_income", "cash",
"receivables",
         "inventory", "total_assets", "total_liabilities", "equity", "operating_cash_flow", "capex")  # fmt: skip
Item = tuple[Company, str, int, int, Formula]


def generate(companies: tuple[Company, ...], seed: int) -> Iterator[Problem]:
    """Yield one problem a company, line, pair of years and formula that is defined there."""
    items: list[Item] = [
        (company, line, YEARS[0] if formula.name == "growth_rate" else old, new, formula)
        for company in companies
        for line in ASKED
        for formula in CHANGES
        for old, new in (YEARS[:2], YEARS[1:])
        if may_ask(formula, company) and (formula.name != "growth_rate" or new == YEARS[-1])
    ]
    for item in spread(items, seed=seed, name=_name, anchor=lambda each: each[0].curie):
        company, line, old, new, formula = item
        inputs = {"new": company.value(new, line), "old": company.value(old, line)}
        if formula.unit != AMOUNT and min(inputs.values()) <= 0:
            continue
        gold = VALUES[formula.name](inputs)
        if abs(gold) >= 1:
            yield _problem(item, gold, seed)


def _name(item: Item) -> str:
    company, line, old, new, formula = item
    return f"{company.slug} {line} {old} {new} {formula.name}"


def _problem(item: Item, gold: float, seed: int) -> Problem:
    company, line, old, new, formula = item
    rng = rng_for(seed, KIND.name, _name(item))
    given = [given_line(company, year, line, name) for name, year in (("new", new), ("old", old))]
    year = next(each for each in YEARS if each not in (old, new)) if formula.name != "growth_rate" else YEARS[1]
    other = rng.choice([name for name in ASKED if name != line])
    distractors = [line_fact(company, year, line), line_fact(company, new, other)]
    words = {"company": company.name, "line": LINES[line], "old": old, "new": new}
    question = rng.choice(QUESTIONS[formula.name]).format_map(words)
    return pose(Posed(KIND.name, formula, question, given, distractors, unit_of(company), gold, company.curie), rng)
