"""A function with a gap of one line; hidden tests decide whether a line fits."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.records import Kind, Problem
from srm_pack_code.drafting import Draft, problems_of
from srm_pack_code.reading import GAP
from srm_pack_code.running import tests_key
from srm_pack_code.specs import draw_spec
from srm_pack_code.witnesses import inputs_of

KIND = Kind(
    name="fill_in_the_middle",
    title="the missing line of a function, judged by hidden tests",
    book="open",
    anchor="the composition: what is made of which form of which items",
    shared="the parts that tasks are put together from",
    core=True,
    second_grader="an interpreter of our own that walks the syntax tree of the filled program",
)
ASKS = (
    "f returns {task}. Write the line for ____.",
    "Fill the gap ____ so that f returns {task}.",
    "Which line stands at ____? f returns {task}.",
    "One line is missing (____). The function returns {task}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield distinct problems."""
    return problems_of(KIND, _make, seed)


def _make(rng: Random) -> Draft | None:
    spec, words = draw_spec(rng, loop=True)
    lines = spec.loop()
    at, part, rule = rng.choice(((3, spec.keep, "keep"), (4, spec.turn, "turn")))
    missing = lines[at].strip()
    lines[at] = lines[at].replace(missing, GAP)
    rule = f"{rule}:{part.phrase}"
    return Draft(
        ask=rng.choice(ASKS).format(task=spec.words),
        code="\n".join(lines),
        answer=missing,
        anchor=f"{spec.anchor} | {at}",
        key=tests_key("\n".join(spec.loop()), inputs_of(spec, words, rng)),
        rules=(rule,),
        steps=f"The gap {'is the condition' if at == 3 else 'uses each item'}; {part.phrase}: {part.code} [@{rule}]",
        extra=3,
    )
