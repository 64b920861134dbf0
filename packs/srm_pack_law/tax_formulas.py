"""Tax due and taxable income as formulas: one for each bracket, and one for each standard deduction."""

from __future__ import annotations

from srm_core.calculator import format_number
from srm_core.formulas.formula import Formula, Inputs, number, plain

from .tax_tables import PROCEDURES, STATUSES, Bracket, brackets, deduction, tax_due

HELD_OUT = 2022  # the year whose lines appear in test problems alone
MARGIN = 500  # dollars between an income and the ends of its bracket, so that the neighbour's line errs by more than $1
TOP = 900_000  # the highest income asked about
STEP = 50


def cents(amount: float) -> str:
    """Return ``amount`` to the cent, as a table prints it: an expression may hold more digits than its value shows."""
    return f"{amount:.2f}".removesuffix(".00")


def _tax_formula(bracket: Bracket) -> Formula:
    low, base = format_number(bracket.low), cents(bracket.base)
    high = min(bracket.high or TOP, TOP)
    over = f"taxable income over {low}" + (f" up to {format_number(bracket.high)}" if bracket.high else "")
    rate = format_number(bracket.rate / 100)
    shape = f"{base} + {rate} * (taxable income - {low})" if bracket.number > 1 else f"{rate} * taxable income"
    template = f"{base}+{rate}*({{income}}-{low})" if bracket.number > 1 else f"{rate}*{{income}}"
    lowest = STEP * (int(bracket.low + MARGIN) // STEP + 1)
    steps = int((high - MARGIN - lowest) // STEP)
    return plain(
        f"tax_{bracket.year}_{bracket.status}_{bracket.number}",
        f"{bracket.year} tax of a {STATUSES[bracket.status]} with {over}",
        "dollars",
        (number("income", "taxable income", "dollars", lowest, lowest + STEP * steps, STEP),),
        f"{shape}, {PROCEDURES[bracket.year]}",
        template,
        PROCEDURES[bracket.year],
        tolerance=1e-5,
        core=True,
        held_out=bracket.year == HELD_OUT,
    )


def _deduction_formula(year: int, status: str) -> Formula:
    amount = format_number(deduction(year, status))
    return plain(
        f"deduction_{year}_{status}",
        f"{year} taxable income of a {STATUSES[status]} who takes the standard deduction",
        "dollars",
        (number("income", "adjusted gross income", "dollars", 30_000, 400_000, STEP),),
        f"adjusted gross income - {amount}, {PROCEDURES[year]}",
        f"{{income}}-{amount}",
        PROCEDURES[year],
        tolerance=1e-6,
        core=True,
        held_out=year == HELD_OUT,
    )


def _is_wide(bracket: Bracket) -> bool:
    return min(bracket.high or TOP, TOP) - bracket.low >= 4 * MARGIN


BRACKETS = {f"tax_{each.year}_{each.status}_{each.number}": each for each in brackets() if _is_wide(each)}
DEDUCTIONS = {f"deduction_{year}_{status}": (year, status) for year in PROCEDURES for status in STATUSES}
TAX_FORMULAS = {name: _tax_formula(bracket) for name, bracket in BRACKETS.items()}
DEDUCTION_FORMULAS = {name: _deduction_formula(*about) for name, about in DEDUCTIONS.items()}
FORMULAS = TAX_FORMULAS | DEDUCTION_FORMULAS


def value(formula: Formula, inputs: Inputs) -> float:
    """Return the gold in dollars, by functions that share nothing with the worked expressions."""
    income = float(inputs["income"])
    if formula.name in BRACKETS:
        bracket = BRACKETS[formula.name]
        return tax_due(bracket.year, bracket.status, income)
    return max(0.0, income - deduction(*DEDUCTIONS[formula.name]))
