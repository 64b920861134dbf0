"""A second way to a tax: exact decimals, slice by slice from the bottom, read from the inputs and the question."""

from __future__ import annotations

import re
from decimal import Decimal

from srm_core.formulas.reading import plain_tokens
from srm_core.records import FormulaKey, Problem

from .tax_tables import STATUSES, ends, rates

_DEDUCTIONS = {  # Form 1040 of each year: single or separate; head of household. A joint return has twice the first.
    2017: (6350, 9350), 2018: (12000, 18000), 2019: (12200, 18350), 2020: (12400, 18650), 2021: (12550, 18800),
    2022: (12950, 19400), 2023: (13850, 20800),
}  # fmt: skip
LARGEST = 9  # digits before the point
_CITE = re.compile(r"\s*\[\d+\]")
_YEAR = re.compile(r"\b20(?:1[7-9]|2[0-3])\b")
_INCOME = re.compile(r"income (?:of )?(\d+(?:\.\d+)?) dollars")


def slices(year: int, status: str, income: Decimal) -> Decimal:
    """Return the tax on ``income``: each slice times its rate."""
    total, low = Decimal(0), Decimal(0)
    for rate, high in zip(rates(year), (*ends(year, status), 10**9), strict=True):
        total += max(Decimal(0), min(income, Decimal(high)) - low) * Decimal(str(rate)) / 100
        low = Decimal(high)
    return total


def dollars_agree(problem: Problem, answer: str) -> bool:
    """Say whether the one number of ``answer`` is within a dollar of the value recomputed from the key's inputs."""
    numbers, _ = plain_tokens(_CITE.sub("", answer))
    if len(numbers) != 1 or numbers[0].adjusted() > LARGEST or not isinstance(problem.key, FormulaKey):
        return False
    what, year, status, *_ = problem.key.formula.split("_")
    income = Decimal(str(problem.key.inputs["income"]))
    gold = slices(int(year), status, income) if what == "tax" else income - _deduction(int(year), status)
    return abs(numbers[0] - gold) <= 1


def rate_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the rate in ``answer`` is the tax on one more dollar than the question states."""
    numbers, _ = plain_tokens(_CITE.sub("", answer))
    year, income = _YEAR.search(problem.question), _INCOME.search(problem.question)
    found = [key for key, words in STATUSES.items() if words in problem.question]
    if len(numbers) != 1 or year is None or income is None or len(found) != 1:
        return False
    at = Decimal(income.group(1))
    more = slices(int(year.group()), found[0], at + 1) - slices(int(year.group()), found[0], at)
    return numbers[0] == 100 * more


def _deduction(year: int, status: str) -> Decimal:
    single, head = _DEDUCTIONS[year]
    return Decimal({"head": head, "joint": 2 * single}.get(status, single))
