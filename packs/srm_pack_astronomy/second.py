"""Independent graders: pyongc's own look-up and astropy, none of our graph, gold or verifier.

Only what the question is about is taken from the problem: the object, the date, the inputs of the formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from srm_core.formulas.reading import plain_tokens, squeezed
from srm_core.records import FormulaKey, GraphKey, Problem, Trace, Verdict

from .agreement import constellations_at, places_of
from .constellations import NAMES
from .formulas.by_astropy import value_by_astropy
from .formulas.table import FORMULAS
from .offline import quiet, stay_offline
from .problems.kinds import NUMBERS

LONGEST = 2000  # characters of an answer that is looked at
_LONG_NAMES = {"Melotte ": "Mel", "Caldwell ": "C", "Barnard ": "B", "Collinder ": "Cl"}
_DESIGNATION = re.compile(r"\b(?:NGC|IC|UGC|ESO|PGC|HCG|Melotte|Caldwell|Barnard|Collinder) \d[\d-]*[A-Z]?\b")
_TYPES = {
    "star cluster + nebula": "star cluster with nebula", "hii ionized region": "hii region",
    "association of stars": "stellar association", "nova star": "nova", "group of galaxies": "galaxy group",
}  # fmt: skip
_UNIT_WORDS = frozenset(squeezed(word) for each in FORMULAS.values() for word in each.unit.split())
Grader = Callable[[Problem, str], bool]


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, or None for kinds of others."""
    answer = trace.answer or ""
    if len(answer) > LONGEST:
        return Verdict(correct=False, reason="too long")
    grader = _number if problem.kind in NUMBERS else _GRADERS.get(problem.kind)
    if grader is None:
        return None
    if problem.kind in NUMBERS and not isinstance(problem.key, FormulaKey):
        return Verdict(correct=None, reason="nothing to recompute from")
    correct = grader(problem, answer)
    return Verdict(correct=correct, reason="" if correct else "the second source disagrees")


@cache
def look_up(name: str) -> Any:
    """Return pyongc's object for a name as we write it, None if it knows none."""
    from pyongc import ongc

    for long, short in _LONG_NAMES.items():
        name = name.replace(long, short)
    return ongc.get(name)


def _asked(problem: Problem) -> Any:
    """Return pyongc's object for the anchor, whose letters and digits a blank separates again."""
    local = problem.anchor.partition(":")[2]
    return look_up(re.sub(r"(?<=[A-Za-z])(?=\d)", " ", local, count=1))


def _bare(answer: str) -> str:
    return re.sub(r"[\s.*]+", " ", answer).strip().lower()


@cache
def _region(ra: float, dec: float) -> str:
    return constellations_at([ra], [dec])[0]


def _constellation(problem: Problem, answer: str) -> bool:
    import numpy as np

    ra, dec = (float(each) for each in np.degrees(_asked(problem).rad_coords))
    return _names_constellation(answer, _region(ra, dec))


def _names_constellation(answer: str, abbreviation: str) -> bool:
    said = _bare(answer).removeprefix("the constellation ").replace("bootes", "boötes")
    return said in (NAMES[abbreviation].lower(), abbreviation.lower())


def _type(problem: Problem, answer: str) -> bool:
    described = _asked(problem).type.lower()
    return bool(_bare(answer) == _TYPES.get(described, described))


def _alias(problem: Problem, answer: str) -> bool:
    said = look_up(answer.strip().rstrip("."))
    if said is None or not isinstance(problem.key, GraphKey):
        return False
    alias = problem.key.query.partition('"')[2].partition('"')[0]
    other = look_up(alias)
    if other is not None:
        return bool(other.name == said.name)
    messier, ngc, ic, common, others = said.identifiers
    names = {
        re.sub(r"[\s0]", "", str(each)).lower()
        for each in (messier, *(ngc or ()), *(ic or ()), *(common or ()), *(others or ()))
    }
    return any(re.sub(r"[\s0]", "", alias).lower() in name.removeprefix("the") for name in names)


def _brightest(problem: Problem, answer: str) -> bool:
    light = {name: look_up(name).magnitudes[1] for name in set(_DESIGNATION.findall(problem.question))}
    chosen = (min if "brightest" in problem.question else max)(light, key=lambda name: light[name])
    return bool(_bare(answer) == chosen.lower())


def _galaxy(problem: Problem, answer: str) -> bool:
    """Read the Hubble type letter by letter: S, then A and B for the bar."""
    written = _asked(problem).hubble
    if written.startswith("S0"):
        name = "lenticular"
    elif written.startswith("SAB"):
        name = "intermediate spiral"
    elif written.startswith("SB"):
        name = "barred spiral"
    else:
        name = {"S": "ordinary spiral", "E": "elliptical", "I": "irregular"}[written[0]]
    return _bare(answer).removesuffix(" galaxy") == name


