"""Which of four functional groups a structure holds."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import Fact, compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry import facts
from srm_pack_chemistry.compounds import load_compounds

from .compound_facts import smiles_fact
from .groups import GROUPS, groups_of

KIND = Kind(
    name="functional_group",
    title="which of four functional groups a compound holds",
    book="open",
    anchor="the compound",
    shared="how each group is written",
    second_grader="RDKit's own fragment counts (rdkit.Chem.Fragments)",
)
QUESTIONS = (
    "Which functional group does {name} hold?",
    "Which of these groups is in {name}?",
    "{name} holds one of these groups. Which one?",
    "Look at the structure of {name}. Which group is there?",
)
HEAVY = 18
TURNS = 2  # sets of options a group of a compound
# Groups that contain another one, or are often called by its name, are no wrong options beside it.
_CLOSE = {"phenol": {"alcohol"}, "alcohol": {"phenol"}, "carboxylic acid": {"alcohol"}, "aldehyde": {"ketone"}}


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a group of a compound and a set of options, with three groups that it does not hold."""
    asked = [one for one in load_compounds().values() if one.heavy <= HEAVY]
    items = [(one, group, turn) for one in asked for group in sorted(groups_of(one)) for turn in range(TURNS)]
    for one, group, turn in spread(
        items, seed=seed, name=lambda i: f"{i[0].curie} {i[1:]}", anchor=lambda i: i[0].curie
    ):
        rng = rng_for(seed, KIND.name, one.curie, group, str(turn))
        absent = [name for name in GROUPS if name not in groups_of(one) and name not in _CLOSE.get(group, ())]
        options = rng.sample([group, *rng.sample(absent, 3)], 4)
        values = " ".join(f'"{option}"' for option in options)
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"name": one.name},
            answer=group,
            anchor=one.curie,
            needed=[smiles_fact(one), _pattern(group)],
            distractors=[_pattern(option) for option in options],
            query=f"SELECT ?answer WHERE {{ VALUES ?answer {{ {values} }} $compound srm:functionalGroup ?answer }}",
            bindings={"compound": one.curie},
            choices=tuple(options),
        )


def _pattern(group: str) -> Fact:
    text = GROUPS[group][1]
    return Fact(f"{group[:1].upper()}{group[1:]}: {text}.", (facts.group_pattern(group, text),), shared=True)
