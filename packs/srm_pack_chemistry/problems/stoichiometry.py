"""From the mass of one substance of a reaction to the mass of another."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.calculator import format_number
from srm_core.composing import rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry.equations.reactions import Reaction, reactions
from srm_pack_chemistry.numeric import numeric
from srm_pack_chemistry.weights import formula_mass

from .masses import molar_mass_fact

KIND = Kind(
    name="stoichiometry",
    title="the mass of a product from the mass of a reactant, the equation and the molar masses given",
    book="open",
    anchor="the reaction",
    shared="the molar masses of substances that take part in many reactions",
    core=True,
    second_grader="recomputation over fractions from the equation and RDKit's atomic weights",
)
QUESTIONS = (
    "{equation}. How many grams of {product} form from {mass} g of {reactant}?",
    "By {equation}, what mass of {product} in g do {mass} g of {reactant} give?",
    "Reaction: {equation}. Find the mass of {product} in grams from {mass} g of {reactant}.",
    "Given {equation}, {mass} g of {reactant} react fully. How many g of {product} form?",
)
TOLERANCE = 0.005


def generate(seed: int) -> Iterator[Problem]:
    """Yield one problem a reaction, the other reactants in excess."""
    for one in spread(reactions(), seed=seed, name=lambda r: f"mass {r.curie}", anchor=lambda r: r.curie):
        rng = rng_for(seed, KIND.name, one.curie)
        yield _pose(one, rng)


def _pose(one: Reaction, rng: Random) -> Problem:
    reactant, product = rng.choice(one.left), rng.choice(one.right)
    mass = rng.randint(20, 1500) / 10
    before, after = one.count(reactant), one.count(product)
    first, second = formula_mass(reactant), formula_mass(product)
    words = {"equation": one.balanced, "product": product, "reactant": reactant, "mass": format_number(mass)}
    counts = ", ".join(f"{text} {count}" for text, count in zip((*one.left, *one.right), one.counts, strict=True))
    others = [text for text in (*one.left, *one.right) if text not in (reactant, product)]
    return numeric(
        kind=KIND.name,
        rng=rng,
        question=rng.choice(QUESTIONS).format_map(words),
        anchor=one.curie,
        needed=[
            (molar_mass_fact(reactant), f"{counts}.\n{format_number(mass)} g / {reactant} {format_number(first)}"),
            (
                molar_mass_fact(product),
                f"* {product} {after} / {reactant} {before} * {product} {format_number(second)}",
            ),
        ],
        between=" ",
        distractors=[molar_mass_fact(text) for text in others[: rng.randint(0, 2)]],
        formula=KIND.name,
        inputs={"equation": one.balanced, "reactant": reactant, "product": product, "mass": mass},
        gold=mass * after * second / (before * first),
        unit="g",
        tolerance=TOLERANCE,
        expression=f"{format_number(mass)} / {format_number(first)} * {after} / {before} * {format_number(second)}",
    )
