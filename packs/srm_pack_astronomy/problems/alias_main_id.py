"""The catalogue's main designation of an object that is asked for by another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.catalogue import Thing

from .object_facts import known_as

KIND = Kind(
    name="alias_main_id",
    title="the main designation behind a Messier number, a common name or another catalogue's number",
    book="open",
    anchor="the object",
    shared="nothing",
    core=True,
    second_grader="the main designation that pyongc's own look-up gives",
)
QUESTIONS = (
    "What is the main designation of {alias}?",
    "{alias} is listed under which main designation?",
    "Which NGC or IC object is {alias}?",
    "Give the main catalogue name of {alias}.",
)
NEIGHBOURS = 3


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield problems with the names of the catalogue's neighbours beside the needed one: numbers that look alike."""
    named = [thing for thing in things if (thing.aliases or thing.nicknames) and thing.name.startswith(("NGC", "IC"))]
    pools = by_split(named, lambda thing: thing.curie)
    places = {thing.curie: n for pool in pools.values() for n, thing in enumerate(pool)}
    items = [(thing, alias) for thing in named for alias in (*thing.nicknames, *thing.aliases)]
    for thing, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, thing.curie, alias)
        pool, place = pools[split_of(thing.curie)], places[thing.curie]
        around = [other for other in pool[max(0, place - 4) : place + 5] if other is not thing]
        near = rng.sample(around, min(NEIGHBOURS, len(around)))
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": alias},
            answer=thing.name,
            anchor=thing.curie,
            needed=[known_as(thing, alias)],
            distractors=[known_as(other, rng.choice((*other.nicknames, *other.aliases))) for other in near],
            query=f"SELECT ?answer WHERE {{ ?o skos:altLabel {literal(alias)} ; rdfs:label ?answer }}",
        )
