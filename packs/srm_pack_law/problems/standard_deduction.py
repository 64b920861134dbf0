"""Taxable income after the standard deduction of the year and the filing status."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.config import PackConfig
from srm_core.formulas.formula import Formula, Inputs
from srm_core.records import Kind, Problem
from srm_pack_law.tax_formulas import DEDUCTION_FORMULAS, DEDUCTIONS

from .tax_questions import posed, table, worded

KIND = Kind(
    name="standard_deduction",
    title="taxable income after the standard deduction, 2017 to 2023",
    book="formula",
    anchor="year and status together with the income",
    shared="the deductions of six years; those of 2022 appear in the test split alone",
    core=True,
    second_grader="the deduction from a table of its own",
)
QUESTIONS = (
    "{party}, a {status}, has {income} dollars of adjusted gross income in {year}. What is the taxable income?",
    "Compute the {year} taxable income of {party} ({status}) with {income} dollars of adjusted gross income.",
    "A {status} takes the standard deduction of {year} from {income} dollars. Which taxable income is left?",
    "Adjusted gross income {income} dollars, year {year}, status {status}, standard deduction. Taxable income?",
)


def generate(config: PackConfig) -> Iterator[Problem]:
    """Yield ``config.per_kind`` problems; exemptions, age and blindness are left out."""
    return posed(table(KIND.name, list(DEDUCTION_FORMULAS.values()), _ask), config)


def _ask(formula: Formula, inputs: Inputs, rng: Random) -> str:
    year, status = DEDUCTIONS[formula.name]
    return worded(QUESTIONS, year, status, inputs, rng)
