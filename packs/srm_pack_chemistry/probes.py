"""Audit probes of the domain: the same problem in another notation, by another name, with units written otherwise.

None of it changes what is right: the gold of every variant is the gold of the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.probing import otherwise, probe_of
from srm_core.records import Probe, Problem, Variant

from .composition import atoms, hill
from .compounds import load_compounds, spoken
from .structures import reordered

FORMULA, UNIT, NAMING, STRUCTURE = "formula notation", "unit notation", "compound naming", "structure notation"
ATTRIBUTES = (FORMULA, UNIT, NAMING, STRUCTURE)
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_UNITS = {
    "per mole": {"g/mol": "grams per mole", "kJ/mol": "kilojoules per mole", " in kJ": " in kilojoules"},
    "exponent": {"g/mol": "g mol^-1", "kJ/mol": "kJ mol^-1", " in kJ": " in kJ"},
}
Made = dict[str, Problem | None]


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield the probes of each problem whose kind has them; a variant that would be the same is left out."""
    for problem in problems:
        for attribute, made in (
            (FORMULA, _formulas(problem)),
            (UNIT, _units(problem)),
            (NAMING, _names(problem)),
            (STRUCTURE, _structures(problem)),
        ):
            variants = tuple(
                Variant(name=name, problem=one)
                for name, one in made.items()
                if one is not None and (one.question != problem.question or one is made["reference"])
            )
            if len(variants) > 1:
                yield probe_of(attribute, variants)


def _formulas(problem: Problem) -> Made:
    """Return the molar mass asked of the formula as written, in Hill's order, and with subscripts."""
    if problem.kind != "molar_mass":
        return {}
    formula = problem.anchor.removeprefix("formula:")
    return {
        "reference": _said(problem, FORMULA, "reference", {}),
        "hill order": _said(problem, FORMULA, "hill order", {formula: hill(atoms(formula))}),
        "subscripts": _said(problem, FORMULA, "subscripts", {formula: formula.translate(_SUBSCRIPTS)}),
    }


def _units(problem: Problem) -> Made:
    """Return the question with units as a slash, in words and with an exponent; the facts too."""
    if problem.kind not in ("molar_mass", "reaction_enthalpy", "stoichiometry"):
        return {}
    made: Made = {"reference": _said(problem, UNIT, "reference", {})}
    for name, words in _UNITS.items():
        made[name] = _said(problem, UNIT, name, words, evidence=True)
    return made


def _names(problem: Problem) -> Made:
    """Return the formula asked by one name and by another name of the same compound, in question and facts alike."""
    if problem.kind != "name_formula":
        return {}
    one = load_compounds().get(problem.anchor.removeprefix("cas:"))
    used = next((a for a in one.aliases if spoken(a) in problem.question), "") if one else ""
    others = [alias for alias in one.aliases if alias != used] if one and used else []
    if not others:
        return {}
    words = {spoken(used): spoken(others[0])}
    return {
        "reference": _said(problem, NAMING, "reference", {}),
        "other name": _said(problem, NAMING, "other name", words, evidence=True),
    }


def _structures(problem: Problem) -> Made:
    """Return the atoms counted in a SMILES as the table writes it and in another valid order."""
    if problem.kind not in ("smiles_formula", "smiles_name"):
        return {}
    one = load_compounds().get(problem.anchor.removeprefix("cas:"))
    other = reordered(one.smiles) if one else ""
    if one is None or not other:
        return {}
    return {
        "reference": _said(problem, STRUCTURE, "reference", {}),
        "other order": _said(problem, STRUCTURE, "other order", {one.smiles: other}),
    }


def _said(problem: Problem, attribute: str, name: str, words: dict[str, str], *, evidence: bool = False) -> Problem:
    shown = problem.evidence
    if evidence:
        shown = tuple(each.model_copy(update={"text": _replaced(each.text, words)}) for each in shown)
    asked = _replaced(problem.question, words)
    return otherwise(problem, groups={attribute: name}, question=asked, evidence=shown, solution="")


def _replaced(text: str, words: dict[str, str]) -> str:
    for one, other in words.items():
        text = text.replace(one, other)
    return text
