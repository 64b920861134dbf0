"""Verifiers of calculator answers: one that reads the text closely, and one that recomputes the value on its own."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from srm_core.records import FormulaKey, Problem, Trace, Verdict

from .gold import value
from .table import FORMULAS
from .unit_words import fold, unit_form

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+|\s?[x×*]\s?10\s?\^\s?[-+]?\d+)?"
)
_UNSURE = re.compile(
    r"\b(?:cannot|can't|unable|unknown|insufficient|unclear|undefined|nan|inf|infinity)\b"
    r"|\bnot (?:enough|possible|determined|sure)\b"
    r"|\b(?:not|at least|at most|(?:less|more|greater|fewer) than|above|below|under|over)\s+[-+.\d]"
    r"|\d\s*(?:thousand|million|billion|dozen)\b|[<>≤≥±~]\s*[-+.\d]"
)
_ALIKE: Mapping[str, frozenset[str]] = {
    "meq/l": frozenset({"mmol/l"}),  # the ions of these formulas carry one charge
    "mosm/kg": frozenset({"mosm/l", "mmol/kg", "mosm/kgh2o"}),
    "ml/h": frozenset({"cc/h"}),
    "mg": frozenset({"mme", "mgmme", "mg/day", "mme/day"}),
    "μg/ml": frozenset({"mg/l"}),
    "ml/min/1.73m2": frozenset({"ml/min"}),
    "cells/μl": frozenset({"/μl", "cells/mm3", "/mm3"}),
    "points": frozenset({"criteria", "criterion"}),
}
_SLACK = 1e-9  # relative; decimal text against binary limits
_LONGEST_UNIT = 8  # words


def verify_calculator(problem: Problem, trace: Trace) -> Verdict:
    """Say whether the answer is one number inside the key's band, in the key's unit if it names any.

    Accepts units left out or spelled, thousands separators, scientific notation, words around the number, and a
    fraction for a percentage. Refuses other units, ranges, several numbers and refusals.
    """
    key = problem.key
    if not isinstance(key, FormulaKey):
        return Verdict(correct=None, reason="the problem has no formula key")
    if trace.answer is None or not trace.answer.strip():
        return Verdict(correct=False, reason="no answer")
    read = _read(trace.answer, _names(key), unit_form(key.unit))
    if isinstance(read, str):
        return Verdict(correct=False, reason=read)
    number, bare = read
    if _inside(number, key):
        return Verdict(correct=True)
    if bare and key.unit == "%" and abs(number) <= 1 and _inside(number * 100, key):
        return Verdict(correct=True, reason="a fraction for a percentage")
    return Verdict(correct=False, reason=f"{number:g} is outside {key.low:g} to {key.high:g}")


def _inside(number: float, key: FormulaKey) -> bool:
    slack = _SLACK * max(abs(key.low), abs(key.high), 1.0)
    return math.isfinite(number) and key.low - slack <= number <= key.high + slack


def _names(key: FormulaKey) -> tuple[str, ...]:
    """Return the names whose digits are no numbers (CURB-65), longest first."""
    formula = FORMULAS.get(key.formula)
    if formula is None:
        return ()
    full = fold(formula.title)
    return tuple(sorted({full, full.removesuffix(" score"), full.partition(" (")[0]}, key=len, reverse=True))


def _read(answer: str, names: tuple[str, ...], unit: str) -> tuple[float, bool] | str:
    """Return the number and whether it stands without a unit, or the reason why there is none."""
    text = fold(answer).replace("**", "").replace("\\", "").replace("$", "")
    for name in names:
        text = text.replace(name, " ")
    text = re.sub(r"\b(?:minus|negative)\s+(?=[\d.])", "-", text)
    found = _NUMBER.search(text)
    if found is None:
        return "no number"
    if _UNSURE.search(text):
        return "no single definite value"
    rest = text[found.end() :]
    written, tail = _unit_at(rest)
    if re.search(r"\d", tail) or _NUMBER.search(text[: found.start()]):
        return "more than one number"
    if written and written != unit and written not in _ALIKE.get(unit, frozenset()):
        return f"unit {written!r} instead of {unit!r}"
    if any(word != "in" and _is_unit(word) and unit_form(word) != unit for word in tail.split()):
        return "a second unit"
    return _number(found.group()), not written


def _number(text: str) -> float:
    try:
        return float(re.sub(r"\s?[x×*]\s?10\s?\^\s?", "e", text.replace(",", "")))
    except (ValueError, OverflowError):
        return math.nan


def _unit_at(rest: str) -> tuple[str, str]:
    """Return the unit that ``rest`` begins with ("" if none) in its one form, and what follows it."""
    words = rest.strip().split()
    for n in range(min(len(words), _LONGEST_UNIT), 0, -1):
        candidate = " ".join(words[:n])
        if _is_unit(candidate):
            return unit_form(candidate), " ".join(words[n:])
    return "", rest


def _is_unit(text: str) -> bool:
    if text.startswith("in "):  # "12 in total" names no inches
        return False
    form = unit_form(text)
    return form in _KNOWN or any(form in alike for alike in _ALIKE.values()) or _looks_composed(text)


def _looks_composed(text: str) -> bool:
    return len(text.split()) == 1 and re.fullmatch(r"[a-zμ%°]+(?:/[a-zμ%°0-9.]+)+\.?", fold(text)) is not None


def _all_units() -> Iterator[str]:
    for formula in FORMULAS.values():
        yield unit_form(formula.unit)
        yield from (unit_form(source.unit) for source in formula.inputs)


_KNOWN = frozenset(_all_units()) - {""}


def second_opinion(problem: Problem, trace: Trace) -> Verdict:
    """Say whether the answer is near the value recomputed from the key's inputs, reading it word by word.

    Shares neither the key's band nor the number reader with `verify_calculator`; ``None`` when there is no formula
    or no inputs to recompute from.
    """
    key = problem.key
    if not isinstance(key, FormulaKey) or key.formula not in FORMULAS or not key.inputs:
        return Verdict(correct=None, reason="nothing to recompute from")
    formula = FORMULAS[key.formula]
    gold = Decimal(repr(value(formula, key.inputs)))
    answer = trace.answer or ""
    for known in (formula.title, formula.title.capitalize(), formula.unit):
        answer = answer.replace(known, " ") if known else answer
    numbers, units = _tokens(answer)
    if len(numbers) != 1:
        return Verdict(correct=False, reason=f"{len(numbers)} numbers")
    wrong = units - {"in", _squeezed(formula.unit), _squeezed(formula.unit).replace("meq/l", "mmol/l")}
    if wrong & {_squeezed(other.unit) for other in FORMULAS.values()} - {""}:
        return Verdict(correct=False, reason=f"unit {sorted(wrong)[0]!r}")
    width = abs(gold) * Decimal(str(formula.tolerance)) + Decimal("1e-9")
    number = numbers[0]
    bare = not units and "%" not in (trace.answer or "")
    as_percentage = number * 100 if formula.unit == "%" and abs(number) <= 1 and bare else number
    near = min(abs(number - gold), abs(as_percentage - gold)) <= width
    return Verdict(correct=near, reason="" if near else f"{number} is not {gold}")


def _tokens(answer: str) -> tuple[list[Decimal], set[str]]:
    numbers: list[Decimal] = []
    others: set[str] = set()
    for token in answer.replace("%", " % ").replace("−", "-").replace(" per ", "/").split():
        stripped = token.strip("*$().,;:=")
        try:
            number = Decimal(stripped.replace(",", ""))
        except InvalidOperation:
            others.add(_squeezed(stripped))
        else:
            numbers += [number] if number.is_finite() else []
    return numbers, others


def _squeezed(unit: str) -> str:
    return unit.replace(" ", "").replace("μ", "µ").lower()
