"""Write a function in one line; hidden tests in the sandbox decide."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, problems_of
from srm_pack_code.running import tests_key
from srm_pack_code.specs import Part, draw_spec
from srm_pack_code.witnesses import inputs_of

KIND = Kind(
    name="write_function",
    title="a function written to a short task, judged by hidden tests",
    book="open",
    anchor="the composition: what is made of which form of which items",
    shared="the parts that tasks are put together from",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree of the answer",
)
ASKS = (
    "Write a function f(xs) that returns {task}.",
    "Define f(xs). It returns {task}.",
    "Give Python code for f(xs): it returns {task}.",
    "f(xs) should return {task}. Write it in one line.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    spec, words = draw_spec(rng)
    rules = (f"turn:{spec.turn.phrase}", f"keep:{spec.keep.phrase}", f"fold:{spec.fold.phrase}")
    example = inputs_of(spec, words, rng)[2]
    key = tests_key(spec.one_line, inputs_of(spec, words, rng))
    ask = rng.choice(ASKS).format(task=spec.words)
    return Draft(
        ask=f"{ask} {'xs holds words' if words else 'xs holds whole numbers'}, e.g. {example!r}.",
        code="",
        answer=spec.one_line,
        anchor=spec.anchor,
        key=key,
        rules=rules,
        steps=f"{_said(spec.turn, rules[0])}; {_said(spec.keep, rules[1])}; {spec.fold.phrase} them [@{rules[2]}]",
        extra=3,
    )


def _said(part: Part, rule: str) -> str:
    return f"{part.phrase}: {part.code} [@{rule}]"
