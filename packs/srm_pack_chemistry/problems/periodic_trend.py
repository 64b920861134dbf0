"""Which of three elements has the highest or lowest value of a property."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, extreme, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.elements import load_elements

from .element_facts import QUANTITIES

KIND = Kind(
    name="periodic_trend",
    title="which of three elements has the highest or lowest value of a property",
    book="open",
    anchor="the first element; the others are of the same split",
    shared="nothing",
    core=True,
    second_grader="comparison of the values in the facts as shown",
)
QUESTIONS = (
    "Which has the {most} {title}: {a}, {b} or {c}?",
    "Of {a}, {b} and {c}, which element has the {most} {title}?",
    "{a}, {b}, {c}: which one has the {most} {title}?",
    "Name the element with the {most} {title} among {a}, {b} and {c}.",
)
QUERY = """SELECT ?answer WHERE {{ ?e $property ?v ; rdfs:label ?answer FILTER(?e IN ($a, $b, $c)) }}
ORDER BY {order}(?v) LIMIT 1"""
ROUNDS = 4  # problems an element, a property and a direction


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about three elements of one split, values of another property beside them."""
    elements = [one for one in load_elements().values() if one.number <= 103]
    pools = by_split(elements, lambda one: one.curie)
    items = [
        (one, quantity, most, turn)
        for one in elements
        for quantity in QUANTITIES
        if quantity.of(one) is not None
        for most in ("highest", "lowest")
        for turn in range(ROUNDS)
    ]
    asked: set[tuple[object, ...]] = set()
    for one, quantity, most, turn in spread(
        items, seed=seed, name=lambda i: f"{i[0].curie} {i[1].field} {i[2]} {i[3]}", anchor=lambda i: i[0].curie
    ):
        rng = rng_for(seed, KIND.name, one.curie, quantity.field, most, str(turn))
        three = [one]
        for other in rng.sample(pools[split_of(one.curie)], min(8, len(pools[split_of(one.curie)]))):
            values = [quantity.of(each) for each in three]
            if len(three) < 3 and quantity.of(other) is not None and quantity.of(other) not in values:
                three.append(other)
        same = (quantity.field, most, frozenset(each.symbol for each in three))
        if len(three) < 3 or same in asked:
            continue
        asked.add(same)
        chosen = (max if most == "highest" else min)(three, key=lambda each: quantity.of(each) or 0)
        rng.shuffle(three)
        others = [each for each in QUANTITIES if each is not quantity and each.of(three[0]) is not None]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"most": most, "title": quantity.title, **dict(zip("abc", (e.name for e in three), strict=True))},
            answer=chosen.name,
            anchor=one.curie,
            needed=[quantity.fact(each) for each in three],
            distractors=[rng.choice(others).fact(three[0])],
            query=QUERY.format(order="DESC" if most == "highest" else "ASC"),
            bindings={"property": quantity.predicate, **{k: e.curie for k, e in zip("abc", three, strict=True)}},
            accept=(chosen.symbol,),
            remark=extreme({each.name: quantity.of(each) or 0 for each in three}, largest=most == "highest"),
        )
