"""Reads the one number of an answer, and its unit, as strictly as a grader must that pays for what it accepts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from srm_core.records import FormulaKey, Trace, Verdict
from srm_core.traces import without_citations

from .formula import Formula
from .unit_words import fold, unit_form

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+|\s?[x×*]\s?10\s?\^\s?[-+]?[0-9]+)?"
)
# Words that may stand around a number without changing it. Whatever is not listed may deny or change the number
# ("half of", "is wrong", "squared"), or be another unit, so it makes the answer wrong.
_HARMLESS = frozenset({
    "a", "about", "altogether", "amount", "an", "answer", "approximately", "are", "around", "at", "by",
    "calculated", "client", "client's", "comes", "computed", "correct", "decimal", "decimals", "elevated", "equal",
    "equals", "estimated", "final", "for", "get", "gives", "has", "have", "hence", "her", "here", "his", "in", "is",
    "it", "its", "normal", "of", "one", "our", "out", "overall", "patient", "patient's", "place", "places",
    "result", "roughly", "rounded", "so", "sum", "that", "the", "their", "therefore", "this", "three", "thus", "to",
    "total", "two", "value", "was", "we", "works",
})  # fmt: skip
_LATEX = re.compile(r"\\(?:boxed|text|mathrm|mathbf)\{([^{}]*)\}")
_MARKUP = re.compile(r"(?<!\S)[*_`$]+|[*_`$]+(?=[\s.,;:!)]|$)")
_RAISED = re.compile(r"([0-9]+)[⁻⁺]?[⁰¹²³⁴-⁹₀-₉]")
_LONGEST = 2000  # characters of an answer that are read
_SLACK = 1e-9  # relative; decimal text against binary limits
_LONGEST_UNIT = 8  # words


@dataclass(frozen=True)
class Units:
    """What counts as a unit in the answers of a pack."""

    known: Set[str]  # in the form of `unit_form`
    alike: Mapping[str, Set[str]] = field(default_factory=dict)  # units that may stand for a unit in these formulas


def units_of(formulas: Iterable[Formula], alike: Mapping[str, Set[str]] | None = None) -> Units:
    """Return the units that occur in ``formulas``; ``alike`` names what may stand for them."""
    forms = {unit_form(unit) for each in formulas for unit in (each.unit, *(source.unit for source in each.inputs))}
    return Units(forms - {""}, alike or {})


def verify_quantity(key: FormulaKey, trace: Trace, units: Units, names: Iterable[str] = ()) -> Verdict:
    """Say whether the answer is one number inside the key's band, in the key's unit if it names any.

    Accepts units left out or spelled, thousands separators, scientific notation, a few harmless words around the
    number, citations behind it, and a fraction for a percentage. Refuses other units, ranges, several numbers, refusals
    and every word or sign it does not know. ``names`` are phrases that may stand before the number, whose digits are
    no numbers (CURB-65).
    """
    if trace.answer is None or not trace.answer.strip():
        return Verdict(correct=False, reason="no answer")
    if len(trace.answer) > _LONGEST:
        return Verdict(correct=False, reason="too long for an answer")
    units = Units(units.known | {unit_form(key.unit)} - {""}, units.alike)
    longest_first = sorted((fold(name) for name in names), key=len, reverse=True)
    read = _read(without_citations(trace.answer), longest_first, unit_form(key.unit), units)
    if isinstance(read, str):
        return Verdict(correct=False, reason=read)
    number, bare = read
    if _inside(number, key):
        return Verdict(correct=True)
    if bare and key.unit == "%" and abs(number) <= 1 and _inside(number * 100, key):
        return Verdict(correct=True, reason="a fraction for a percentage")
    return Verdict(correct=False, reason=f"{number:g} is outside {key.low:g} to {key.high:g}")


def _inside(number: float, key: FormulaKey) -> bool:
    slack = _SLACK * max(abs(key.low), abs(key.high), 1.0)
    return math.isfinite(number) and key.low - slack <= number <= key.high + slack


def _read(answer: str, names: Sequence[str], unit: str, units: Units) -> tuple[float, bool] | str:
    """Return the number and whether it stands without a unit, or the reason why there is none."""
    if any(match[1] != "10" for match in _RAISED.finditer(answer)):
        return "raised or lowered digits behind a number"
    text = _plain(answer)
    for name in names:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)
    text = re.sub(r"\b(?:minus|negative)\s+(?=[0-9.])", "-", text)
    found = _NUMBER.search(text)
    if found is None:
        return "no number"
    written, tail = _unit_at(text[found.end() :], units)
    before = text[: found.start()]
    if re.search(r"\d", tail) or _NUMBER.search(before):
        return "more than one number"
    if written and written != unit and written not in units.alike.get(unit, frozenset()):
        return f"unit {written!r} instead of {unit!r}"
    said = frozenset(word for name in names for word in name.split())
    for part, more in ((before, said), (tail, frozenset[str]())):
        if odd := _odd(part, more):
            return f"{odd!r} beside the number"
    return _number(found.group()), not written


def _plain(answer: str) -> str:
    """Return the answer in one form, without markup around words; LaTeX that only sets type is taken off."""
    text = answer
    for _ in range(3):
        text = _LATEX.sub(r"\1", text)
    text = text.replace("\\%", "%").replace("\\,", " ").replace("\\times", "×")
    text = re.sub(r"\\[()\[\]]", " ", text)
    return fold(_MARKUP.sub(" ", text).strip())


def _odd(text: str, more: Set[str]) -> str:
    """Return the first word or sign that may change the meaning, or ""."""
    for word in re.split(r"[\s:,;=()!\"“”]+|\.(?:\s|$)", text.replace("’", "'")):
        if word and word not in _HARMLESS and word not in more and word != ".":
            return word
    return ""


def _number(text: str) -> float:
    try:
        return float(re.sub(r"\s?[x×*]\s?10\s?\^\s?", "e", text.replace(",", "")))
    except (ValueError, OverflowError):
        return math.nan


def _unit_at(rest: str, units: Units) -> tuple[str, str]:
    """Return the unit that ``rest`` begins with ("" if none) in its one form, and what follows it."""
    words = rest.strip().split()
    for n in range(min(len(words), _LONGEST_UNIT), 0, -1):
        candidate = " ".join(words[:n])
        if _is_unit(candidate, units):
            return unit_form(candidate), " ".join(words[n:])
    return "", rest


def _is_unit(text: str, units: Units) -> bool:
    if text.startswith("in "):  # "12 in total" names no inches
        return False
    form = unit_form(text)
    return form in units.known or any(form in alike for alike in units.alike.values()) or _looks_composed(text)


def _looks_composed(text: str) -> bool:
    return len(text.split()) == 1 and re.fullmatch(r"[a-zμ%°]+(?:/[a-zμ%°0-9.]+)+\.?", fold(text)) is not None


def plain_tokens(answer: str) -> tuple[list[Decimal], set[str]]:
    """Return the numbers of ``answer`` and its other words, read word by word: a reader for second graders.

    It shares nothing with `verify_quantity`; words are squeezed as `squeezed` does.
    """
    numbers: list[Decimal] = []
    others: set[str] = set()
    for token in answer.replace("%", " % ").replace("−", "-").replace(" per ", "/").split():
        stripped = token.strip("*$().,;:=")
        try:
            number = Decimal(stripped.replace(",", ""))
        except InvalidOperation:
            others.add(squeezed(stripped))
        else:
            numbers += [number] if number.is_finite() else []
    return numbers, others


def squeezed(unit: str) -> str:
    """Return ``unit`` without blanks, in lower case, with one of the two signs for micro."""
    return unit.replace(" ", "").replace("μ", "µ").lower()
