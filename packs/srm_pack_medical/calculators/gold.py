"""The one place where a gold value is computed."""

from __future__ import annotations

from .conversions import conversion_name
from .formulas import Formula, Inputs
from .units import CONVERSIONS, convert
from .values import ARITHMETIC_VALUES
from .values_scores import SCORE_VALUES


def value(formula: Formula, inputs: Inputs) -> float:
    """Return the value of ``formula`` in its unit, by a function that shares nothing with its worked expression.

    Raises:
        KeyError: an input that the formula needs is missing.
        ZeroDivisionError: the inputs make it undefined.
    """
    if formula.family == "arithmetic":
        return ARITHMETIC_VALUES[formula.name](inputs)
    if formula.family == "score":
        return float(SCORE_VALUES[formula.name](inputs))
    quantity = formula.name.partition("_to_")[0]
    if conversion_name(quantity, formula.unit) != formula.name:
        raise KeyError(formula.name)
    return convert(CONVERSIONS[quantity].quantity, float(inputs["value"]), to=formula.unit)


def band(formula: Formula, gold: float) -> tuple[float, float]:
    """Return the closed band of accepted values: exact for scores, a relative half-width for decimals.

    MedCalc-Bench (Khandekar et al. 2024) accepts 5 %. Where 5 % would accept an input left uncorrected (osmolality,
    QTc, temperature), the table names a narrower band.
    """
    width = abs(gold) * formula.tolerance
    return gold - width, gold + width
