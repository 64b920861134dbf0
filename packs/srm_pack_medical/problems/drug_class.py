"""From a name on a prescription to the drug, and from the drug to its MeSH class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.drugs import Drug

from .drug_facts import LONGEST, askable, belongs, known_as, names_to_ask, spoken

KIND = Kind(
    name="drug_class",
    title="the MeSH class of a drug known by another name, two steps away",
    book="open",
    anchor="the drug",
    shared="the names of the classes: many drugs share one",
    core=True,
)
QUESTIONS = (
    "Which class does {alias} belong to?",
    "{alias}: which drug class?",
    "Name the MeSH class of {alias}.",
    "A patient takes {alias}. To which class does it belong?",
)
ALIASES = 3  # problems a drug, each by another name


def generate(drugs: Mapping[str, Drug], seed: int) -> Iterator[Problem]:
    """Yield problems about drugs that stand in exactly one class, two drugs of other classes beside each."""
    single = [
        d for d in drugs.values() if askable(d) and len(d.parents) == 1 and len(drugs[d.parents[0]].name) <= LONGEST
    ]
    owners = _owners(drugs)
    pools = by_split(single, lambda drug: drug.curie)
    items = [(d, a) for d in single for a in [n for n in names_to_ask(d) if owners[n] == 1][:ALIASES]]
    for drug, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, drug.curie, alias)
        others = [other for other in pools[split_of(drug.curie)] if other.parents != drug.parents]
        if len(others) < 2:
            continue
        first, second = rng.sample(others, 2)
        group = drugs[drug.parents[0]]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": spoken(alias)},
            answer=group.name,
            anchor=drug.curie,
            needed=[known_as(drug, alias), belongs(drug, group)],
            distractors=[
                known_as(first, rng.choice(names_to_ask(first))),
                belongs(first, drugs[first.parents[0]]),
                belongs(second, drugs[second.parents[0]]),
            ],
            query=f"SELECT ?answer WHERE {{ ?drug skos:altLabel {literal(alias)} ; skos:broader/rdfs:label ?answer }}",
            accept=tuple(name for name in group.aliases if len(name) <= LONGEST),
        )


def _owners(drugs: Mapping[str, Drug]) -> Mapping[str, int]:
    owners: dict[str, int] = {}
    for drug in drugs.values():
        for alias in drug.aliases:
            owners[alias] = owners.get(alias, 0) + 1
    return owners
