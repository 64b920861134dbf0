"""From a structure to its name, among structures of the same formula where there are some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from srm_core.composing import by_split, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem, split_of
from srm_pack_chemistry.compounds import Compound, load_compounds

from .compound_facts import smiles_fact

KIND = Kind(
    name="smiles_name",
    title="the name of a structure (SMILES), isomers beside it",
    book="open",
    anchor="the compound",
    shared="nothing",
    second_grader="the chemicals package's own row of names",
)
QUESTIONS = (
    "Which compound has SMILES {smiles}?",
    "Name the compound {smiles}.",
    "What is the name of {smiles}?",
    "A structure is written {smiles}. Which compound is it?",
)
HEAVY = 16
SHOWN = 3  # other structures


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a compound; isomers of its own split are shown first."""
    asked = [one for one in load_compounds().values() if one.heavy <= HEAVY]
    pools = by_split(asked, lambda one: one.curie)
    isomers: dict[tuple[str, str], list[Compound]] = defaultdict(list)
    for one in asked:
        isomers[split_of(one.curie), one.formula].append(one)
    for one in spread(asked, seed=seed, name=lambda c: c.curie, anchor=lambda c: c.curie):
        rng = rng_for(seed, KIND.name, one.curie)
        split = split_of(one.curie)
        near = [other for other in isomers[split, one.formula] if other is not one]
        others = rng.sample(near, min(2, len(near)))
        others += [other for other in rng.sample(pools[split], 6) if other is not one and other not in others]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"smiles": one.smiles},
            answer=one.name,
            anchor=one.curie,
            needed=[smiles_fact(one)],
            distractors=[smiles_fact(other) for other in others[:SHOWN]],
            query=f"SELECT ?answer WHERE {{ ?c srm:smiles {literal(one.smiles)} ; rdfs:label ?answer }}",
            accept=tuple(alias for alias in one.aliases if alias != one.name),
        )
