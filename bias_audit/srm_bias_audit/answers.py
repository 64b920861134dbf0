"""When two answers are the same answer: for comparing answers with each other; the verifier decides what is right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from srm_core.calculator import format_number
from srm_core.prompts import LETTERS
from srm_core.records import ChoiceKey, FormulaKey, Problem
from srm_core.traces import parse_trace

_LETTER = re.compile(r"^\(?([A-J])\)?(?:[.:)]|$)")
_NUMBER = re.compile(r"^[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?=\s|%|$)")


def canonical(answer: str | None, choices: Sequence[str] = ()) -> str:
    """Return the form answers are compared in: an option's letter, a number without its unit, or folded words.

    No answer is the empty string, so two completions without a readable answer agree.
    """
    text = (answer or "").strip().rstrip(".")
    if choices:
        return _letter(text, choices) or _folded(text)
    value = number(text)
    return format_number(value) if value is not None else _folded(text)


def number(text: str) -> float | None:
    """Return the number that ``text`` begins with, None if it begins with none (``E11.9``, ``2-deoxy``)."""
    found = _NUMBER.match(text.strip().rstrip("."))
    return float(found.group().replace(",", "")) if found else None


def given(text: str, problem: Problem) -> str:
    """Return the canonical final answer of a completion's ``text``."""
    return canonical(parse_trace(text).answer, problem.choices)


def is_gold(answer: str, problem: Problem) -> bool:
    """Say whether ``answer`` is the gold, one of its accepted forms, or inside a formula's accepted band."""
    forms = {canonical(form, problem.choices) for form in (problem.answer, *problem.accept)}
    if canonical(answer, problem.choices) in forms:
        return True
    value = number(answer)
    return isinstance(problem.key, FormulaKey) and value is not None and problem.key.low <= value <= problem.key.high


def gold_index(problem: Problem) -> int | None:
    """Return the position of the right option, None where there are no options or none of them is the gold."""
    if isinstance(problem.key, ChoiceKey):
        return problem.key.index
    letter = _letter(problem.answer, problem.choices)
    return LETTERS.index(letter) if letter else None


def _letter(text: str, choices: Sequence[str]) -> str:
    folded = [_folded(choice) for choice in choices]
    if _folded(text) in folded:
        return LETTERS[folded.index(_folded(text))]
    found = _LETTER.match(text)
    return found.group(1) if found and LETTERS.index(found.group(1)) < len(choices) else ""


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text.casefold()).split())
