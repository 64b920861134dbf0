"""What is certainly right and what is certainly wrong for a problem, by its key and its accepted forms alone.

No verifier is asked here. In doubt a text counts as possibly right, so it becomes no near miss.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection

from srm_core.records import FormulaKey, Problem
from srm_core.traces import without_citations
from srm_core.verify import read_number

DECISIONS = ("yes", "no", "maybe", "true", "false")
SAID = DECISIONS[:3]  # words of a language; true and false may be values of a program
APART = 0.05  # relative distance from which two numbers without a declared band certainly differ
_LITERAL = re.compile(r"[\"\[\]{}=<>+*_\\]|\w\(|(?<!\w)'|'(?!\w)|^\d+:")
_FIGURES = re.compile(r"-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})")
_NO_UNIT = re.compile(r"[-/:,;]|\S*\d\S*-|(?:\S+\s+){3}\S")  # what goes on a date, a code or a name
_SYMBOLIC = re.compile(r"[^\s,;]*[=#@\[\]/\\][^\s,;]*|[A-Z][A-Za-z0-9()]*\([A-Za-z0-9()=]*")
_CODE = re.compile(r"(?=[^\s]*[0-9])[A-Za-z0-9][\w.\-–/:]*")


def right_texts(problem: Problem, further: Collection[str] = ()) -> frozenset[str]:
    """Return every text known to be right: the gold, its accepted forms, the right option and ``further`` ones."""
    texts = {problem.answer, *problem.accept, *further}
    place = option_of(problem)
    if place is not None:
        texts.add(problem.choices[place])
    return frozenset(texts)


def maybe_right(problem: Problem, text: str, right: Collection[str]) -> bool:
    """Say whether ``text`` may be the answer: inside the band, or like one of ``right`` up to case and punctuation.

    Answers that look like structures (``C[C@H](O)N``) are compared sign by sign, because there signs carry meaning.
    """
    if isinstance(problem.key, FormulaKey):
        number = plain_number(text)
        return number is None or not outside(problem.key, number[0])
    gold, given = plain_number(problem.answer), plain_number(text)
    if gold is not None and given is not None:
        return abs(given[0] - gold[0]) <= APART * max(abs(gold[0]), 1e-9)
    if is_symbolic(problem.answer):
        return text.strip() in {each.strip() for each in right}
    return loose(text) in {loose(each) for each in right}


def without_cites(problem: Problem) -> tuple[Problem, str]:
    """Return the problem with its gold bare of citations behind it, and those citations (" [2]", or "")."""
    bare = without_citations(problem.answer)
    if bare == problem.answer or not bare.strip() or is_literal(bare):
        return problem, ""
    return problem.model_copy(update={"answer": bare}), problem.answer[len(bare) :]


def plain_number(text: str) -> tuple[float, str] | None:
    """Return the number and the unit of ``text``; None for words, dates, names and codes."""
    read = read_number(text)
    return None if read is None or _NO_UNIT.match(read[1]) else read


def holds_right(problem: Problem, text: str) -> bool:
    """Say whether some number of ``text`` is inside the band, or its words include the gold."""
    if isinstance(problem.key, FormulaKey):
        numbers = (float(found) for found in _FIGURES.findall(unicodedata.normalize("NFKC", text)))
        return any(not outside(problem.key, number) for number in numbers)
    return loose(problem.answer) in loose(text)


def outside(key: FormulaKey, number: float) -> bool:
    """Say whether ``number`` is outside the key's band, by more than rounding of its limits."""
    slack = 1e-6 * max(abs(key.low), abs(key.high), 1e-6)
    return number < key.low - slack or number > key.high + slack


@functools.lru_cache(maxsize=1 << 16)  # golds of a kind are compared with each other again and again
def loose(text: str) -> str:
    """Return the letters and digits of ``text`` in one case: two texts that differ here differ in words."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


def option_of(problem: Problem) -> int | None:
    """Return the place of the right option, or None if the problem has no options or they do not hold its answer."""
    if problem.key.type == "choice":
        return problem.key.index if 0 <= problem.key.index < len(problem.choices) else None
    return problem.choices.index(problem.answer) if problem.answer in problem.choices else None


def is_decision(problem: Problem) -> bool:
    """Say whether the gold is a word such as yes or no."""
    return problem.answer.strip().casefold() in DECISIONS


def is_code(text: str) -> bool:
    """Say whether ``text`` is one word with digits that is no number (``E11.9``, ``V70-V79``, ``C2H6O``, a date)."""
    return _CODE.fullmatch(text.strip()) is not None and plain_number(text) is None


def is_symbolic(text: str) -> bool:
    """Say whether ``text`` looks like a structure in which every sign counts (``CC(=O)O``)."""
    return _SYMBOLIC.fullmatch(text.strip()) is not None


def is_literal(text: str) -> bool:
    """Say whether ``text`` looks like code or a value of a program, in which stars, points and case carry meaning."""
    return _LITERAL.search(text) is not None


def is_name(text: str) -> bool:
    """Say whether ``text`` is words whose case carries no meaning: no inner capitals, digits or signs of code."""
    if is_literal(text) or any(sign.isdigit() for sign in text):
        return False
    words = re.findall(r"[^\W\d_]+", text)
    plain = all(word.islower() or word.istitle() for word in words)
    return plain and any(len(word) > 4 for word in words) and not is_code(text) and not is_symbolic(text)
