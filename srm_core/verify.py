"""The core's verifiers: a choice, a number, an exact answer. Each reads one answer and nothing but one answer.

Whoever is paid for right answers learns what the reader lets through, so a list, a second answer, a hedge
("A or B") or words around the answer are wrong even where the right answer is among them.
"""

from __future__ import annotations

import math
import re
import unicodedata

from .prompts import LETTERS
from .records import ChoiceKey, FormulaKey, Problem, TestsKey, Trace, Verdict
from .traces import without_citations

RELATIVE_TOLERANCE = 1e-6  # of a number whose key declares no band
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?)\s*(?P<unit>.*)",
    re.DOTALL,
)
_LETTER = re.compile(r"(?:option |choice )?[(\[]?([A-Z])[)\].:]*(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)
_MARKUP = "*`_\"'“”‘’ \t"
_DASHES = str.maketrans(dict.fromkeys("−‐‑‒–—", "-"))
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
_JOINERS = re.compile(
    r"(?<=[^\W\d_])[-_/](?=\w)|(?<=\w)[-_/](?=[^\W\d_])"  # type-2, 2-propanol, and/or; not -5, 3-4, 1/2
    r"|[.,:](?!\d)|[()\[\]\"“”;]"  # not 1.5, E11.9, 10:30
)


def verify_answer(problem: Problem, trace: Trace) -> Verdict | None:
    """Verify by what ``problem.key`` is: a choice, a band of numbers, or an exact answer; None for programs."""
    match problem.key:
        case ChoiceKey():
            return verify_choice(problem, trace)
        case FormulaKey():
            return verify_number(problem, trace)
        case TestsKey():
            return None
    exact = verify_exact(problem, trace)
    return exact if exact.correct or read_number(problem.answer) is None else verify_number(problem, trace)


def verify_exact(problem: Problem, trace: Trace) -> Verdict:
    """Accept the gold or one of ``problem.accept``, up to case, spaces, hyphens and closing punctuation."""
    given = fold(_given(trace))
    if given and given in {fold(form) for form in (problem.answer, *problem.accept)}:
        return Verdict(correct=True, reason="the same words")
    return Verdict(correct=False, reason="other words than the gold")


def verify_choice(problem: Problem, trace: Trace) -> Verdict:
    """Accept the letter of the right option, its text, or both if they agree.

    A letter that is also the text of another option is refused, as is a text that two options share.
    """
    if not isinstance(problem.key, ChoiceKey) or not 0 <= problem.key.index < len(problem.choices):
        return Verdict(correct=None, reason=f"the key of {problem.id} names no option")
    chosen = _options_meant(problem.choices, _given(trace))
    if len(chosen) != 1:
        return Verdict(correct=False, reason="ambiguous" if chosen else "no option of the question")
    right = chosen == {problem.key.index}
    return Verdict(correct=right, reason="the right option" if right else "another option")


def verify_number(problem: Problem, trace: Trace) -> Verdict:
    """Accept one number inside the band of the formula's key, or within 1e-6 (relative) of the gold.

    A formula's unit may be left out; one that is written must be the key's (conversion is left to packs).
    Without a formula, what follows the number must be what follows it in the gold.
    """
    read = read_number(_given(trace))
    if read is None:
        return Verdict(correct=False, reason="not one number")
    value, unit = read
    low, high, gold_unit = _band(problem)
    left_out = not unit and isinstance(problem.key, FormulaKey)
    if not left_out and fold(unit) != fold(gold_unit):
        return Verdict(correct=False, reason=f"the number is followed by {unit!r}, expected was {gold_unit!r}")
    if low <= value <= high:
        return Verdict(correct=True, reason="inside the band")
    return Verdict(correct=False, reason=f"{value:g} is outside [{low:g}, {high:g}]")


def read_number(text: str) -> tuple[float, str] | None:
    """Return the number ``text`` begins with and what follows it (its unit), or None. ``1,234.5`` is one number."""
    match = _NUMBER.fullmatch(text.translate(_DASHES).strip(_MARKUP).rstrip(". \t"))
    if match is None or not any(character.isdigit() for character in match["number"]):
        return None
    try:
        value = float(match["number"].replace(",", ""))
    except ValueError:  # an exponent alone
        return None
    return (value, match["unit"].strip()) if math.isfinite(value) else None


def fold(text: str) -> str:
    """Return ``text`` in lower case without markup, closing punctuation and joiners that carry no meaning.

    Signs, points, ranges and fractions are kept (``-5``, ``1.5``, ``3-4``, ``1/2``), so no two numbers fold together.
    """
    normal = unicodedata.normalize("NFC", text).translate(_DASHES).strip(_MARKUP).casefold()
    return " ".join(_JOINERS.sub(" ", _APOSTROPHE.sub("", normal)).split())


def _band(problem: Problem) -> tuple[float, float, str]:
    if isinstance(problem.key, FormulaKey):
        return problem.key.low, problem.key.high, problem.key.unit
    gold = read_number(problem.answer)
    if gold is None:
        return math.inf, -math.inf, ""  # nothing is accepted
    slack = RELATIVE_TOLERANCE * abs(gold[0])
    return gold[0] - slack, gold[0] + slack, gold[1]


def _given(trace: Trace) -> str:
    """Return the answer without the citations behind it and the markup around it."""
    return without_citations(trace.answer or "").strip(_MARKUP)


def _options_meant(choices: tuple[str, ...], answer: str) -> set[int]:
    """Return every option ``answer`` may mean: by its text, by its letter, by letter and text that agree."""
    by_text = {index for index, choice in enumerate(choices) if fold(choice) == fold(answer) != ""}
    match = _LETTER.fullmatch(answer)
    index = LETTERS.find(match.group(1).upper()) if match else -1
    if match is None or not 0 <= index < len(choices):
        return by_text
    words = match.group(2)
    if words is None or fold(words) == fold(choices[index]):
        return by_text | {index}
    return by_text
