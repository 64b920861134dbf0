"""Verifiers of calculator answers: one that reads the text closely, and one that recomputes the value on its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from srm_core.formulas.reading import plain_tokens, squeezed, units_of, verify_quantity
from srm_core.records import FormulaKey, Problem, Trace, Verdict

from .gold import value
from .table import FORMULAS

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
_UNITS = units_of(FORMULAS.values(), _ALIKE)


def verify_calculator(problem: Problem, trace: Trace) -> Verdict:
    """Say whether the answer is one number inside the key's band; `verify_quantity` says how it is read."""
    key = problem.key
    if not isinstance(key, FormulaKey):
        return Verdict(correct=None, reason="the problem has no formula key")
    return verify_quantity(key, trace, _UNITS, _names(key))


def _names(key: FormulaKey) -> tuple[str, ...]:
    """Return the names whose digits are no numbers (CURB-65)."""
    formula = FORMULAS.get(key.formula)
    if formula is None:
        return ()
    full = formula.title.casefold()
    return full, full.removesuffix(" score"), full.partition(" (")[0]


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
    numbers, units = plain_tokens(answer)
    if len(numbers) != 1:
        return Verdict(correct=False, reason=f"{len(numbers)} numbers")
    wrong = units - {"in", squeezed(formula.unit), squeezed(formula.unit).replace("meq/l", "mmol/l")}
    if wrong & {squeezed(other.unit) for other in FORMULAS.values()} - {""}:
        return Verdict(correct=False, reason=f"unit {sorted(wrong)[0]!r}")
    width = abs(gold) * Decimal(str(formula.tolerance)) + Decimal("1e-9")
    number = numbers[0]
    bare = not units and "%" not in (trace.answer or "")
    as_percentage = number * 100 if formula.unit == "%" and abs(number) <= 1 and bare else number
    near = min(abs(number - gold), abs(as_percentage - gold)) <= width
    return Verdict(correct=near, reason="" if near else f"{number} is not {gold}")
