"""Where an element stands, named by its symbol or its atomic number: two steps."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.elements import load_elements

from .element_facts import PLACES, number_fact, place_fact, place_of, symbol_fact

KIND = Kind(
    name="element_lookup",
    title="the group, period, block or series of an element named by symbol or atomic number",
    book="open",
    anchor="the element",
    shared="nothing",
    second_grader="the element's row in mendeleev's database, found by the question alone",
)
QUESTIONS = {
    "group": ("Which group is {known} in?", "What is the group of {known}?", "{known}: which group?",
              "Name the group of {known}."),
    "period": ("Which period is {known} in?", "What is the period of {known}?", "{known}: which period?",
               "Name the period of {known}."),
    "block": ("Which block is {known} in?", "What is the block of {known}?", "{known}: which block?",
              "Name the block of {known}."),
    "series": ("Which series does {known} belong to?", "What is the series of {known}?", "{known}: which series?",
               "Name the series of {known}."),
}  # fmt: skip


def generate(seed: int) -> Iterator[Problem]:
    """Yield a problem an element, a place and a way to name it."""
    elements = list(load_elements().values())
    pools = by_split(elements, lambda one: one.curie)
    items = [
        (one, place, way, turn)
        for one in elements
        for place in PLACES
        if place_of(one, place)
        for way in ("symbol", "number")
        for turn in range(2)
    ]
    for one, place, way, turn in spread(
        items, seed=seed, name=lambda i: f"{i[0].curie} {i[1:]}", anchor=lambda i: i[0].curie
    ):
        rng = rng_for(seed, KIND.name, one.curie, place, way)
        wordings = QUESTIONS[place][turn::2]
        fact = symbol_fact if way == "symbol" else number_fact
        others = [other for other in rng.sample(pools[split_of(one.curie)], 4) if other is not one][:2]
        known = one.symbol if way == "symbol" else f"element {one.number}"
        value = literal(one.symbol if way == "symbol" else str(one.number))
        predicate = "srm:symbol" if way == "symbol" else "srm:atomicNumber"
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=wordings,
            names={"known": known},
            answer=place_of(one, place),
            anchor=one.curie,
            needed=[fact(one), place_fact(one, place)],
            distractors=[fact(others[0]), *(place_fact(o, place) for o in others if place_of(o, place))],
            query=f"SELECT ?answer WHERE {{ ?e $way {value} ; $place ?answer }}",
            bindings={"way": predicate, "place": f"srm:{place}"},
        )
