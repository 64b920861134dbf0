"""Grades answers by kind: names, formulas, structures, equations, quantities. What is not one clear answer is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from srm_core.formulas.reading import Units, units_of, verify_quantity
from srm_core.prompts import LETTERS
from srm_core.records import FormulaKey, GraphKey, Problem, Trace, Verdict
from srm_core.traces import without_citations
from srm_core.verify import fold, verify_exact

from .calculations.problems import FORMULAS
from .composition import composition
from .equations.matrix import balances, read_equation, same_species
from .problems.kinds import OWN
from .structures import formula_of, inchikey

LONGEST = 2000  # characters of an answer that is read at all
_MARKUP = "*`\"'“”‘’$ \t\r\n"
_ALIKE: Mapping[str, frozenset[str]] = {
    "mol/l": frozenset({"m", "mol/dm3", "moldm-3", "moll-1", "molar"}),
    "mol/kg": frozenset({"molal", "molkg-1"}),
    "g/mol": frozenset({"gmol-1", "u", "da", "amu"}),
    "u": frozenset({"da", "amu", "g/mol", "dalton"}),
    "kj": frozenset({"kj/mol", "kjmol-1"}),
    "kj/mol": frozenset({"kjmol-1"}),
    "g/l": frozenset({"kg/m3", "gl-1"}),
    "l": frozenset({"dm3"}),
    "kpa": frozenset({"kilopascals"}),
}
_OTHERS = frozenset(
    {"kj", "j", "kcal", "cal", "u", "g/mol", "kg/mol", "mg", "kg", "g", "mol", "mmol", "ev", "pa", "torr"}
)
_FORMULA_UNITS = units_of(FORMULAS.values(), _ALIKE)
_UNITS = Units(_FORMULA_UNITS.known | _OTHERS, _ALIKE)
_STATE = re.compile(
    r"(?:(?P<symbol>[A-Z][a-z]?)(?:\s*[:=]\s*|\s+|(?=\()|(?=[+-]?\d)))?\(?(?:(?P<signed>[+-]?\d{1,2})|(?P<behind>\d{1,2}[+-])|\+?(?P<roman>[IVX]{1,5}))\)?"
)
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9}
_DASHES = str.maketrans(dict.fromkeys("−‐‑‒–—", "-"))


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on ``trace.answer``, or None for kinds of other packs and plugins."""
    if problem.kind not in _KINDS:
        return None
    answer = trace.answer or ""
    if len(answer) > LONGEST:
        return Verdict(correct=False, reason=f"longer than {LONGEST} characters")
    answer = without_citations(answer).strip(_MARKUP)
    if not answer:
        return Verdict(correct=False, reason="no answer")
    reason = _GRADERS.get(problem.kind, _quantity)(problem, answer)
    return Verdict(correct=not reason, reason=reason)


def _quantity(problem: Problem, answer: str) -> str:
    if not isinstance(problem.key, FormulaKey):
        return "the problem has no formula key"
    written = str(problem.key.inputs.get("formula", ""))
    names = (written, f"M({written})") if written else ()
    verdict = verify_quantity(problem.key, Trace(text="", reasoning="", answer=answer), _UNITS, names)
    return "" if verdict.correct else verdict.reason or "another number"


def _name(problem: Problem, answer: str) -> str:
    verdict = verify_exact(problem, Trace(text="", reasoning="", answer=answer))
    return "" if verdict.correct else "another name"


def _formula(problem: Problem, answer: str) -> str:
    said, gold = composition(answer.rstrip(". ")), composition(problem.answer)
    if said is None:
        return "not one formula"
    return "" if said == gold else "another formula"


def _smiles(problem: Problem, answer: str) -> str:
    counted = formula_of(answer)
    if not counted:
        return "not one structure"
    if counted != formula_of(problem.answer):
        return "another formula"
    return "" if inchikey(answer) == inchikey(problem.answer) != "" else "another InChIKey"


def _equation(problem: Problem, answer: str) -> str:
    said, gold = read_equation(answer), read_equation(problem.answer)
    if said is None or gold is None:
        return "not one equation with whole coefficients"
    if not same_species(said, gold):
        return "other reactants or products"
    return "" if balances(said) else "the equation does not balance"


def _option(problem: Problem, answer: str) -> str:
    match = re.fullmatch(r"(?:option |choice )?\(?([A-Ja-j])\)?(?:[.:)]\s*(.*))?", answer.rstrip(". "))
    if match is None:
        return "" if fold(answer) == fold(problem.answer) else "another option"
    index = LETTERS.find(match[1].upper())
    if not 0 <= index < len(problem.choices):
        return "no such option"
    if match[2] and fold(match[2]) != fold(problem.choices[index]):
        return "a letter with the words of another option"
    return "" if problem.choices[index] == problem.answer else "another option"


def _state(problem: Problem, answer: str) -> str:
    written = re.sub(r"(?<=[0-9])\.0+\b", "", answer.translate(_DASHES))  # 5.0 is 5
    match = _STATE.fullmatch(written.rstrip(". ").replace("^", ""))
    if match is None or not isinstance(problem.key, FormulaKey):
        return "not one oxidation state"
    if match["symbol"] and match["symbol"] != problem.key.inputs.get("element") and not match["roman"]:
        return "the state of another element"
    if match["roman"]:
        if match["symbol"] not in (None, problem.key.inputs.get("element")):
            return "the state of another element"
        value = _ROMAN.get(match["roman"], 99)
    else:
        text = match["signed"] or match["behind"][-1] + match["behind"][:-1]
        value = int(text)
    return "" if problem.key.low <= value <= problem.key.high else "another oxidation state"


def _place(problem: Problem, answer: str) -> str:
    if not isinstance(problem.key, GraphKey):
        return "the problem has no graph key"
    place = problem.key.bindings.get("place", "").partition(":")[2]
    gold = problem.answer
    forms = {gold, f"{place} {gold}", f"{gold} {place}", f"the {gold}", f"the {gold} {place}"}
    if place == "series":
        forms |= {gold.removesuffix("s"), f"a {gold.removesuffix('s')}", f"{gold.removesuffix('s')} series"}
    return "" if fold(answer) in {fold(form) for form in forms} else f"another {place}"


_GRADERS: Mapping[str, Callable[[Problem, str], str]] = {
    "name_formula": _formula,
    "smiles_formula": _formula,
    "ionic_formula": _formula,
    "name_smiles": _smiles,
    "balance": _equation,
    "functional_group": _option,
    "oxidation_state": _state,
    "element_lookup": _place,
    **dict.fromkeys(("synonym_name", "smiles_name", "ionic_name", "periodic_trend", "boiling_point_compare"), _name),
}
_KINDS = frozenset(kind.name for kind in OWN)
