"""What counts as the gold of an answer, and what does not."""

from __future__ import annotations

import random

import pytest
from srm_pack_astronomy.problems.kinds import EXOPLANETS, OWN
from srm_pack_astronomy.second import second_opinion
from srm_pack_astronomy.verify import plain_designation, verify

from srm_core.records import FormulaKey, GraphKey, Problem, Trace


def named(kind: str, answer: str, accept: tuple[str, ...] = (), choices: tuple[str, ...] = ()) -> Problem:
    return Problem(
        kind=kind, question="?", answer=answer, accept=accept, choices=choices, anchor="x", key=GraphKey(query="q")
    )


def number(kind: str, formula: str, unit: str, gold: float, **inputs: float) -> Problem:
    key = FormulaKey(
        formula=formula, inputs=inputs, unit=unit, low=min(gold * 0.99, gold * 1.01), high=max(gold * 0.99, gold * 1.01)
    )
    return Problem(kind=kind, question="?", answer=f"{gold} {unit}".strip(), anchor="x", key=key)


def grade(problem: Problem, answer: str | None) -> bool | None:
    verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


PLACE = named("object_constellation", "Boötes", ("Boo",))
CLOSED = named("constellation_closed", "Leo Minor", ("LMi",))
PLANET = named("planet_constellation", "Leo", ("Leo",))
TYPE = named("object_type", "planetary nebula")
ALIAS = named("alias_main_id", "NGC 224")
BRIGHT = named("brighter_of", "IC 5263")
CLASS = named("galaxy_class", "barred spiral")
SEEN = named("visibility", "circumpolar", ("never sets",))
SETS = named("visibility", "rises and sets")
ORDER = named("coordinate_order", "NGC 7", choices=("NGC 70", "NGC 7", "IC 7"))
PHASE = named("moon_phase", "waxing crescent")
DUSK = named("evening_or_morning", "evening")
APART = number("separation", "separation", "degrees", 42.46)
UNIT = number("unit_conversion", "pc_to_ly", "ly", 32.62, value=10.0)
FAR = number("magnitude_distance", "modulus_distance", "pc", 1000.0, apparent=10.0, absolute=0.0)
SPEED = number("orbit_mechanics", "escape_velocity", "km/s", 11.18, planet_mass=1.0, planet_radius=1.0)
STAR = number("star_physics", "stefan_boltzmann", "solar luminosities", 4.0, star_radius=2.0, temperature=5772.0)
CHANCE = number("exoplanet_formula", "transit_probability", "%", 0.465, star_radius=1.0, axis=1.0)
RED = number("cosmology_formula", "redshift", "", 4.0, observed=607.6, rest=121.52)
POWER = number("telescope_formula", "magnification", "times", 100.0, focal=1000.0, eyepiece=10.0)
COLD = number("sky_geometry", "hour_angle", "h", -3.2, sidereal=1.0, right=4.2)
AXIS = number(EXOPLANETS, "kepler_axis", "AU", 5.2, period=4331.0, star_mass=1.0)
ALL = (PLACE, CLOSED, PLANET, TYPE, ALIAS, BRIGHT, CLASS, SEEN, SETS, ORDER, PHASE, DUSK, APART, UNIT, FAR, SPEED, STAR,
       CHANCE, RED, POWER, COLD, AXIS)  # fmt: skip
