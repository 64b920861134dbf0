"""The one place where a gold value is computed."""

from __future__ import annotations

from srm_core.formulas.formula import Formula, Inputs

from .conversions import conversion_name
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
