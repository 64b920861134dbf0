"""All values that a variable takes in a loop, in order: the trace itself is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, named, problems_of
from srm_pack_code.running import value_key, value_of

from .loops import draw_loop

KIND = Kind(
    name="trace_values",
    title="explain a loop by its trace: the values of a variable after each round",
    book="open",
    anchor="the loop, whatever its variables are called",
    shared="the rules of loops and operators, and how loops are built",
    second_grader="an interpreter of our own that walks the syntax tree",
)
ASKS = (
    "List the values of {v} after each round of the loop.",
    "Explain by a trace: which values does {v} have after each round? Give a list.",
    "Write the list of what {v} is at the end of each round.",
    "Trace {v}: give its value after every round as a list.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    loop = draw_loop(rng)
    code, names = named(loop.template, ("i", "v"), rng)
    traced = f"seen_ = []\n{code}\n    seen_.append({names['v']})"
    values = value_of(traced, "seen_")
    assert values == list(loop.values)
    steps = "; ".join(loop.rounds).format_map(names)
    return Draft(
        ask=rng.choice(ASKS).format_map(names),
        code=code,
        answer=repr(values),
        anchor=loop.template,
        key=value_key(traced, "seen_", values),
        rules=loop.rules,
        steps=f"Rules {' '.join(f'[@{rule}]' for rule in loop.rules)}: {steps}",
    )
