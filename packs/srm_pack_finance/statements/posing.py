"""How a problem is made from statement lines and a formula: evidence, key, worked solution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from srm_core.calculator import call, format_number
from srm_core.composing import Fact
from srm_core.formulas.formula import VARIANTS, Formula, Inputs, band
from srm_core.formulas.problems import define
from srm_core.formulas.working import work
from srm_core.records import Evidence, FormulaKey, Problem
from srm_pack_finance.sources import FORMULAS

from .companies import Company
from .facts import line_fact
from .lines import LINES
from .ratios import AMOUNT


@dataclass(frozen=True)
class Given:
    """One input: the line it comes from, what it is called in the solution, and its value."""

    name: str
    called: str
    fact: Fact
    value: float


def given_line(company: Company, year: int, line: str, name: str = "") -> Given:
    """Return a line of a statement as an input, by its own name or as ``name``.

    The solution calls it as its fact does, year first: so it is found by reading, and no other year is taken for it.
    """
    called = f"{name}, {year}: {LINES[line]}" if name else f"{year}: {LINES[line]}"
    return Given(name or line, called, line_fact(company, year, line), company.value(year, line))


@dataclass(frozen=True)
class Posed:
    """Everything a problem is made of besides the order of its evidence."""

    kind: str
    formula: Formula
    question: str
    given: Sequence[Given]
    distractors: Sequence[Fact]
    unit: str  # scale and currency of the statement
    gold: float
    anchor: str


def pose(posed: Posed, rng: Random) -> Problem:
    """Return the problem, its evidence in random order and its solution citing every line it uses."""
    formula, unit = posed.formula, posed.unit if posed.formula.unit == AMOUNT else posed.formula.unit
    rule = _rule(formula, int(rng.random() < 0.3))
    shown = list(
        {fact.text: fact for fact in (rule, *(each.fact for each in posed.given), *posed.distractors)}.values()
    )
    rng.shuffle(shown)
    place = {fact.text: n for n, fact in enumerate(shown, 1)}
    inputs = {each.name: each.value for each in posed.given}
    low, high = band(formula, posed.gold)
    facts = tuple(cite for each in posed.given for cite in each.fact.cites)
    held = formula.held_out
    return Problem(
        kind=posed.kind,
        question=posed.question,
        answer=f"{format_number(posed.gold)} {unit}".rstrip(),
        accept=_forms(posed.gold, unit, low, high),
        anchor=posed.anchor,
        facts=facts,
        parents=facts,
        evidence=tuple(Evidence(text=fact.text, cites=fact.cites) for fact in shown),
        key=FormulaKey(formula=formula.name, inputs=dict(inputs), unit=unit, low=low, high=high),
        solution=_solution(posed, rule, place, inputs, unit),
        tags={"formula": "unseen" if held else "seen", "name": formula.name},
        split="test" if held else "",
    )


def _rule(formula: Formula, variant: int) -> Fact:
    triple = define(formula, variant % VARIANTS, FORMULAS)
    return Fact(triple.object.replace(f" ({AMOUNT})", "").replace(f" in {AMOUNT}", ""), (triple,), shared=True)


def _solution(posed: Posed, rule: Fact, place: Mapping[str, int], inputs: Inputs, unit: str) -> str:
    said = "; ".join(f"{each.called} {format_number(each.value)} [{place[each.fact.text]}]" for each in posed.given)
    expression = work(posed.formula, inputs).expression.replace("--", "+").replace("+-", "-")
    return f"{rule.text} [{place[rule.text]}]; {said}.\nAnswer: {call(expression)} {unit}".rstrip()


def _forms(gold: float, unit: str, low: float, high: float) -> tuple[str, ...]:
    """Return further forms of the gold that lie in its band: two decimals, and parentheses for a negative amount."""
    short = f"{gold:.2f}"
    forms = [f"{short} {unit}".rstrip()] if low <= float(short) <= high else []
    if gold < 0:
        forms.append(f"({format_number(-gold)}) {unit}".rstrip())
    return tuple(forms)
