"""Grades answers by kind: designations, names, options, quantities. What is not exactly one clear answer is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from srm_core.formulas.formula import Formula
from srm_core.formulas.reading import units_of, verify_quantity
from srm_core.prompts import LETTERS
from srm_core.records import FormulaKey, Problem, Trace, Verdict
from srm_core.traces import without_citations

from .formulas.table import FORMULAS
from .problems.kinds import NUMBERS, OWN_NAMES

LONGEST = 2000  # characters of an answer that is looked at
DESIGNATIONS = frozenset({"alias_main_id", "brighter_of"})
CHOICES = frozenset({"coordinate_order"})
# Words that may stand around an answer of a kind without changing it.
_AROUND: Mapping[str, frozenset[str]] = {
    "object_constellation": frozenset(["the", "constellation", "of", "in", "it", "is", "lies"]),
    "constellation_closed": frozenset(["the", "constellation", "of", "in", "it", "is", "lies"]),
    "planet_constellation": frozenset(["the", "constellation", "of", "in", "it", "is", "stands"]),
    "object_type": frozenset(["a", "an", "the", "it", "is", "of", "type", "object"]),
    "galaxy_class": frozenset(["a", "an", "the", "it", "is", "of", "class", "galaxy"]),
    "moon_phase": frozenset(["a", "the", "it", "is", "moon", "phase"]),
    "evening_or_morning": frozenset(["the", "it", "is", "in", "sky"]),
    "visibility": frozenset(["the", "it", "is", "object", "always"]),
}
_DESIGNATION = re.compile(r"(?:the )?(?:object |galaxy |nebula |cluster )?([a-z]+)[ -]?0*(\d[\d-]*[a-z]?)")
_OPTION = re.compile(r"(?:option |choice )?\(?([a-j])\)?(?:[.:)]\s*(.*))?", re.IGNORECASE)
# What may stand for a unit of the table, in the form of `unit_form`.
_ALIKE: Mapping[str, frozenset[str]] = {
    "°": frozenset({"deg", "degree", "degrees"}),
    "arcmin": frozenset({"arcminutes", "arcminute", "minutesofarc", "'", "′"}),
    "arcsec": frozenset({"arcseconds", "arcsecond", "secondsofarc", '"', "″", "′′"}),
    "ly": frozenset({"light-years", "light-year", "lightyears", "lightyear", "lyr"}),
    "pc": frozenset({"parsec", "parsecs"}),
    "mpc": frozenset({"megaparsec", "megaparsecs"}),
    "au": frozenset({"astronomicalunit", "astronomicalunits"}),
    "km": frozenset({"kilometers", "kilometres"}),
    "light-minutes": frozenset({"lightminutes", "light-minute"}),
    "years": frozenset({"year", "yr", "yrs"}),
    "days": frozenset({"day", "d"}),
    "gyr": frozenset({"billionyears", "gigayears"}),
    "mag": frozenset({"magnitude", "magnitudes", "mags"}),
    "times": frozenset({"x", "×", "fold", "time"}),
    "k": frozenset({"kelvin", "kelvins"}),
    "nm": frozenset({"nanometers", "nanometres", "nanometer"}),
    "mm": frozenset({"millimeters", "millimetres"}),
    "m/s2": frozenset({"m/s^2", "meters/secondsquared", "m/s/s"}),
    "w/m2": frozenset({"w/m^2", "watts/squaremeter"}),
    "g/cm3": frozenset({"g/cm^3", "g/cc"}),
    "km/s": frozenset({"kilometers/s", "kilometres/s", "kms-1"}),
    "solarmasses": frozenset({"msun", "m_sun", "m☉", "m⊙", "solarmass"}),
    "solarradii": frozenset({"rsun", "r_sun", "r☉", "r⊙", "solarradius"}),
    "solarluminosities": frozenset({"lsun", "l_sun", "l☉", "l⊙", "solarluminosity"}),
    "earthmasses": frozenset({"earthmass", "m_earth", "mearth", "m⊕"}),
    "earthradii": frozenset({"earthradius", "r_earth", "rearth", "r⊕"}),
    "jupitermasses": frozenset({"jupitermass", "m_jup", "mjup"}),
    "arcsec/pixel": frozenset({"arcseconds/pixel", '"/pixel', "arcsec/px"}),
    "arcsec/mm": frozenset({"arcseconds/mm", '"/mm'}),
    "mag/arcsec2": frozenset({"mag/arcsec^2", "mag/squarearcsec", "mag/squarearcsecond"}),
    "ev": frozenset({"electronvolts", "electronvolt"}),
}
_UNITS = units_of(FORMULAS.values(), _ALIKE)


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on ``trace.answer``, or None for kinds of other packs and plugins."""
    if problem.kind not in NUMBERS and problem.kind not in OWN_NAMES:
        return None
    answer = without_citations(trace.answer or "").strip().strip("*`\"'").strip()
    if len(answer) > LONGEST:
        return Verdict(correct=False, reason=f"longer than {LONGEST} characters")
    if problem.kind in NUMBERS:
        return _number(problem, trace)
    if problem.kind in DESIGNATIONS:
        reason = _designation(problem, answer)
    elif problem.kind in CHOICES:
        reason = _choice(problem, answer)
    else:
        reason = _name(problem, answer)
    return Verdict(correct=not reason, reason=reason)


def plain_words(text: str) -> list[str]:
    """Return the words of ``text`` as compared: folded case, without accents or punctuation."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return re.findall(r"\w+", bare.casefold())


def plain_designation(text: str) -> str:
    """Return a designation as compared ("ngc 224" for "NGC0224" and "the galaxy NGC 224"), "" if it is none."""
    match = _DESIGNATION.fullmatch(" ".join(unicodedata.normalize("NFKC", text).casefold().rstrip(". ").split()))
    return f"{match[1]} {match[2]}" if match else ""


def _number(problem: Problem, trace: Trace) -> Verdict:
    if not isinstance(problem.key, FormulaKey):
        return Verdict(correct=None, reason="the problem has no formula key")
    formula = FORMULAS.get(problem.key.formula)
    return verify_quantity(problem.key, trace, _UNITS, _titles(formula) if formula else ())


def _titles(formula: Formula) -> tuple[str, ...]:
    """Return how an answer may name what it gives: the title (whose digits are no numbers) and its usual letter."""
    return (formula.title, *(("z", "redshift") if "redshift" in formula.title else ()))


def _designation(problem: Problem, answer: str) -> str:
    said = plain_designation(answer)
    if not said:
        return "not one designation"
    return "" if said == plain_designation(problem.answer) else "another object"


def _choice(problem: Problem, answer: str) -> str:
    if plain_designation(answer) == plain_designation(problem.answer) != "":
        return ""
    match = _OPTION.fullmatch(answer.rstrip(". "))
    index = LETTERS.find(match[1].upper()) if match else -1
    if match is None or not 0 <= index < len(problem.choices):
        return "not one option"
    if match[2] and plain_designation(match[2]) != plain_designation(problem.choices[index]):
        return "a letter with the words of another option"
    return "" if problem.choices[index] == problem.answer else "another option"


def _name(problem: Problem, answer: str) -> str:
    around = _AROUND[problem.kind]
    said = _core(plain_words(answer), around)
    if not said:
        return "no name"
    forms = [_core(plain_words(form), around) for form in (problem.answer, *problem.accept)]
    both = [forms[0] + form for form in forms[1:]]  # "Andromeda (And)"
    return "" if said in (*forms, *both) else "another name"


def _core(words: list[str], around: frozenset[str]) -> list[str]:
    return [word for word in words if word not in around]
