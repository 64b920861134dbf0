"""From a designation to the object, and from the object to what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, digest, split_of
from srm_pack_astronomy.catalogue import TYPES, Thing

from .object_facts import known_as, of_type

KIND = Kind(
    name="object_type",
    title="what an object known by another designation is, two steps away",
    book="open",
    anchor="the object",
    shared="the names of the types: many objects share one",
    core=True,
    second_grader="the type that pyongc's own look-up gives for the designation in the question",
)
QUESTIONS = (
    "What type of object is {alias}?",
    "{alias}: which type of object?",
    "Name the type of {alias}.",
    "What will a telescope show at {alias}? Name the type of object.",
)
ALIASES = 3
GALAXIES = 1200  # of 10,000: more would leave one answer to guess


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield problems about objects with another name, objects of other types beside each."""
    named = [thing for thing in things if thing.aliases or thing.nicknames]
    galaxies = sorted((t for t in named if t.type == "G"), key=lambda thing: (not thing.nicknames, digest(thing.key)))
    asked = [thing for thing in named if thing.type != "G"]
    asked += galaxies[: min(GALAXIES, len(asked))]
    pools = by_split(asked, lambda thing: thing.curie)
    items = [(thing, alias) for thing in asked for alias in (*thing.nicknames, *thing.aliases)[:ALIASES]]
    for thing, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, thing.curie, alias)
        pool = pools[split_of(thing.curie)]
        near = [other for other in rng.sample(pool, min(10, len(pool))) if other.type != thing.type]
        if len(near) < 2:
            continue
        first, second = near[:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": alias},
            answer=TYPES[thing.type],
            anchor=thing.curie,
            needed=[known_as(thing, alias), of_type(thing)],
            distractors=[known_as(first, (*first.nicknames, *first.aliases)[0]), of_type(first), of_type(second)],
            query=f"SELECT ?answer WHERE {{ ?o skos:altLabel {literal(alias)} ; srm:objectType/rdfs:label ?answer }}",
        )
