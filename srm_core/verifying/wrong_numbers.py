"""Near misses of a number with a declared band: value, sign, scale, rounding, unit."""

from __future__ import annotations

import math
from collections.abc import Iterator

from srm_core.records import FormulaKey, Problem

from .cases import Case
from .numbers import rounded, with_unit, written
from .truth import plain_number
from .unit_swaps import other_sizes, strangers

_SCALES = (10.0, 0.1, 1000.0, 0.001)


def wrong_numbers(problem: Problem) -> Iterator[Case]:
    """Yield answers that are one number in one unit, and certainly wrong. No case without a formula key."""
    key = problem.key
    gold = plain_number(problem.answer)
    if not isinstance(key, FormulaKey) or gold is None:
        return
    value, unit = gold[0], key.unit or gold[1]
    for family, number, why in _values(key, value):
        text = with_unit(written(number), unit)
        read = plain_number(text)
        if read is not None and _clear_of(key, read[0]):
            yield Case(family, f"Answer: {text}", why)
    yield from _units(problem, key, unit)


def wrong_measures(problem: Problem) -> Iterator[Case]:
    """Yield another sign, scale and unit of a gold that is one number without a declared band."""
    gold = plain_number(problem.answer)
    if gold is None or gold[0] == 0 or isinstance(problem.key, FormulaKey):
        return
    value, unit = gold
    yield Case("sign", f"Answer: {with_unit(written(-value), unit)}", "the sign is the other one")
    for factor in _SCALES:
        text = with_unit(written(value * factor), unit)
        yield Case("scale", f"Answer: {text}", f"the value times {factor:g}")
    for other in other_sizes(unit):
        yield Case("unit", f"Answer: {with_unit(written(value), other)}", f"{other} is another size than {unit}")


def _values(key: FormulaKey, value: float) -> Iterator[tuple[str, float, str]]:
    width = key.high - key.low
    step = max(0.01 * abs(value), 0.1 * width) or 1.0
    if float(value).is_integer() and width < 1:
        step = max(1.0, math.ceil(step))
    for number, side in ((key.high + step, "above"), (key.low - step, "below")):
        yield "value", number, f"{side} the band [{key.low:g}, {key.high:g}]"
    if value:
        yield "sign", -value, "the sign is the other one"
    for factor in _SCALES:
        yield "scale", value * factor, f"the value times {factor:g}"
    whole = written(abs(value)).partition(".")[0]
    if len(whole) > 1:
        yield "truncation", math.copysign(float(whole[:-1]), value), "the last digit before the point is missing"
    for digits in (2, 1):
        yield "rounding", rounded(value, digits), f"rounded to {digits} digits, which leaves the band"
    for given in key.inputs.values():
        if not isinstance(given, str) and math.isfinite(given):
            yield "quoted input", float(given), "an input of the formula, not its result"


def _clear_of(key: FormulaKey, number: float) -> bool:
    """Say whether ``number`` is outside the band by more than a thousandth of its limits (or of the band)."""
    slack = max(1e-3 * min(abs(key.low), abs(key.high)), 1e-3 * (key.high - key.low), 1e-9)
    return number < key.low - slack or number > key.high + slack


def _units(problem: Problem, key: FormulaKey, unit: str) -> Iterator[Case]:
    number = problem.answer.removesuffix(unit).strip() if unit else problem.answer
    if plain_number(number) is None or key.low <= 0 <= key.high:  # zero is zero in every size
        return
    context = " ".join((problem.question, *(item.text for item in problem.evidence)))
    for other in other_sizes(unit):
        yield Case("unit", f"Answer: {number} {other}", f"{other} is another size than {unit}")
    for other in strangers(unit, context):
        yield Case("unit", f"Answer: {number} {other}", f"{other} measures something else than {unit or 'a number'}")
