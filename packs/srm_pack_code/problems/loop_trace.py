"""The value of a variable after a loop, or after some rounds of it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of

from .loops import draw_loop

KIND = Kind(
    name="loop_trace",
    title="the value of a variable after a loop, traced round by round",
    book="open",
    anchor="the loop, whatever its variables are called",
    shared="the rules of loops and operators, and how loops are built",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "What is {v} after this code?",
    "Trace the loop. Which value has {v} at the end?",
    "This code runs. What is {v} then?",
    "Give the last value of {v}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    loop = draw_loop(rng)
    code, names = named(loop.template, ("i", "v"), rng)
    value = value_of(code, names["v"])
    assert value == loop.values[-1]
    steps = "; ".join(loop.rounds).format_map(names)
    return Draft(
        ask=rng.choice(ASKS).format_map(names),
        code=code,
        answer=repr(value),
        anchor=loop.template,
        key=value_key(code, names["v"], value),
        rules=loop.rules,
        steps=f"Rules {' '.join(f'[@{rule}]' for rule in loop.rules)}: {steps}",
    )
