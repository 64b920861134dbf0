"""The angle between two objects of the catalogue, by the spherical law of cosines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import acos, cos, degrees, radians, sin

from srm_core.calculator import call, format_number
from srm_core.composing import by_split, rng_for, spread
from srm_core.records import Evidence, FormulaKey, Kind, Problem, split_of
from srm_pack_astronomy import facts
from srm_pack_astronomy.catalogue import Thing
from srm_pack_astronomy.observers import some_report

from .object_facts import placed

KIND = Kind(
    name="separation",
    title="the angle between two objects, from their coordinates and the law of cosines",
    book="formula",
    anchor="the first object; the second is of the same split",
    shared="the formula",
    second_grader="astropy's SkyCoord.separation",
)
QUESTIONS = (
    "How many degrees apart are {one} and {two}?",
    "What is the angular separation of {one} and {two} in degrees?",
    "Calculate the angle between {one} and {two} on the sky.",
    "Find the distance in degrees from {one} to {two} on the sky.",
    "{report} What is the separation of {one} and {two} in degrees?",
)
FORMULA = "separation"
TEXT = "Separation = acosd(sind(d1) * sind(d2) + cosd(d1) * cosd(d2) * cosd(a1 - a2)), a right ascension, d declination"
SMALLEST, LARGEST = 2.0, 160.0  # degrees: outside, rounding of the coordinates is felt
TOLERANCE = 0.01


def generate(things: Sequence[Thing], seed: int) -> Iterator[Problem]:
    """Yield one problem an object, the other one near it in the sky or anywhere."""
    pools = by_split(things, lambda thing: thing.curie)
    rule = facts.rule(FORMULA, TEXT)
    for thing in spread(things, seed=seed, name=lambda t: t.curie, anchor=lambda t: t.curie):
        rng = rng_for(seed, KIND.name, thing.curie)
        other, third = rng.sample(pools[split_of(thing.curie)], 2)
        gold = apart_by_cosines(thing, other)
        if thing in (other, third) or not SMALLEST < gold < LARGEST:
            continue
        shown = [Evidence(text=TEXT, cites=(rule.id,))]
        shown += [Evidence(text=fact.text, cites=fact.cites) for fact in map(placed, (thing, other, third))]
        needed = shown[:3]
        rng.shuffle(shown)
        at = {item.text: n for n, item in enumerate(shown, 1)}
        cites = tuple(cite for item in needed for cite in item.cites)
        yield Problem(
            kind=KIND.name,
            question=rng.choice(QUESTIONS).format(one=thing.name, two=other.name, report=some_report(rng)),
            answer=f"{format_number(gold)} degrees",
            accept=(f"{gold:.1f} degrees",) if gold > 10 else (f"{gold:.2f} degrees",),
            anchor=thing.curie,
            facts=cites[1:],
            parents=cites,
            evidence=tuple(shown),
            key=FormulaKey(
                formula=FORMULA,
                inputs={"ra1": thing.ra, "dec1": thing.dec, "ra2": other.ra, "dec2": other.dec},
                unit="degrees",
                low=gold * (1 - TOLERANCE),
                high=gold * (1 + TOLERANCE),
            ),
            solution="; ".join(f"{item.text.removesuffix('.')} [{at[item.text]}]" for item in needed[1:])
            + f"; by the formula [{at[TEXT]}]\nAnswer: {call(expression(thing, other))} degrees",
        )


def apart_by_cosines(one: Thing, other: Thing) -> float:
    """Return the angle in degrees."""
    first, second = radians(one.dec), radians(other.dec)
    turned = cos(radians(one.ra - other.ra))
    return degrees(acos(max(-1.0, min(1.0, sin(first) * sin(second) + cos(first) * cos(second) * turned))))


def expression(one: Thing, other: Thing) -> str:
    """Return the expression for the calculator."""
    a1, d1, a2, d2 = (format_number(each) for each in (one.ra, one.dec, other.ra, other.dec))
    return f"acosd(sind({d1})*sind({d2})+cosd({d1})*cosd({d2})*cosd({a1}-{a2}))"
