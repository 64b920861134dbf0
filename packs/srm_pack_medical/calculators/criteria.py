"""Items of scores, written so that the evidence line, the worked points and the inputs come from one declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping

from srm_core.calculator import format_number
from srm_core.formulas.formula import Condition, Criterion, Formula, Input, Rule, choice, flag

Item = tuple[tuple[Input, ...], Criterion]
_TEST = re.compile(r"(<=|>=|<|>)\s*(-?[\d.]+)\Z")


def present(name: str, label: str, points: float, absent: str = "") -> Item:
    """Return a finding that gives ``points`` when it is present; ``absent`` is how its absence is worded."""
    rules = (Rule(points, ((name, "is", "yes"),)),)
    return (flag(name, label, absent),), Criterion(label, rules, f"{label}: {format_number(points)}", of=(name,))


def banded(source: Input, bands: Mapping[str, float]) -> Item:
    """Return an item whose points depend on a number: the first test (``">=65"``) that holds gives its points."""
    rules = tuple(Rule(points, (condition(source.name, test),)) for test, points in bands.items())
    unit = f" ({source.unit})" if source.unit else ""
    tests = ", ".join(f"{test}: {format_number(points)}" for test, points in bands.items())
    return (source,), Criterion(source.label, rules, f"{source.label}{unit} {tests}", of=(source.name,))


def graded(name: str, label: str, grades: Mapping[str, float]) -> Item:
    """Return an item whose points are listed for each of its grades."""
    rules = tuple(Rule(points, ((name, "is", grade),)) for grade, points in grades.items())
    listed = ", ".join(f"{grade}: {format_number(points)}" for grade, points in grades.items())
    return (choice(name, label, tuple(grades)),), Criterion(label, rules, f"{label} {listed}", of=(name,))


def any_of(label: str, tests: Mapping[Input, str], points: float) -> Item:
    """Return an item that gives ``points`` when at least one test holds."""
    rules = tuple(Rule(points, (condition(source.name, test),)) for source, test in tests.items())
    either = " or ".join(f"{source.label} {test}" if test != "yes" else source.label for source, test in tests.items())
    names = tuple(source.name for source in tests)
    return tuple(tests), Criterion(label, rules, f"{either}: {format_number(points)}", of=names)


def condition(name: str, test: str) -> Condition:
    """Return the condition that ``test`` (``">=65"``, or a word to be equal to) states about ``name``.

    Raises:
        ValueError: the test starts like a comparison but is none.
    """
    match = _TEST.match(test)
    if match is None:
        if test[:1] in "<>":
            raise ValueError(f"{test!r} is no comparison")
        return name, "is", test
    op, bound = match.groups()
    if op == "<":
        return name, "<", float(bound)
    if op == "<=":
        return name, "<=", float(bound)
    if op == ">":
        return name, ">", float(bound)
    return name, ">=", float(bound)


def score(
    name: str,
    title: str,
    source: str,
    items: tuple[Item, ...],
    *,
    core: bool = False,
    held_out: bool = False,
    adult: bool = True,
    guards: tuple[str, ...] = (),
) -> Formula:
    """Return a score that adds up its items' points; the points are exact."""
    inputs = tuple(dict.fromkeys(source for sources, _ in items for source in sources))
    criteria = tuple(criterion for _, criterion in items)
    return Formula(
        name, title, inputs, "points", "score", source, "; ".join(item.statement for item in criteria),
        criteria=criteria, decimals=0, tolerance=0.0, core=core, held_out=held_out, adult=adult, guards=guards,
    )  # fmt: skip
