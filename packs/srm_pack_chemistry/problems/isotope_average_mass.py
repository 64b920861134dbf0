"""The average atomic mass of a sample with given isotopes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from srm_core.calculator import format_number
from srm_core.composing import Fact, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_chemistry import facts
from srm_pack_chemistry.compounds import spoken
from srm_pack_chemistry.elements import Element, Isotope, load_elements
from srm_pack_chemistry.numeric import numeric

KIND = Kind(
    name="isotope_average_mass",
    title="the average atomic mass of a sample from the masses and shares of its isotopes",
    book="open",
    anchor="the element",
    shared="nothing",
    second_grader="recomputation with decimals from the key's inputs, with a number reader of its own",
)
QUESTIONS = (
    "A sample of {name} holds {shares}. What is its average atomic mass in u?",
    "{Name} is enriched to {shares}. Find the average atomic mass in u.",
    "What is the average atomic mass (u) of {name} with {shares}?",
    "Given {name} with {shares}, calculate the mean atomic mass in u.",
)
SAMPLES = 30  # an element
TOLERANCE = 0.0005


def generate(seed: int) -> Iterator[Problem]:
    """Yield samples of two or three isotopes with shares that are drawn."""
    elements = [one for one in load_elements().values() if len(one.isotopes) >= 2]
    items = [(one, n) for one in elements for n in range(SAMPLES)]
    for one, n in spread(items, seed=seed, name=lambda i: f"{i[0].symbol} {i[1]}", anchor=lambda i: i[0].curie):
        yield _pose(one, rng_for(seed, KIND.name, one.symbol, str(n)))


def _pose(one: Element, rng: Random) -> Problem:
    taken = sorted(rng.sample(one.isotopes, min(len(one.isotopes), rng.randint(2, 3))), key=lambda i: i.number)
    cuts = sorted(rng.sample(range(30, 970), len(taken) - 1))
    shares = [round((high - low) / 10, 1) for low, high in zip([0, *cuts], [*cuts, 1000], strict=True)]
    masses = [round(isotope.mass, 4) for isotope in taken]
    said = ", ".join(
        f"{format_number(share)} % {one.symbol}-{i.number}" for share, i in zip(shares, taken, strict=True)
    )
    terms = [f"{format_number(s)}*{format_number(m)}" for s, m in zip(shares, masses, strict=True)]
    spare = [isotope for isotope in one.isotopes if isotope not in taken]
    return numeric(
        kind=KIND.name,
        rng=rng,
        question=rng.choice(QUESTIONS).format(name=one.name, Name=spoken(one.name), shares=said),
        anchor=one.curie,
        needed=[
            (_fact(one, i), f"{one.symbol}-{i.number} {format_number(m)}") for i, m in zip(taken, masses, strict=True)
        ],
        distractors=[_fact(one, isotope) for isotope in rng.sample(spare, min(1, len(spare)))],
        formula=KIND.name,
        inputs={f"share {i.number}": share for i, share in zip(taken, shares, strict=True)}
        | {f"mass {i.number}": mass for i, mass in zip(taken, masses, strict=True)},
        gold=sum(share * mass for share, mass in zip(shares, masses, strict=True)) / 100,
        unit="u",
        tolerance=TOLERANCE,
        expression=f"({'+'.join(terms)})/100",
    )


def _fact(one: Element, isotope: Isotope) -> Fact:
    mass = format_number(round(isotope.mass, 4))
    return Fact(f"{one.symbol}-{isotope.number} has mass {mass} u.", (facts.isotope_mass(one, isotope),))
