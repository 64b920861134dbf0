"""From a brand or foreign name to the drug's own name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.drugs import Drug

from .drug_facts import askable, known_as, names_to_ask, spoken

KIND = Kind(
    name="brand_generic",
    title="the drug behind a brand name or another name",
    book="open",
    anchor="the drug",
    shared="nothing",
)
QUESTIONS = (
    "Which drug is {alias}?",
    "What is the generic name of {alias}?",
    "{alias} is another name of which drug?",
    "A label says {alias}. Which drug is it?",
)
ALIASES = 2  # problems a drug


def generate(drugs: Mapping[str, Drug], seed: int) -> Iterator[Problem]:
    """Yield up to two problems a drug, the names of three other drugs beside each."""
    asked = [drug for drug in drugs.values() if askable(drug)]
    pools = by_split(asked, lambda drug: drug.curie)
    items = [(drug, alias) for drug in asked for alias in names_to_ask(drug)[:ALIASES]]
    for drug, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, drug.curie, alias)
        pool = pools[split_of(drug.curie)]
        others = [other for other in rng.sample(pool, min(4, len(pool))) if other.name != drug.name][:3]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": spoken(alias)},
            answer=drug.name,
            anchor=drug.curie,
            needed=[known_as(drug, alias)],
            distractors=[known_as(other, rng.choice(names_to_ask(other))) for other in others],
            query=f"SELECT ?answer WHERE {{ ?drug skos:altLabel {literal(alias)} ; rdfs:label ?answer }}",
        )
