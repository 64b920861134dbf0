"""The structure of a compound known by another name, as SMILES."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.compounds import spoken

from .compound_facts import alias_fact, aliased, aliased_by_split, smiles_fact

KIND = Kind(
    name="name_smiles",
    title="the structure (SMILES) of a compound known by another name; any SMILES of the same InChIKey is right",
    book="open",
    anchor="the compound",
    shared="nothing",
    second_grader="RDKit's canonical SMILES",
)
QUESTIONS = (
    "Write the SMILES of {alias}.",
    "Which SMILES stands for {alias}?",
    "Give the structure of {alias} as SMILES.",
    "{alias}: what is its SMILES?",
)
HEAVY = 14  # atoms other than hydrogen, at most


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a name, two compounds of other structure beside it."""
    small = {split: [one for one in pool if one.heavy <= HEAVY] for split, pool in aliased_by_split().items()}
    items = [(one, alias) for one in aliased() if one.heavy <= HEAVY for alias in one.aliases[:4]]
    for one, alias in spread(items, seed=seed, name=lambda i: f"{i[0].curie} {i[1]} s", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, one.curie, alias)
        first, second = [other for other in rng.sample(small[split_of(one.curie)], 3) if other is not one][:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": spoken(alias)},
            answer=one.smiles,
            anchor=one.curie,
            needed=[alias_fact(one, alias), smiles_fact(one)],
            distractors=[alias_fact(first, rng.choice(first.aliases)), smiles_fact(first), smiles_fact(second)],
            query=f"SELECT ?answer WHERE {{ ?c skos:altLabel {literal(alias)} ; srm:smiles ?answer }}",
        )
