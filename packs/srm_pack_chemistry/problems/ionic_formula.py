"""From the systematic name of a salt to its formula, by the charges of its ions."""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm
from random import Random

from srm_core.calculator import call
from srm_core.composing import Fact, compose, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry.ions import Ion, Salt, group, salts

from .ion_facts import ion_fact, near_ions

KIND = Kind(
    name="ionic_formula",
    title="the formula of a salt from its name, by the charges of its ions",
    book="open",
    anchor="the salt",
    shared="the ions: a salt of a test problem is new, its ions are not",
    core=True,
    second_grader="charges and atoms recounted from the ions' formulas with a reader of its own",
)
QUESTIONS = (
    "What is the formula of {name}?",
    "Write the formula of {name}.",
    "{name}: which formula?",
    "Give the chemical formula of {name}.",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a salt."""
    for one in spread(salts(), seed=seed, name=lambda s: s.formula, anchor=lambda s: s.curie):
        rng = rng_for(seed, KIND.name, one.formula)
        yield _pose(one, near_ions(one, rng), rng)


def _pose(one: Salt, near: list[Fact], rng: Random) -> Problem:
    total = lcm(one.cation.charge, -one.anion.charge)
    counts = ", ".join(
        f"{ion.formula} {_share(total, ion)} gives {group(ion, count)}"
        for ion, count in ((one.cation, one.cations), (one.anion, one.anions))
    )
    return compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"name": one.name},
        answer=one.formula,
        anchor=one.curie,
        needed=[ion_fact(one.cation), ion_fact(one.anion)],
        distractors=near,
        query="SELECT ?answer WHERE { $salt srm:formula ?answer }",
        bindings={"salt": one.curie},
        remark=f"charges {one.cation.charge} and {-one.anion.charge}, total {total}: {counts}",
    )


def _share(total: int, ion: Ion) -> str:
    return call(f"{total}/{abs(ion.charge)}")
