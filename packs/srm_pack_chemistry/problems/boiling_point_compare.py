"""Which of three compounds boils at the highest or the lowest temperature."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, extreme, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.compounds import load_compounds

from .compound_facts import boiling_fact

KIND = Kind(
    name="boiling_point_compare",
    title="which of three compounds boils highest or lowest",
    book="open",
    anchor="the first compound; the others are of the same split",
    shared="nothing",
    second_grader="comparison of the temperatures in the facts as shown",
)
QUESTIONS = (
    "Which boils at the {most} temperature: {a}, {b} or {c}?",
    "Of {a}, {b} and {c}, which has the {most} boiling point?",
    "{a}, {b}, {c}: which one has the {most} boiling point?",
    "Find the compound with the {most} boiling point among {a}, {b} and {c}.",
)
APART = 3.0  # K between two of the three
QUERY = """SELECT ?answer WHERE {{ ?one srm:boilingPoint ?t ; rdfs:label ?answer FILTER(?one IN ($a, $b, $c)) }}
ORDER BY {order}(?t) LIMIT 1"""


def generate(seed: int) -> Iterator[Problem]:
    """Yield two problems a compound."""
    asked = [one for one in load_compounds().values() if one.boiling is not None and " " not in one.name]
    pools = by_split(asked, lambda one: one.curie)
    items = [(one, most) for one in asked for most in ("highest", "lowest")]
    for one, most in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, one.curie, most)
        three = [one]
        for other in rng.sample(pools[split_of(one.curie)], 12):
            if len(three) < 3 and all(abs((other.boiling or 0) - (each.boiling or 0)) > APART for each in three):
                three.append(other)
        if len(three) < 3:
            continue
        chosen = (max if most == "highest" else min)(three, key=lambda each: each.boiling or 0)
        rng.shuffle(three)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"most": most, **dict(zip("abc", (each.name for each in three), strict=True))},
            answer=chosen.name,
            anchor=one.curie,
            needed=[boiling_fact(each) for each in three],
            query=QUERY.format(order="DESC" if most == "highest" else "ASC"),
            bindings={letter: each.curie for letter, each in zip("abc", three, strict=True)},
            remark=extreme({each.name: round(each.boiling or 0, 1) for each in three}, largest=most == "highest"),
        )
