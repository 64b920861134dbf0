"""The molar mass of a formula from the atomic masses shown."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.calculator import format_number
from srm_core.composing import rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry.composition import atoms, counted
from srm_pack_chemistry.compounds import load_compounds
from srm_pack_chemistry.elements import load_elements
from srm_pack_chemistry.ions import salts
from srm_pack_chemistry.numeric import numeric
from srm_pack_chemistry.weights import formula_mass

from .masses import atom_fact, other_atoms

KIND = Kind(
    name="molar_mass",
    title="the molar mass of a formula from atomic masses",
    book="open",
    anchor="the formula",
    shared="the atomic masses",
    core=True,
    second_grader="RDKit's atomic weights over atoms counted by a reader of its own",
)
QUESTIONS = (
    "What is the molar mass of {formula} in g/mol?",
    "Calculate the molar mass of {formula}.",
    "How many grams does one mole of {formula} weigh? Answer in g/mol.",
    "Find the molar mass of {name} ({formula}) in g/mol.",
)
MOST_ELEMENTS = 5
MOST_FACTS = 6
TOLERANCE = 0.001


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a formula, of compounds and salts in turn."""
    names = {one.formula: one.name for one in salts()}
    names |= {one.formula: one.name for one in load_compounds().values()}
    few = [formula for formula in names if 1 < len(atoms(formula)) <= MOST_ELEMENTS]
    for formula in spread(few, seed=seed, name=str, anchor=lambda f: f"formula:{f}"):
        rng = rng_for(seed, KIND.name, formula)
        yield pose(formula, rng.choice(QUESTIONS).format(formula=formula, name=names[formula]), f"{seed}")


def pose(formula: str, question: str, seed: str) -> Problem:
    """Return the problem about ``formula`` in the words of ``question``."""
    rng = rng_for(0, KIND.name, seed, formula)
    counts = counted(formula)
    elements = load_elements()
    terms = [f"{_grouped(count)} * {format_number(elements[symbol].weight)}" for symbol, count in counts.items()]
    needed = [
        (atom_fact(symbol), f"{symbol} {count} of {format_number(elements[symbol].weight)}")
        for symbol, count in counts.items()
    ]
    spelled = ", ".join(f"{symbol} {count}" for symbol, count in counts.items())
    needed[0] = (needed[0][0], f"{formula}: {spelled}.\n{needed[0][1]}")
    return numeric(
        kind=KIND.name,
        rng=rng,
        question=question,
        anchor=f"formula:{formula}",
        needed=needed,
        distractors=other_atoms(counts, rng, min(rng.randint(0, 2), MOST_FACTS - len(counts))),
        formula=KIND.name,
        inputs={"formula": formula},
        gold=formula_mass(formula),
        unit="g/mol",
        tolerance=TOLERANCE,
        expression=" + ".join(terms),
    )


def _grouped(count: str) -> str:
    return f"({count})" if "+" in count else count
