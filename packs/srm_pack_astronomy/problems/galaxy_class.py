"""From a galaxy to its Hubble type, and from the type to the class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, digest, split_of
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.galaxies import class_of

from .object_facts import hubble_means, of_hubble_type

KIND = Kind(
    name="galaxy_class",
    title="the class of a galaxy from its Hubble type, two steps away",
    book="open",
    anchor="the galaxy",
    shared="what the Hubble types mean",
    core=True,
    second_grader="the Hubble type that pyongc's own look-up gives, read letter by letter",
)
QUESTIONS = (
    "Which class of galaxy is {name}?",
    "{name}: elliptical, lenticular, irregular, or which sort of spiral?",
    "Name the class of the galaxy {name}.",
    "To which class in Hubble's sequence does {name} belong?",
)
A_CLASS = 700  # galaxies of one class at most: three classes hold most of them


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem a galaxy whose type is of one class, a type of another class and another galaxy beside it."""
    galaxies = _balanced(things)
    pools = by_split(galaxies, lambda thing: thing.curie)
    types = sorted({thing.hubble for thing in galaxies})
    for thing in spread(galaxies, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        others = [hubble for hubble in types if class_of(hubble) != class_of(thing.hubble)]
        pool = pools[split_of(thing.curie)]
        beside = next((t for t in rng.sample(pool, min(8, len(pool))) if t.hubble != thing.hubble), None)
        if not others or beside is None:
            continue
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"name": thing.name},
            answer=class_of(thing.hubble),
            anchor=thing.curie,
            needed=[of_hubble_type(thing), hubble_means(thing.hubble)],
            distractors=[of_hubble_type(beside), hubble_means(beside.hubble), hubble_means(rng.choice(others))],
            query="SELECT ?answer WHERE { $galaxy srm:hubbleType/skos:broader/rdfs:label ?answer }",
            bindings={"galaxy": thing.curie},
        )


def _balanced(things: Sequence[Thing]) -> list[Thing]:
    classes: dict[str, list[Thing]] = {}
    for thing in sorted(things, key=lambda each: digest(each.key)):
        name = class_of(thing.hubble) if thing.type == "G" else ""
        if name:
            classes.setdefault(name, []).append(thing)
    return [thing for members in classes.values() for thing in members[:A_CLASS]]
