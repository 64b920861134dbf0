"""What does a short program print? Whole numbers, two or three assignments, sometimes a condition."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.calculator import call
from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import printed_by, prints_key

KIND = Kind(
    name="predict_output",
    title="what a short program prints",
    book="open",
    anchor="the program, whatever its variables are called",
    shared="the rules of the operators, and how programs are built",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "What does this program print?",
    "Say what is printed.",
    "Which output does this code give?",
    "Run this in your head. What is printed?",
)
_OPERATORS = {"+": "", "-": "", "*": "", "//": "floordiv", "%": "mod"}
_ASSIGNS = {"+=": "plus_assign", "-=": "minus_assign", "*=": "times_assign"}


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    first, second = rng.randint(2, 60), rng.randint(2, 9)
    op, assign = rng.choice(list(_OPERATORS)), rng.choice(list(_ASSIGNS))
    branch = rng.random() < 0.4
    third = arithmetic(first, op, second)
    add = rng.randint(2, 9)
    fourth = arithmetic(third, assign[0], add)
    rules = [name for name in (_OPERATORS[op], _ASSIGNS[assign]) if name]
    lines = [f"{{u}} = {first}", f"{{v}} = {{u}} {op} {second}", f"{{v}} {assign} {add}"]
    steps = [
        f"{{v}} = {first} {op} {second}{_cite(_OPERATORS[op])} = {worked(first, op, second)}",
        f"{{v}} = {worked(third, assign[0], add)} [@{_ASSIGNS[assign]}]",
    ]
    if branch:
        limit, one, other = rng.randint(5, 40), rng.randint(2, 9), rng.randint(2, 9)
        lines += [
            f"if {{v}} > {limit}:",
            f"    {{v}} = {{v}} - {one}",
            "else:",
            f"    {{v}} = {{v}} + {other}",
            "print({v})",
        ]
        rules.append("if_else")
        change = worked(fourth, "-", one) if fourth > limit else worked(fourth, "+", other)
        steps.append(f"{fourth} > {limit} is {fourth > limit} [@if_else]; {{v}} = {change}")
    else:
        last = rng.choice(("+", "-", "*"))
        lines.append(f"print({{v}} {last} {{u}})")
        steps.append(f"printed: {worked(fourth, last, first)}")
    template = "\n".join(lines)
    code, names = named(template, ("u", "v"), rng)
    text = printed_by(code)
    return Draft(
        ask=rng.choice(ASKS),
        code=code,
        answer=text,
        anchor=template,
        key=prints_key(code, text),
        rules=tuple(rules),
        steps="; ".join(steps).format_map(names),
    )


def arithmetic(left: int, op: str, right: int) -> int:
    """Return the value of ``left op right``."""
    match op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
    return left % right


def worked(left: int, op: str, right: int) -> str:
    """Return the calculator call for ``left op right``."""
    match op:
        case "//":
            return call(f"floor({left}/{right})")
        case "%":
            return call(f"{left}-{right}*floor({left}/{right})")
    return call(f"{left}{op}{right}" if right >= 0 else f"{left}{op}({right})")


def _cite(rule: str) -> str:
    return f" [@{rule}]" if rule else ""
