"""Counting the atoms of a structure, without facts."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import compose, literal, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry.compounds import load_compounds

KIND = Kind(
    name="smiles_formula",
    title="the molecular formula of a structure (SMILES), without facts",
    book="closed",
    anchor="the compound",
    shared="nothing: the atoms of the structure are counted",
    second_grader="the formula that RDKit counts in the SMILES of the question",
)
QUESTIONS = (
    "What is the molecular formula of {smiles}?",
    "Count the atoms of {smiles} and write its formula.",
    "Give the formula of the structure {smiles}.",
    "Which formula does the SMILES {smiles} have?",
)
HEAVY = 12


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a compound."""
    asked = [one for one in load_compounds().values() if one.heavy <= HEAVY]
    for one in spread(asked, seed=seed, name=lambda c: f"{c.curie} f", anchor=lambda c: c.curie):
        made = compose(
            kind=KIND.name,
            rng=rng_for(seed, KIND.name, one.curie),
            questions=QUESTIONS,
            names={"smiles": one.smiles},
            answer=one.formula,
            anchor=one.curie,
            needed=[],
            query=f"SELECT ?answer WHERE {{ ?c srm:smiles {literal(one.smiles)} ; srm:formula ?answer }}",
        )
        yield made.revised(solution=f"Answer: {one.formula}")
