"""From another name of a compound to the name in use."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.compounds import spoken

from .compound_facts import alias_fact, aliased, aliased_by_split

KIND = Kind(
    name="synonym_name",
    title="the name in use of a compound known by another name",
    book="open",
    anchor="the compound",
    shared="nothing",
    second_grader="the chemicals package's own row of names",
)
QUESTIONS = (
    "Which compound is also called {alias}?",
    "{alias} is another name of which compound?",
    "A label says {alias}. Which compound is it?",
    "Give the usual name of {alias}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a name, three other compounds' names beside it."""
    pools = aliased_by_split()
    items = [(one, alias) for one in aliased() for alias in one.aliases]
    for one, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, one.curie, alias)
        others = [other for other in rng.sample(pools[split_of(one.curie)], 4) if other is not one][:3]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": spoken(alias)},
            answer=one.name,
            anchor=one.curie,
            needed=[alias_fact(one, alias)],
            distractors=[alias_fact(other, rng.choice(other.aliases)) for other in others],
            query=f"SELECT ?answer WHERE {{ ?c skos:altLabel {literal(alias)} ; rdfs:label ?answer }}",
        )
