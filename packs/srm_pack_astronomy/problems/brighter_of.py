"""Which of three objects is the brightest or the faintest: magnitudes run backwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, extreme, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.observers import some_report

from .object_facts import shines

KIND = Kind(
    name="brighter_of",
    title="the brightest or faintest of three objects, from their visual magnitudes",
    book="open",
    anchor="the first object; the others are of the same split",
    shared="nothing",
    core=True,
    second_grader="the magnitudes that pyongc's own look-up gives for the names in the question",
)
QUESTIONS = (
    "Which is the {most}: {one}, {two} or {three}?",
    "Name the {most} of {one}, {two} and {three}.",
    "Of {one}, {two} and {three}, which one is {most} in visual light?",
    "{report} Which of {one}, {two} and {three} is the {most}?",
)
LEAST_GAP = 0.1  # magnitudes


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem an object with a visual magnitude."""
    lit = [thing for thing in things if thing.magnitude is not None]
    pools = by_split(lit, lambda thing: thing.curie)
    for thing in spread(lit, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        pool = pools[split_of(thing.curie)]
        trio = [thing]
        for other in rng.sample(pool, min(12, len(pool))):
            if len(trio) < 3 and all(_apart(other, each) for each in trio):
                trio.append(other)
        if len(trio) < 3:
            continue
        most = rng.choice(("brightest", "faintest"))
        ranked = sorted(trio, key=lambda each: each.magnitude or 0)
        right = ranked[0] if most == "brightest" else ranked[-1]
        rng.shuffle(trio)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"most": most, "report": some_report(rng)}
            | dict(zip(("one", "two", "three"), (each.name for each in trio), strict=True)),
            answer=right.name,
            anchor=thing.curie,
            needed=[shines(each) for each in trio],
            query=f"""SELECT ?answer WHERE {{
  {{ $one srm:vMagnitude ?m ; rdfs:label ?answer }} UNION {{ $two srm:vMagnitude ?m ; rdfs:label ?answer }}
  UNION {{ $three srm:vMagnitude ?m ; rdfs:label ?answer }} }}
ORDER BY {"ASC" if most == "brightest" else "DESC"}(?m) LIMIT 1""",
            bindings=dict(zip(("one", "two", "three"), (each.curie for each in trio), strict=True)),
            remark=extreme({each.name: each.magnitude or 0 for each in trio}, largest=most == "faintest"),
        )


def _apart(one: Thing, other: Thing) -> bool:
    return abs((one.magnitude or 0) - (other.magnitude or 0)) >= LEAST_GAP
