"""Seeded inputs for a formula."""

from __future__ import annotations

import math
from random import Random

from srm_core.calculator import ExpressionError, evaluate, format_number

from .formula import Formula, Input, Inputs, Value, band

_TRIES = 200


def draw(formula: Formula, rng: Random, value: Value) -> dict[str, float | str]:
    """Return inputs that make sense together and whose answer cannot be read off the question.

    Raises:
        ValueError: no such inputs were found, so the ranges in the table are wrong.
    """
    for _ in range(_TRIES):
        inputs = draw_any(formula, rng)
        if sensible(formula, inputs, value) and not _shown(formula, inputs, value):
            return inputs
    raise ValueError(f"the ranges of {formula.name} give no sensible inputs in {_TRIES} tries")


def draw_any(formula: Formula, rng: Random) -> dict[str, float | str]:
    """Return inputs from the ranges of the table alone."""
    level = rng.randint(0, max(source.optional for source in formula.inputs))
    likely = 0.4 if sum(source.kind == "flag" for source in formula.inputs) <= 9 else 0.15
    return {source.name: _drawn(source, rng, likely) for source in formula.inputs if source.optional <= level}


def sensible(formula: Formula, inputs: Inputs, value: Value) -> bool:
    """Say whether the guards hold and the value is finite and far enough from zero for a relative band."""
    try:
        if formula.guards and not _guarded(formula, inputs):
            return False
        gold = value(formula, inputs)
    except (ExpressionError, ZeroDivisionError, OverflowError):
        return False
    return math.isfinite(gold) and (formula.family == "score" or 0.01 <= abs(gold) < 1e6)


def _guarded(formula: Formula, inputs: Inputs) -> bool:
    slots = {source.name: _slot(source, inputs[source.name]) for source in formula.inputs if source.name in inputs}
    return all(evaluate(guard.format_map(slots)) > 0 for guard in formula.guards)


def _slot(source: Input, value: float | str) -> str:
    if isinstance(value, str):
        return str(dict(zip(source.choices, source.numbers, strict=False)).get(value, 0))
    return format_number(value)


def _drawn(source: Input, rng: Random, likely: float) -> float | str:
    if source.kind == "flag":
        return "yes" if rng.random() < likely else "no"
    if source.kind == "choice":
        return rng.choice(source.choices)
    steps = round((source.high - source.low) / source.step)
    return float(round(source.low + source.step * rng.randint(0, steps), 6))


def _shown(formula: Formula, inputs: Inputs, value: Value) -> bool:
    if formula.family == "score":
        return False
    low, high = band(formula, value(formula, inputs))
    return any(isinstance(number, float) and low <= number <= high for number in inputs.values())