RIGHT = [
    (PLACE, ["Boötes", "bootes", "BOÖTES.", "the constellation Boötes", "Boo", "Boötes (Boo)", "It lies in Boötes"]),
    (CLOSED, ["Leo Minor", "leo minor", "LMi", "constellation: Leo Minor"]),
    (PLANET, ["Leo", "leo.", "in Leo", "It stands in the constellation of Leo"]),
    (TYPE, ["planetary nebula", "a planetary nebula", "Planetary Nebula.", "It is a planetary nebula"]),
    (ALIAS, ["NGC 224", "NGC224", "ngc 0224", "NGC-224.", "the galaxy NGC 224", "**NGC 224**"]),
    (BRIGHT, ["IC 5263", "ic5263", "IC 5263."]),
    (CLASS, ["barred spiral", "a barred spiral galaxy", "Barred spiral.", "barred-spiral"]),
    (SEEN, ["circumpolar", "It is circumpolar.", "never sets", "always circumpolar"]),
    (SETS, ["rises and sets", "It rises and sets.", "the object rises and sets"]),
    (ORDER, ["NGC 7", "B", "(b)", "B. NGC 7", "NGC7"]),
    (PHASE, ["waxing crescent", "a waxing crescent moon", "Waxing Crescent.", "waxing-crescent"]),
    (DUSK, ["evening", "the evening sky", "In the evening."]),
    (APART, ["42.46 degrees", "42.5°", "42.46", "42.4558 deg"]),
    (UNIT, ["32.62 ly", "32.6 light-years", "32.6156", "about 32.6 light years"]),
    (FAR, ["1000 pc", "1,000 parsecs", "1e3 pc", "1000"]),
    (SPEED, ["11.18 km/s", "11.2 kilometers per second", "11.18"]),
    (STAR, ["4 solar luminosities", "4 Lsun", "4.0 L☉", "4.00"]),
    (CHANCE, ["0.465 %", "0.465%", "0.00465", "0.465 percent"]),
    (RED, ["4", "4.0", "z = 4.00", "The redshift is 4"]),
    (POWER, ["100 times", "100x", "100 ×", "100"]),
    (COLD, ["-3.2 h", "−3.2 hours", "minus 3.2 h"]),
    (AXIS, ["5.2 AU", "5.20 astronomical units", "5.203"]),
]
WRONG = [
    (PLACE, ["Boötis", "Virgo", "Boötes or Virgo", "Boötes, Virgo", "not Boötes", "maybe Boötes", "Bo"]),
    (CLOSED, ["Leo", "Minor", "Leo Major"]),
    (PLANET, ["Leo Minor", "Leo Virgo", "Leo and Cancer"]),
    (TYPE, ["nebula", "planetary", "a galaxy", "not a planetary nebula", "planetary nebula or galaxy"]),
    (ALIAS, ["NGC 225", "IC 224", "224", "NGC 224A", "NGC 224 or NGC 225", "NGC", "M 31", "NGC 2240"]),
    (BRIGHT, ["NGC 5263", "IC 526", "IC 5263, IC 5264"]),
    (CLASS, ["spiral", "intermediate spiral", "barred", "SBb", "barred spiral or elliptical"]),
    (SEEN, ["never rises", "rises and sets", "not circumpolar", "circumpolar or never rises"]),
    (SETS, ["rises", "sets", "never rises", "rises and never sets"]),
    (ORDER, ["NGC 70", "A", "C. NGC 7", "D", "A or B", "7", "IC 7"]),
    (PHASE, ["crescent", "waning crescent", "waxing", "waxing gibbous", "waxing crescent or gibbous"]),
    (DUSK, ["morning", "evening or morning", "not evening", "sky"]),
    (APART, ["42.46 arcmin", "424.6 degrees", "-42.46", "40 to 45 degrees", "42.46 or 43.5", "44 degrees"]),
    (UNIT, ["32.62 pc", "3.262", "326.2 ly", "3.07 ly", "> 32", "32.62 AU"]),
    (FAR, ["1000 ly", "1000 kpc", "100 pc", "1 kpc", "1 thousand pc", "-1000"]),
    (SPEED, ["11.18 m/s", "11180 m/s", "11.5 km/s", "7.9 km/s", "11-12 km/s"]),
    (STAR, ["4 solar masses", "2", "16", "4 solar radii", "nan"]),
    (CHANCE, ["46.5 %", "4.65", "0.00465 %", "0.5 %"]),
    (RED, ["5", "-4", "4 km/s", "3.9 or 4", "inf", "unknown"]),
    (POWER, ["100 mm", "10", "1000", "101.5 times"]),
    (COLD, ["3.2 h", "-3.2 degrees", "20.8", "-3.2 min"]),
    (AXIS, ["5.2 ly", "5.3 AU", "0", "4331"]),
]


def test_every_kind_is_in_both_lists():
    kinds = {kind.name for kind in OWN} | {EXOPLANETS}
    assert {problem.kind for problem, _ in RIGHT} == {problem.kind for problem, _ in WRONG} == kinds


@pytest.mark.parametrize(("problem", "answer"), [(p, a) for p, answers in RIGHT for a in answers])
def test_usual_forms_of_the_gold_are_accepted(problem, answer):
    assert grade(problem, answer) is True


@pytest.mark.parametrize(("problem", "answer"), [(p, a) for p, answers in WRONG for a in answers])
def test_near_misses_lists_and_hedges_are_refused(problem, answer):
    assert grade(problem, answer) is False


def garbage() -> list[str]:
    rng = random.Random(0)
    signs = [
        *"()[]{}<>=/\\^*$%°′″~±≤∞١٢٣",
        "\u202e",
        "\u200f",
        "\x00",
        "\x1b",
        "\n",
        "NGC",
        "nan",
        "inf",
        "1e999",
        "E5",
        "-",
        ".",
    ]
    made = ["".join(rng.choice(signs) for _ in range(rng.randint(1, 60))) for _ in range(180)]
    return [*made, "(" * 5000, "[" * 100_000, "9" * 100_000, "a" * 1_000_000, "1 " * 500_000, "NGC " * 250_000, "-" * 1_000_000,
            "\u202e" * 1000, "NaN", "inf", "-inf", "1e308", "1e-400", "٣٤", "½", "", " ", "\t", "None", "I do not know", "42 and 43"]  # fmt: skip


def test_two_hundred_pieces_of_garbage_are_refused_by_both_graders_without_an_error():
    pieces = garbage()
    assert len(pieces) >= 200
    for problem in ALL:
        for answer in pieces:
            assert grade(problem, answer) is False, (problem.kind, answer[:80])
    for answer in pieces:
        opinion = second_opinion(SPEED, Trace(text="", reasoning="", answer=answer))
        assert opinion is not None
        assert opinion.correct is False


def test_no_answer_is_wrong_and_kinds_of_others_are_left_to_them():
    assert all(grade(problem, None) is False for problem in ALL)
    assert verify(named("code_hierarchy", "x"), Trace(text="", reasoning="", answer="x")) is None
    assert second_opinion(named("code_hierarchy", "x"), Trace(text="", reasoning="", answer="x")) is None


def test_the_second_grader_does_not_trust_the_band_of_the_key():
    key = FormulaKey(
        formula="escape_velocity", inputs={"planet_mass": 1.0, "planet_radius": 1.0}, unit="km/s", low=0, high=99
    )
    forged = Problem(kind="orbit_mechanics", question="?", answer="50 km/s", anchor="x", key=key)
    assert grade(forged, "50 km/s") is True
    opinion = second_opinion(forged, Trace(text="", reasoning="", answer="50 km/s"))
    assert opinion is not None
    assert opinion.correct is False


def test_designations_are_compared_without_zeros_blanks_and_words():
    assert plain_designation("the galaxy NGC0224.") == plain_designation("NGC 224") == "ngc 224"
    assert plain_designation("ESO 56-115") == plain_designation("eso056-115") == "eso 56-115"
    assert plain_designation("Andromeda") == plain_designation("NGC 224 and NGC 225") == ""
