"""A function with one wrong token and a call that shows it; the answer is the number of the line and the line."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_core.sandbox.values import decode
from srm_pack_code.drafting import Draft, problems_of
from srm_pack_code.reading import numbered
from srm_pack_code.running import tests_key, value_of
from srm_pack_code.specs import draw_spec
from srm_pack_code.witnesses import inputs_of

KIND = Kind(
    name="repair",
    title="the line of a function that is wrong, written right, judged by hidden tests",
    book="open",
    anchor="the composition and the place of the fault",
    shared="the parts that tasks are put together from, and how faults are made",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree of the repaired program",
)
ASKS = (
    "f should return {task}, but one line is wrong. Write its number and the right line.",
    "Repair f. It should return {task}. Give the line's number and the line.",
    "One line is wrong: f should return {task}. Answer with number: line.",
    "Find the fault. f should return {task}. Answer with number: line.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    spec, words = draw_spec(rng, loop=True)
    right = spec.loop()
    parts = ((3, spec.keep, "keep"), (4, spec.turn, "turn"))  # line, counted from 0; what it says; whose rule
    at, part, _ = rng.choice(parts)
    wrong = list(right)
    wrong[at] = wrong[at].replace(part.code, part.wrong)
    inputs = inputs_of(spec, words, rng)
    key = tests_key("\n".join(right), inputs)
    seen = _failing("\n".join(wrong), key.values, inputs)
    if seen is None:
        return None
    fixed = f"{at + 1}: {right[at].strip()}"
    rules = {line: f"{group}:{each.phrase}" for line, each, group in parts}
    read = [
        f"{each.phrase}: {each.code} [@{rules[line]}], line {line + 1} has "
        + (f"{each.wrong}, wrong" if line == at else f"{each.code}, right")
        for line, each, _ in parts
    ]
    return Draft(
        ask=f"{rng.choice(ASKS).format(task=spec.words)} {seen}",
        code=numbered(wrong),
        answer=fixed,
        anchor=f"{spec.anchor} | {at}",
        key=key,
        rules=(rules[at], *(rule for line, rule in rules.items() if line != at)),
        steps="; ".join(read),
    )


def shown(value: object) -> str:
    """Return ``value`` as Python shows it, the items of a set in an order that never changes."""
    return "{" + ", ".join(sorted(map(repr, value))) + "}" if isinstance(value, set) and value else repr(value)


def _failing(wrong: str, values: tuple[str, ...], inputs: list[list[object]]) -> str | None:
    """Return what a short call gives and should give, or None if no call of at most four items shows the fault."""
    for given, value in zip(inputs, values, strict=True):
        if len(given) <= 4:
            try:
                got = value_of(wrong, f"f({given!r})")
            except (ZeroDivisionError, IndexError, TypeError, ValueError) as error:
                return f"f({given!r}) raises {type(error).__name__}, {shown(decode(value))} is right."
            if got != decode(value):
                return f"f({given!r}) gives {shown(got)}, {shown(decode(value))} is right."
    return None
