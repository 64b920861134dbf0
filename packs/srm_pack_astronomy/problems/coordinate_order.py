"""Which of three objects has the largest right ascension, or lies farthest north or south."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.composing import by_split, compose, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_astronomy.catalogue import Thing

from .object_facts import placed

KIND = Kind(
    name="coordinate_order",
    title="which of three objects is farthest in right ascension or declination",
    book="open",
    anchor="the first object; the others are of the same split",
    shared="nothing",
    second_grader="the coordinates that pyongc's own look-up gives for the options",
)
QUESTIONS = (
    "Which of these has the {most}?",
    "Choose the object with the {most}.",
    "Among these, which one has the {most}?",
    "Find the object whose coordinates give the {most}.",
)
# words -> predicate, order
MOST = {
    "largest right ascension": ("srm:rightAscension", "DESC"),
    "smallest right ascension": ("srm:rightAscension", "ASC"),
    "northernmost declination": ("srm:declination", "DESC"),
    "southernmost declination": ("srm:declination", "ASC"),
}
LEAST_GAP = 0.5  # degrees


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem an object, with two others far enough away in the coordinate that is asked for."""
    pools = by_split(things, lambda thing: thing.curie)
    for thing in spread(things, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        pool = pools[split_of(thing.curie)]
        most = rng.choice(tuple(MOST))
        trio = [thing]
        for other in rng.sample(pool, min(8, len(pool))):
            if len(trio) < 3 and all(abs(along(other, most) - along(each, most)) >= LEAST_GAP for each in trio):
                trio.append(other)
        if len(trio) < 3:
            continue
        predicate, order = MOST[most]
        ranked = sorted(trio, key=lambda each: along(each, most))
        right = ranked[-1] if order == "DESC" else ranked[0]
        rng.shuffle(trio)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"most": most},
            answer=right.name,
            anchor=thing.curie,
            needed=[placed(each) for each in trio],
            query=f"""SELECT ?answer WHERE {{
  {{ $one {predicate} ?c ; rdfs:label ?answer }} UNION {{ $two {predicate} ?c ; rdfs:label ?answer }}
  UNION {{ $three {predicate} ?c ; rdfs:label ?answer }} }}
ORDER BY {order}(?c) LIMIT 1""",
            choices=tuple(each.name for each in trio),
            bindings=dict(zip(("one", "two", "three"), (each.curie for each in trio), strict=True)),
            remark=f"{along(right, most)} is the {'largest' if order == 'DESC' else 'smallest'}",
        )


def along(thing: Thing, most: str) -> float:
    """Return the coordinate that ``most`` speaks of."""
    return thing.ra if "ascension" in most else thing.dec
