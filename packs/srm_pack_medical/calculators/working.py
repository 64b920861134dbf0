"""How a calculator is worked: short steps whose numbers the calculator computes, ending in an ``Answer:`` line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from srm_core.inference.calculator import call, computed, format_number

from .formulas import Branch, Criterion, Formula, Inputs, holds


@dataclass(frozen=True)
class Worked:
    """The expressions of one worked calculator, in order; the last is the answer's."""

    words: str  # which branch was taken, or what each item of a score gives
    steps: tuple[tuple[str, str], ...]  # label, expression
    expression: str


def work(formula: Formula, inputs: Inputs) -> Worked:
    """Return the expressions for ``inputs``, with numbers in place of names.

    Raises:
        KeyError: an input that the formula needs is missing.
    """
    return _work_score(formula, inputs) if formula.criteria else _work_arithmetic(formula, inputs)


def solution(formula: Formula, inputs: Inputs, cite: int = 1, preface: str = "") -> str:
    """Return the worked answer; ``cite`` is the place of the formula's line in the evidence, ``preface`` goes first."""
    worked = work(formula, inputs)
    words = f": {worked.words}" if worked.words else ""
    lines = [preface] if preface else []
    lines.append(f"Use [{cite}]{words}.")
    lines += [f"{label} = {call(expression)}" for label, expression in worked.steps]
    lines.append(f"Answer: {call(worked.expression)} {formula.unit}".rstrip())
    return "\n".join(lines)


def _work_arithmetic(formula: Formula, inputs: Inputs) -> Worked:
    slots = _slots(formula, inputs)
    steps: list[tuple[str, str]] = []
    for label, template in formula.first:
        _take(label, template, slots, steps)
    branch = _branch(formula, {**inputs, **{label: float(slots[label]) for label, _ in formula.first}})
    for label, template in branch.steps[:-1]:
        _take(label, template, slots, steps)
    return Worked(branch.words, tuple(steps), branch.steps[-1][1].format_map(slots))


def _take(label: str, template: str, slots: dict[str, str], steps: list[tuple[str, str]]) -> None:
    expression = template.format_map(slots)
    slots[label] = computed(expression)
    steps.append((label, expression))


def _branch(formula: Formula, values: Mapping[str, float | str]) -> Branch:
    for branch in formula.branches:
        if all(holds(condition, values) for condition in branch.when):
            return branch
    raise KeyError(f"no branch of {formula.name} fits {dict(values)}")


def _slots(formula: Formula, inputs: Inputs) -> dict[str, str]:
    slots = {}
    for source in formula.inputs:
        value = inputs.get(source.name, "no" if source.kind == "flag" else None)
        if value is None:
            continue
        if isinstance(value, str):
            known = dict(zip(source.choices, source.numbers, strict=False))
            slots[source.name] = format_number(known[value]) if value in known else value
        else:
            slots[source.name] = format_number(value)
    return slots


def _work_score(formula: Formula, inputs: Inputs) -> Worked:
    # An absent finding is left out: it adds nothing, and the sum stays short.
    slots = _slots(formula, inputs)
    said = [criterion for criterion in formula.criteria if any(inputs.get(name, "no") != "no" for name in criterion.of)]
    points = [(criterion.label, _points(criterion, inputs, slots)) for criterion in said]
    words = ", ".join(f"{label} {text.strip('()')}" for label, text in points)
    expression = "+".join(text for _, text in points).replace("+-", "-")
    return Worked(words or "nothing scores", (), expression or "0")


def _points(criterion: Criterion, inputs: Inputs, slots: Mapping[str, str]) -> str:
    if criterion.expression:
        return criterion.expression.format_map(slots)
    for rule in criterion.rules:
        if all(holds(condition, inputs) for condition in rule.when):
            return format_number(rule.points)
    return "0"
