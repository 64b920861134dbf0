"""From a synonym to the phenotype, and from the phenotype to what it is a kind of."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_medical.hpo import Hpo, Term

from .hpo_facts import LONGEST, also_called, askable, findings, kind_of

KIND = Kind(
    name="hpo_parent",
    title="what a phenotype, known by a synonym, is a kind of",
    book="open",
    anchor="the phenotype",
    shared="the names of the parents: several phenotypes share one",
)
QUESTIONS = (
    "What is '{alias}' a kind of?",
    "'{alias}': name the group right above it.",
    "Which finding is the parent of '{alias}'?",
)


def generate(hpo: Hpo, seed: int) -> Iterator[Problem]:
    """Yield one problem a synonym of phenotypes with exactly one parent, two other phenotypes beside each."""
    owners: dict[str, int] = {}
    for term in hpo.terms.values():
        for alias in term.synonyms:
            owners[alias] = owners.get(alias, 0) + 1
    single = [
        term
        for term in findings(hpo)
        if askable(term) and len(term.parents) == 1 and len(hpo.terms[term.parents[0]].name) <= LONGEST
    ]
    pools = by_split(single, lambda term: term.curie)
    items = [(term, alias) for term in single for alias in askable(term) if owners[alias] == 1]
    for term, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, term.curie, alias)
        others = [t for t in _some(rng, pools[split_of(term.curie)]) if t.parents != term.parents][:2]
        parent = hpo.terms[term.parents[0]].name
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": alias},
            answer=parent,
            anchor=term.curie,
            needed=[also_called(hpo, term, alias), kind_of(hpo, term)],
            distractors=[
                *(kind_of(hpo, other) for other in others),
                *(also_called(hpo, other, rng.choice(askable(other))) for other in others[:1]),
            ],
            query=f"SELECT ?answer WHERE {{ ?term skos:altLabel {literal(alias)} ; skos:broader/rdfs:label ?answer }}",
        )


def _some(rng: Random, pool: list[Term]) -> list[Term]:
    return rng.sample(pool, min(8, len(pool)))
