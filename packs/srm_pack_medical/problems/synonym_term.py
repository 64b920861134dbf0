"""From a synonym to the phenotype's number, and from the number to its name in HPO."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.hpo import Hpo

from .hpo_facts import askable, findings, named, numbered

KIND = Kind(
    name="synonym_term",
    title="the name that HPO gives to a finding, by its number",
    book="open",
    anchor="the phenotype",
    shared="nothing",
)
QUESTIONS = (
    "What is the HPO name of '{alias}'?",
    "Which HPO term is '{alias}'?",
    "A note says '{alias}'. What does HPO call it?",
)


def generate(hpo: Hpo, seed: int) -> Iterator[Problem]:
    """Yield one problem a synonym that belongs to one phenotype, two other phenotypes beside it."""
    owners: dict[str, int] = {}
    for term in hpo.terms.values():
        for alias in term.synonyms:
            owners[alias] = owners.get(alias, 0) + 1
    asked = [term for term in findings(hpo) if askable(term)]
    pools = by_split(asked, lambda term: term.curie)
    items = [(term, alias) for term in asked for alias in askable(term) if owners[alias] == 1]
    for term, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, term.curie, alias)
        pool = pools[split_of(term.curie)]
        others = [other for other in rng.sample(pool, min(3, len(pool))) if other != term][:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": alias},
            answer=term.name,
            anchor=term.curie,
            needed=[numbered(hpo, term, alias), named(hpo, term)],
            distractors=[
                *(named(hpo, other) for other in others),
                *(numbered(hpo, other, rng.choice(askable(other))) for other in others[:1]),
            ],
            query=f"SELECT ?answer WHERE {{ ?term skos:altLabel {literal(alias)} ; rdfs:label ?answer }}",
        )
