"""Grading of the kinds that come from a glossary: the term in its usual spellings, or the letter of the option."""

from __future__ import annotations

import re

from srm_core.prompts import LETTERS
from srm_core.records import ChoiceKey, Problem, Trace, Verdict

from .problems import KINDS

_ARTICLE = re.compile(r"^(?:the|an?)\s+")
_NAMES = frozenset(kind.name for kind in KINDS)


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on a problem of ours, or None for any other kind."""
    if problem.kind not in _NAMES or trace.answer is None:
        return None
    if isinstance(problem.key, ChoiceKey):
        return _choice(problem, trace.answer, problem.key.index)
    given = _plain(trace.answer)
    correct = given in {_plain(form) for form in (problem.answer, *problem.accept)}
    return Verdict(correct=correct, reason="" if correct else f"{trace.answer!r} is not {problem.answer!r}")


def _choice(problem: Problem, answer: str, index: int) -> Verdict:
    options = [_plain(choice) for choice in problem.choices]
    letter = re.fullmatch(r"\(?([A-Za-z])[.):]?(?:\s+(.*))?", answer.strip(), re.DOTALL)
    chosen = LETTERS.find(letter.group(1).upper()) if letter else -1
    named = _plain(letter.group(2) or "") if letter else _plain(answer)
    if _plain(answer) in options:
        correct = options.index(_plain(answer)) == index
    elif letter and (not named or (0 <= chosen < len(options) and named == options[chosen])):
        correct = chosen == index
    else:
        return Verdict(correct=False, reason=f"{answer!r} names none of the options")
    return Verdict(correct=correct, reason="" if correct else f"{answer!r} is not {LETTERS[index]}")


def _plain(text: str) -> str:
    """Return ``text`` without case, leading article, quotes, end mark and double blanks; apostrophes made straight."""
    folded = " ".join(text.replace("’", "'").casefold().split()).strip('"“”* ').rstrip(".")
    return _ARTICLE.sub("", folded)
