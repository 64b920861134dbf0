"""From the formula of a salt to its systematic name."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import call
from srm_core.composing import compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry.ions import salts

from .ion_facts import ion_fact, near_ions, spellings

KIND = Kind(
    name="ionic_name",
    title="the systematic name of a salt from its formula",
    book="open",
    anchor="the salt",
    shared="the ions: a salt of a test problem is new, its ions are not",
)
QUESTIONS = (
    "What is the systematic name of {formula}?",
    "Name the salt {formula}.",
    "{formula}: which name?",
    "Give the name of the compound {formula}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a salt."""
    for one in spread(salts(), seed=seed, name=lambda s: f"name {s.formula}", anchor=lambda s: s.curie):
        rng = rng_for(seed, KIND.name, one.formula)
        charge = call(f"{one.anions}*{-one.anion.charge}/{one.cations}")
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"formula": one.formula},
            answer=one.name,
            anchor=one.curie,
            needed=[ion_fact(one.anion), ion_fact(one.cation)],
            distractors=near_ions(one, rng),
            query="SELECT ?answer WHERE { $salt rdfs:label ?answer }",
            bindings={"salt": one.curie},
            accept=spellings(one.name),
            remark=f"{one.cations} {one.cation.formula}, {one.anions} {one.anion.formula}: charge {charge}",
        )
