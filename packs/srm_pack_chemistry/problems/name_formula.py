"""The molecular formula of a compound known by another name: two steps."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.compounds import spoken

from .compound_facts import alias_fact, aliased, aliased_by_split, formula_fact

KIND = Kind(
    name="name_formula",
    title="the molecular formula of a compound known by another name, two steps away",
    book="open",
    anchor="the compound",
    shared="formulas that isomers share",
    core=True,
    second_grader="the formula that RDKit counts in the compound's SMILES",
)
QUESTIONS = (
    "What is the molecular formula of {alias}?",
    "Give the formula of {alias}.",
    "Which formula does {alias} have?",
    "Write the molecular formula of {alias}.",
    "{alias}: which formula?",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a name, two compounds with other formulas beside it."""
    pools = aliased_by_split()
    items = [(one, alias) for one in aliased() for alias in one.aliases]
    for one, alias in spread(items, seed=seed, name=lambda i: f"{i[1]} {i[0].curie}", anchor=lambda i: i[0].curie):
        rng = rng_for(seed, KIND.name, one.curie, alias)
        sample = rng.sample(pools[split_of(one.curie)], 6)
        first, second = [other for other in sample if other.formula != one.formula][:2]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"alias": spoken(alias)},
            answer=one.formula,
            anchor=one.curie,
            needed=[alias_fact(one, alias), formula_fact(one)],
            distractors=[alias_fact(first, rng.choice(first.aliases)), formula_fact(first), formula_fact(second)],
            query=f"SELECT ?answer WHERE {{ ?c skos:altLabel {literal(alias)} ; srm:formula ?answer }}",
        )
