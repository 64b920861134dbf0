"""What a formula is: a record of its inputs, the line that states it, and how it is worked.

The worked expression and the value are two separate things on purpose: expressions come from the templates and
criteria here, gold values from plain functions of the pack (`Value`), and a test of the pack holds them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Inputs = Mapping[str, float | str]  # flags are "yes" or "no"; a flag or drug that is left out is absent
Family = Literal["arithmetic", "score", "conversion"]
Condition = tuple[str, Literal["<", "<=", ">", ">=", "is", "given"], float | str]
Step = tuple[str, str]  # label, template; later templates may use the label as a slot


@dataclass(frozen=True)
class Input:
    """One quantity a formula needs, with the range and step its values are drawn from."""

    name: str
    label: str
    unit: str = ""
    low: float = 0
    high: float = 1
    step: float = 1
    kind: Literal["number", "flag", "choice"] = "number"
    choices: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()  # what each choice stands for in an expression
    quantity: str = ""  # its row in the table of unit conversions, if it may be given in another unit
    absent: str = ""  # how the absence of a finding is worded
    optional: int = 0  # 0: always given; k: given in questions of level k and above


@dataclass(frozen=True)
class Branch:
    """The steps to take when all conditions hold. ``words`` names the branch in a solution."""

    steps: tuple[Step, ...]  # the last one is the answer
    when: tuple[Condition, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Rule:
    """Points given when all conditions hold."""

    points: float
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Criterion:
    """One item of a score: the first rule that holds gives its points, none gives 0; or an expression gives them."""

    label: str
    rules: tuple[Rule, ...]
    statement: str  # how the evidence line states it
    expression: str = ""
    of: tuple[str, ...] = ()  # the inputs it looks at


@dataclass(frozen=True)
class Formula:
    """A formula of a domain. ``title`` is written as inside a sentence."""

    name: str
    title: str
    inputs: tuple[Input, ...]
    unit: str
    family: Family
    source: str
    statement: str  # right-hand side as the evidence line shows it
    branches: tuple[Branch, ...] = ()
    first: tuple[Step, ...] = ()  # steps taken before a branch is chosen
    criteria: tuple[Criterion, ...] = ()
    decimals: int = 2  # of the short form of the answer
    tolerance: float = 0.05  # relative half-width of the accepted band; 0: exact
    core: bool = False
    held_out: bool = False  # shown in test problems alone
    adult: bool = True  # a vignette may invent an adult patient around it
    guards: tuple[str, ...] = ()  # expressions that must be positive for drawn inputs to make sense


Value = Callable[[Formula, Inputs], float]  # the gold; it shares nothing with the worked expression


def plain(
    name: str,
    title: str,
    unit: str,
    inputs: tuple[Input, ...],
    statement: str,
    template: str,
    source: str,
    *,
    decimals: int = 2,
    tolerance: float = 0.05,
    core: bool = False,
    held_out: bool = False,
    adult: bool = True,
    guards: tuple[str, ...] = (),
) -> Formula:
    """Return a formula worked by one expression."""
    return Formula(
        name,
        title,
        inputs,
        unit,
        "arithmetic",
        source,
        statement,
        (Branch((("", template),)),),
        decimals=decimals,
        tolerance=tolerance,
        core=core,
        held_out=held_out,
        adult=adult,
        guards=guards,
    )


def number(name: str, label: str, unit: str, low: float, high: float, step: float = 1, quantity: str = "") -> Input:
    """Return a numeric input drawn from ``low`` to ``high`` in steps of ``step``."""
    return Input(name, label, unit, low, high, step, quantity=quantity)


def flag(name: str, label: str, absent: str = "") -> Input:
    """Return a finding that is present or absent; ``absent`` says so in words (default: "no" and the label)."""
    return Input(name, label, kind="flag", choices=("no", "yes"), numbers=(0, 1), absent=absent or f"no {label}")


def choice(name: str, label: str, choices: tuple[str, ...], numbers: tuple[float, ...] = ()) -> Input:
    """Return an input with a closed list of values, each of which may stand for a number."""
    return Input(name, label, kind="choice", choices=choices, numbers=numbers)


def band(formula: Formula, gold: float) -> tuple[float, float]:
    """Return the closed band of accepted values: a relative half-width around ``gold``, exact where it is 0.

    MedCalc-Bench (Khandekar et al. 2024) accepts 5 %; a table names a narrower band where 5 % would accept a mistake.
    """
    width = abs(gold) * formula.tolerance
    return gold - width, gold + width


def holds(condition: Condition, values: Mapping[str, float | str]) -> bool:
    """Say whether ``condition`` is true of ``values``; a value that is missing fails every condition."""
    name, op, bound = condition
    if name not in values:
        return False
    value = values[name]
    if op == "given":
        return True
    if op == "is":
        return value == bound
    if isinstance(value, str) or isinstance(bound, str):
        raise TypeError(f"{name} {op} {bound!r}: {value!r} cannot be compared")
    return {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[op]


def sentence(text: str) -> str:
    """Return ``text`` with its first letter in upper case, unless its first word has capitals of its own (eGFR)."""
    return text[:1].upper() + text[1:] if text.split(" ", maxsplit=1)[0].islower() else text


VARIANTS = 2  # wordings of a formula's line


def formula_text(formula: Formula, variant: int = 0) -> str:
    """Return the one line that states ``formula``, in wording ``variant`` (taken modulo `VARIANTS`)."""
    unit = f" ({formula.unit})" if formula.unit else ""
    equals = " =" if formula.branches else ": add up"
    if variant % VARIANTS == 0:
        return f"{sentence(formula.title)}{unit}{equals} {formula.statement}"
    within = f" in {formula.unit}" if formula.unit else ""
    verb = "is" if formula.branches else "is the sum of"
    return f"The {formula.title}{within} {verb} {formula.statement}"
