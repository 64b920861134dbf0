"""An independent grader a kind: other libraries or another route, none of our verifier's readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from srm_core.formulas.reading import plain_tokens, squeezed
from srm_core.records import FormulaKey, Problem, Trace, Verdict

from . import second_counts as counts
from .calculations.problems import FORMULAS
from .calculations.values import value
from .compounds import Compound, load_compounds
from .elements import load_elements
from .structures import canonical

LONGEST = 2000  # characters of an answer that is read at all
_LINE = re.compile(r"(?P<name>.+) (?:has [a-z -]+|boils at) (?P<value>-?[\d.]+)(?: \S+)?\.")


def second_opinion(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the second grader's verdict, or None for kinds that have none."""
    grader = _GRADERS.get(problem.kind)
    if grader is None or trace.answer is None:
        return None
    answer = re.sub(r"(?:\s*\[\d{1,3}\])+$", "", trace.answer[: LONGEST + 1]).strip().strip("`*\"'")
    if not answer or len(answer) > LONGEST:
        return Verdict(correct=False, reason="no answer of readable length")
    correct = grader(problem, answer)
    return Verdict(correct=correct, reason="" if correct else "the second grader disagrees")


def _compound(problem: Problem) -> Compound:
    return load_compounds()[problem.anchor.removeprefix("cas:")]


def _row_name(problem: Problem, answer: str) -> bool:
    return answer.rstrip(".").lower() == _compound(problem).name


def _row_names(problem: Problem, answer: str) -> bool:
    one = _compound(problem)
    return answer.rstrip(".").lower() in {one.name, *one.aliases}


def _counted(problem: Problem, answer: str) -> bool:
    return counts.of_text(answer) == counts.of_smiles(_compound(problem).smiles) is not None


def _canonical(problem: Problem, answer: str) -> bool:
    return canonical(answer) == canonical(_compound(problem).smiles) != ""


def _fragment(problem: Problem, answer: str) -> bool:
    letter = re.fullmatch(r"\(?([A-D])\)?\.?(?: .*)?", answer)
    said = problem.choices["ABCD".index(letter[1])] if letter else answer.rstrip(".").lower()
    return said in problem.choices and counts.has_fragment(_compound(problem).smiles, said)


def _ionic(problem: Problem, answer: str) -> bool:
    return counts.of_text(answer) == counts.of_text(problem.anchor.removeprefix("salt:")) is not None


def _balanced(problem: Problem, answer: str) -> bool:
    return counts.is_multiple(problem.answer, answer)


def _shown(problem: Problem, answer: str) -> bool:
    """Compare the numbers in the facts as shown; the question says which way and of which property."""
    lines = [match for match in map(_LINE.fullmatch, (each.text for each in problem.evidence)) if match]
    asked = problem.question.casefold()
    title = next(
        (word for word in ("electronegativity", "ionization", "radius", "melting", "boiling") if word in asked), ""
    )
    known = {m["name"].casefold(): Decimal(m["value"]) for m in lines if title in m[0].casefold() or "boils" in m[0]}
    named = {name: number for name, number in known.items() if name in asked}
    said = answer.rstrip(".").casefold()
    symbols = {one.symbol.casefold(): one.name for one in load_elements().values()}
    said = symbols.get(said, said)
    best = (max if "highest" in asked else min)(named.values(), default=None)
    return said in named and named[said] == best


def _row(problem: Problem, answer: str) -> bool:
    """Find the element by the symbol or number in the question, and its row in the table."""
    asked = problem.question
    number = re.search(r"element (\d+)", asked)
    for one in load_elements().values():
        if one.number == int(number[1]) if number else re.search(rf"\b{one.symbol}\b", asked):
            place = next(word for word in ("group", "period", "block", "series") if word in asked)
            return answer.rstrip(".").lower() == str(getattr(one, place))
    return False


def _number(answer: str, gold: Decimal, width: Decimal, units: set[str]) -> bool:
    """Say whether the answer is one number near ``gold``, with no unit but one of ``units``."""
    numbers, words = plain_tokens(answer)
    wrong = words - {"in", "of", ""} - {squeezed(unit) for unit in units}
    return len(numbers) == 1 and not wrong and abs(numbers[0] - gold) <= width


