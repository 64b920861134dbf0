"""How a calculator is worked: short steps whose numbers the calculator computes, ending in an ``Answer:`` line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from srm_core.calculator import call, computed, format_number

from .formula import Branch, Criterion, Formula, Input, Inputs, Rule, holds

_SLOT = re.compile(r"\{(\w+)\}")
_PART = re.compile(r"\{\w+\}|\d+\.?\d*(?:e[+-]?\d+)?|[A-Za-z_]\w*|\S")
_NAME = r"\s*([A-Za-z][^+*/^=;,]*?)\s*"  # of an input, as a statement writes it


@dataclass(frozen=True)
class Worked:
    """The expressions of one worked calculator, in order; the last is the answer's."""

    words: str  # which branch was taken, or what each item of a score gives
    steps: tuple[tuple[str, str], ...]  # label, expression
    expression: str
    given: str = ""  # the inputs in the order in which the formula names them, if there are several


def work(formula: Formula, inputs: Inputs) -> Worked:
    """Return the expressions for ``inputs``, with numbers in place of names.

    Raises:
        KeyError: an input that the formula needs is missing.
    """
    return _work_score(formula, inputs) if formula.criteria else _work_arithmetic(formula, inputs)


def solution(formula: Formula, inputs: Inputs, cite: int = 1, line: str = "", preface: str = "") -> str:
    """Return the worked answer; ``cite`` is the place of the formula's ``line`` in the evidence, a ``preface`` leads.

    An arithmetic line is repeated with each value beside its name (``weight 76 / (height 193 / 100)^2``), so that the
    expression only drops the names; where names and expression cannot be laid side by side the values are listed in
    the order of the expression. A score's line is too long for either: each finding stands before its points, in the
    line's own words (``eye opening to pain: 2, age 70 >=65: 1``).
    """
    worked = work(formula, inputs)
    said = line.removesuffix(".") if not formula.criteria else ""
    filled = said and formula.family != "conversion" and _filled(formula, inputs, said)
    parts = (filled, worked.words) if filled else (said, worked.words, worked.given)
    lines = [preface] if preface else []
    lines.append("; ".join(part for part in parts if part) + f" [{cite}]")
    lines += [f"{label} = {call(spaced(expression))}" for label, expression in worked.steps]
    lines.append(f"Answer: {call(spaced(worked.expression))} {formula.unit}".rstrip())
    return "\n".join(lines)


def spaced(expression: str) -> str:
    """Return ``expression`` with spaces as statements have them: around ``+ - * /`` and after commas, not around ``^``.

    A sign is no operator: ``2*-3`` gives ``2 * -3``.
    """
    text, before = "", "("
    for part in _PART.findall(expression):
        operator = part in {"+", "-", "*", "/"} and before not in {"(", "+", "-", "*", "/", "^", ","}
        text += f" {part} " if operator else ", " if part == "," else part
        before = part
    return text


def _filled(formula: Formula, inputs: Inputs, line: str) -> str:
    """Return ``line`` with each input's value after its name; nothing where no branch has the statement's shape."""
    start = line.find(formula.statement)
    slots = _slots(formula, inputs)
    labels = {source.name: source.label for source in formula.inputs}
    for branch in formula.branches if start >= 0 and not formula.first else ():
        if len(branch.steps) > 1:
            continue
        names = _SLOT.findall(branch.steps[0][1])
        found = re.match(_shape(branch.steps[0][1]) + r"(?=$|[,;] )", formula.statement)
        if found is None or not names or any(name not in slots for name in names):
            continue
        if not all(_names(said, labels[name]) for name, said in zip(names, found.groups(), strict=True)):
            continue
        places = [(start + found.end(n + 1), slots[name]) for n, name in enumerate(names)]
        for place, value in reversed(places):
            line = f"{line[:place]} {value}{line[place:]}"
        return line
    return ""


def _names(said: str, label: str) -> bool:
    """Say whether ``said`` is ``label`` or part of it: "glucose" names fasting glucose, "W" names no weight."""
    return set(said.lower().split()) <= set(label.lower().split())


def _shape(template: str) -> str:
    """Return the pattern of statements written like ``template``, with a group for the name in each slot."""
    parts = _PART.findall(template)
    return "".join(_NAME if part.startswith("{") else rf"\s*{re.escape(part)}\s*" for part in parts)


def _work_arithmetic(formula: Formula, inputs: Inputs) -> Worked:
    slots = _slots(formula, inputs)
    steps: list[tuple[str, str]] = []
    for label, template in formula.first:
        _take(label, template, slots, steps)
    branch = _branch(formula, {**inputs, **{label: float(slots[label]) for label, _ in formula.first}})
    for label, template in branch.steps[:-1]:
        _take(label, template, slots, steps)
    expression = branch.steps[-1][1].format_map(slots)
    return Worked(branch.words, tuple(steps), expression, _given(formula, branch, inputs))


def _given(formula: Formula, branch: Branch, inputs: Inputs) -> str:
    """Return "weight 95, height 175": the inputs in the order of the formula; nothing if there is only one."""
    templates = "".join(template for _, template in (*formula.first, *branch.steps))
    labels = {source.name: source.label for source in formula.inputs}
    order = [
        name for name in dict.fromkeys(_SLOT.findall(templates)) if name in labels and name in inputs
    ]  # an unsaid flag is no
    listed = [f"{labels[name]} {_plain(inputs[name])}" for name in order]
    return ", ".join(listed) if len(listed) > 1 else ""


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else format_number(value)


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
    sources = {source.name: source for source in formula.inputs}
    said = [criterion for criterion in formula.criteria if any(inputs.get(name, "no") != "no" for name in criterion.of)]
    points = [(_finding(criterion, inputs, sources), _points(criterion, inputs, slots)) for criterion in said]
    words = ", ".join(f"{finding}: {text.strip('()')}" for finding, text in points)
    expression = "+".join(text for _, text in points).replace("+-", "-")
    return Worked(words or "nothing scores", (), expression or "0")


def _finding(criterion: Criterion, inputs: Inputs, sources: Mapping[str, Input]) -> str:
    """Return what was found, and the test that it meets: "bilirubin 2.4 <=3", "eye opening to pain"."""
    met = _met(criterion, inputs)
    given = [sources[name] for name in criterion.of if inputs.get(name, "no") != "no"]
    if met is not None and len(met.when) == 1:
        given = [sources[met.when[0][0]]]
    if len(given) != 1 or given[0].kind == "flag" or criterion.expression:
        return criterion.label
    (source,) = given
    if source.kind == "choice" and criterion.label != source.label:
        return criterion.label if met else f"{source.label} {inputs[source.name]}"
    tests = [f" {op}{format_number(float(bound))}" for _, op, bound in met.when if op != "is"] if met else []
    return f"{source.label} {_plain(inputs[source.name])}{''.join(tests)}"


def _met(criterion: Criterion, inputs: Inputs) -> Rule | None:
    """Return the rule that gives the criterion's points, None if none does."""
    return next((rule for rule in criterion.rules if all(holds(test, inputs) for test in rule.when)), None)


def _points(criterion: Criterion, inputs: Inputs, slots: Mapping[str, str]) -> str:
    if criterion.expression:
        return criterion.expression.format_map(slots)
    met = _met(criterion, inputs)
    return format_number(met.points) if met else "0"
