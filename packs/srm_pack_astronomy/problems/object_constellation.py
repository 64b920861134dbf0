"""From a designation to the object, and from the object to its constellation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.constellations import NAMES
from srm_pack_astronomy.observers import some_report

from .object_facts import known_as, lies_in

KIND = Kind(
    name="object_constellation",
    title="the constellation of an object known by another designation, two steps away",
    book="open",
    anchor="the object",
    shared="the names of the constellations: many objects share one",
    core=True,
    second_grader="IAU boundaries at the object's coordinates, by astropy",
)
QUESTIONS = (
    "In which constellation is {alias}?",
    "{alias}: which constellation?",
    "Name the constellation of {alias}.",
    "Where in the sky would you look for {alias}? Name the constellation.",
    "{report} In which constellation does {alias} lie?",
)
ALIASES = 2  # problems an object, each by another name


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield problems about objects with another name, two objects of other constellations beside each."""
    named = [thing for thing in things if thing.aliases or thing.nicknames]
    pools = by_split(named, lambda thing: thing.curie)
    items = [(thing, alias) for thing in named for alias in (*thing.nicknames, *thing.aliases[:ALIASES])]
    for thing, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, thing.curie, alias)
        near = [
            other
            for other in rng.sample(pools[split_of(thing.curie)], 6)
            if other.constellation != thing.constellation and other is not thing
        ]
        if len(near) < 2:
            continue
        first, second = near[:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": alias, "report": some_report(rng)},
            answer=NAMES[thing.constellation],
            accept=(thing.constellation,),
            anchor=thing.curie,
            needed=[known_as(thing, alias), lies_in(thing)],
            distractors=[known_as(first, (*first.nicknames, *first.aliases)[0]), lies_in(first), lies_in(second)],
            query=f"SELECT ?answer WHERE {{ ?o skos:altLabel {literal(alias)} ; srm:constellation/rdfs:label ?answer}}",
        )