def _molar_mass(problem: Problem, answer: str) -> bool:
    made_of = counts.of_text(problem.anchor.removeprefix("formula:"))
    mass = counts.weight(made_of or {})
    return _number(answer, mass, mass * Decimal("0.0011"), {"g/mol", "g", "/mol"})


def _stoichiometry(problem: Problem, answer: str) -> bool:
    if not isinstance(problem.key, FormulaKey):
        return False
    said = problem.key.inputs
    terms = counts.terms(str(said["equation"])) or {}
    before, after = str(said["reactant"]), str(said["product"])
    masses = [counts.weight(counts.of_text(text) or {}) for text in (before, after)]
    ratio = Decimal(terms[after]) / Decimal(terms[before])
    gold = Decimal(str(said["mass"])) / masses[0] * ratio * masses[1]
    return _number(answer, gold, gold * Decimal("0.0055"), {"g", "grams"})


def _energy(problem: Problem, answer: str) -> bool:
    if not isinstance(problem.key, FormulaKey):
        return False
    total = Fraction(0)
    said = problem.key.inputs
    for name, count in said.items():
        side, _, species = name.partition(" ")
        if side in ("left", "right"):
            energy = next(
                Fraction(str(said[f"{kind} {species}"])) for kind in ("Hf", "Gf") if f"{kind} {species}" in said
            )
            total += Fraction(str(count)) * energy * (1 if side == "right" else -1)
    total *= Fraction(str(said.get("moles", 1))) / Fraction(str(said.get("per", 1)))
    gold = Decimal(total.numerator) / Decimal(total.denominator)
    return _number(answer, gold, abs(gold) * Decimal("0.003") + Decimal("1e-9"), {"kJ", "kJ/mol"})


def _isotopes(problem: Problem, answer: str) -> bool:
    if not isinstance(problem.key, FormulaKey):
        return False
    said = problem.key.inputs
    shares = {name.split()[1]: Decimal(str(share)) for name, share in said.items() if name.startswith("share")}
    weighed = sum((share * Decimal(str(said[f"mass {n}"])) for n, share in shares.items()), Decimal(0))
    gold = weighed / sum(shares.values())
    return _number(answer, gold, gold * Decimal("0.0005") + Decimal("1e-9"), {"u", "Da", "amu", "g/mol"})


def _oxidation(problem: Problem, answer: str) -> bool:
    if not isinstance(problem.key, FormulaKey):
        return False
    said = problem.key.inputs
    state = counts.state_in_salt(str(said["cation"]), str(said["anion"]), str(said["element"]))
    return re.fullmatch(r"[+-]?\d{1,2}", answer.rstrip(".")) is not None and int(answer.rstrip(".")) == state


def _recomputed(problem: Problem, answer: str) -> bool:
    """Recompute the formula from the key's inputs, and read the answer word by word."""
    key = problem.key
    if not isinstance(key, FormulaKey) or key.formula not in FORMULAS:
        return False
    formula = FORMULAS[key.formula]
    gold = Decimal(repr(value(formula, key.inputs)))
    width = abs(gold) * Decimal(str(formula.tolerance)) + Decimal("1e-9")
    return _number(answer, gold, width, {formula.unit, "%"} if formula.unit == "%" else {formula.unit})


_GRADERS: Mapping[str, Callable[[Problem, str], bool]] = {
    "synonym_name": _row_name,
    "smiles_name": _row_names,
    "name_formula": _counted,
    "smiles_formula": _counted,
    "name_smiles": _canonical,
    "functional_group": _fragment,
    "ionic_formula": _ionic,
    "balance": _balanced,
    "periodic_trend": _shown,
    "boiling_point_compare": _shown,
    "element_lookup": _row,
    "molar_mass": _molar_mass,
    "stoichiometry": _stoichiometry,
    "reaction_enthalpy": _energy,
    "reaction_gibbs": _energy,
    "isotope_average_mass": _isotopes,
    "oxidation_state": _oxidation,
    "chemistry_formula": _recomputed,
    "chemistry_units": _recomputed,
}
