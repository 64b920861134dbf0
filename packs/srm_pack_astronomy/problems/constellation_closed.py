"""Closed book: the constellation of an object, from memory alone. Reported apart, never a headline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import rng_for, spread
from srm_core.records import GraphKey, Kind, Problem
from srm_pack_astronomy import facts
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.constellations import NAMES

KIND = Kind(
    name="constellation_closed",
    title="the constellation of an object, without facts",
    book="closed",
    anchor="the object",
    shared="nothing: a held-out object was never seen, so only the base's own memory can help",
    second_grader="IAU boundaries at the object's coordinates, by astropy",
)
QUESTIONS = (
    "In which constellation is {name}?",
    "Name the constellation of {name}.",
    "{name} belongs to which constellation?",
    "Which constellation contains {name}?",
)


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem an object, by a common name or Messier number where it has one."""
    for thing in spread(things, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        fact = facts.lies_in(thing).id
        yield Problem(
            kind=KIND.name,
            question=rng.choice(QUESTIONS).format(name=rng.choice((*thing.nicknames, thing.name))),
            answer=NAMES[thing.constellation],
            accept=(thing.constellation,),
            anchor=thing.curie,
            facts=(fact,),
            parents=(fact,),
            key=GraphKey(
                query="SELECT ?answer WHERE { $thing srm:constellation/rdfs:label ?answer }",
                bindings={"thing": thing.curie},
            ),
            solution=f"Answer: {NAMES[thing.constellation]}",
        )