def _visible(problem: Problem, answer: str) -> bool:
    import numpy as np

    latitude = re.search(r"(\d\d)(?: degrees)? north", problem.question)
    dec = float(np.degrees(_asked(problem).rad_coords[1]))
    high, low = (_height(float(latitude[1]) if latitude else 0.0, dec, hour) for hour in (0.0, 12.0))
    name = "circumpolar" if low > 0 else "never rises" if high < 0 else "rises and sets"
    said = _bare(answer)
    return name in said and not any(
        other in said for other in {"circumpolar", "never rises", "sets"} - set(name.split()) - {name}
    )


@cache
def _height(latitude: float, declination: float, hour: float) -> float:
    inputs = {"latitude": latitude, "declination": declination, "hour": hour}
    return value_by_astropy(
        "altitude", inputs, "degrees", {"latitude": "degrees", "declination": "degrees", "hour": "h"}
    )


def _order(problem: Problem, answer: str) -> bool:
    axis = 0 if "ascension" in problem.question else 1
    along = {name: float(look_up(name).rad_coords[axis]) for name in problem.choices}
    most = max if re.search("largest|northernmost", problem.question) else min
    right = most(along, key=lambda name: along[name])
    letter = re.fullmatch(r"\(?([A-C])\)?\.?", answer.strip())
    said = problem.choices["ABC".index(letter[1])] if letter else answer.strip().rstrip(".")
    return _bare(said) == right.lower()


@cache
def _place(curie: str) -> tuple[str, float]:
    body, _, day = curie.partition(":")[2].partition("-")
    return places_of(body, [date.fromisoformat(day)])[0]


def _bound(problem: Problem, name: str) -> str:
    return problem.key.bindings[name] if isinstance(problem.key, GraphKey) else ""


def _planet(problem: Problem, answer: str) -> bool:
    return _names_constellation(answer, _place(_bound(problem, "place"))[0])


def _phase(problem: Problem, answer: str) -> bool:
    moon = _bound(problem, "moon")
    east = (_place(moon)[1] - _place(moon.replace("Moon", "Sun"))[1]) % 360
    name = ("waxing " if east < 180 else "waning ") + ("crescent" if east < 90 or east > 270 else "gibbous")
    return _bare(answer).removesuffix(" moon") == name


def _sky(problem: Problem, answer: str) -> bool:
    east = (_place(_bound(problem, "planet"))[1] - _place(_bound(problem, "sun"))[1]) % 360
    return _bare(answer).removesuffix(" sky") == ("evening" if east < 180 else "morning")


def _number(problem: Problem, answer: str) -> bool:
    """Say whether the answer is near astropy's value, reading it word by word, with a band of its own."""
    key = problem.key
    assert isinstance(key, FormulaKey)
    gold, tolerance = _recomputed(key)
    numbers, words = plain_tokens(answer.replace(key.unit, " ") if key.unit else answer)
    foreign = (words & _UNIT_WORDS) - {squeezed(word) for word in key.unit.split()} - {""}
    if len(numbers) != 1 or foreign:
        return False
    return abs(numbers[0] - gold) <= abs(gold) * tolerance + Decimal("1e-9")


def _recomputed(key: FormulaKey) -> tuple[Decimal, Decimal]:
    if key.formula not in FORMULAS:
        return Decimal(repr(_separation(key))), Decimal("0.01")
    formula = FORMULAS[key.formula]
    with quiet():
        found = value_by_astropy(
            key.formula, key.inputs, formula.unit, {each.name: each.unit for each in formula.inputs}
        )
    return Decimal(repr(found)), Decimal(str(formula.tolerance))


def _separation(key: FormulaKey) -> float:
    stay_offline()
    from astropy import units
    from astropy.coordinates import SkyCoord

    one, other = (SkyCoord(key.inputs[f"ra{n}"], key.inputs[f"dec{n}"], unit=units.deg) for n in (1, 2))
    return float(one.separation(other).deg)


_GRADERS: dict[str, Grader] = {
    "object_constellation": _constellation,
    "constellation_closed": _constellation,
    "object_type": _type,
    "alias_main_id": _alias,
    "brighter_of": _brightest,
    "galaxy_class": _galaxy,
    "visibility": _visible,
    "coordinate_order": _order,
    "planet_constellation": _planet,
    "moon_phase": _phase,
    "evening_or_morning": _sky,
}
