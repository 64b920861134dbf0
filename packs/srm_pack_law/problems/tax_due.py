"""Federal income tax on a taxable income, from the row of the table that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula, Inputs
from srm_core.records import Kind, Problem
from srm_pack_law.tax_formulas import BRACKETS, TAX_FORMULAS

from .tax_questions import posed, table, worded

KIND = Kind(
    name="tax_due",
    title="federal income tax on a taxable income, 2017 to 2023",
    book="formula",
    anchor="the row of the table together with the income",
    shared="the rows of six years; those of 2022 appear in the test split alone",
    core=True,
    second_grader="the tax slice by slice in exact decimals, from the brackets alone",
)
QUESTIONS = (
    "{party}, a {status}, has a taxable income of {income} dollars in {year}. What is the federal income tax?",
    "Compute the {year} federal income tax of {party} ({status}) on a taxable income of {income} dollars.",
    "What federal income tax is due for {year} on a taxable income of {income} dollars of a {status}?",
    "The return of {party} for {year} shows a taxable income of {income} dollars. Status: {status}. Which tax is due?",
)


def generate(config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` problems."""
    return posed(table(KIND.name, list(TAX_FORMULAS.values()), _ask), config)


def _ask(formula: Formula, inputs: Inputs, rng: Random) -> str:
    bracket = BRACKETS[formula.name]
    return worded(QUESTIONS, bracket.year, bracket.status, inputs, rng)
