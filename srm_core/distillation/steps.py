"""How reasoning is cut for judging: steps, the clauses a citation covers, and the words that carry content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from srm_core.calculator import format_number

CALL = re.compile(r"<<([^<>=]*)=([^<>=]*)>>")
_ANSWER = re.compile(r"^[ \t]*answer[ \t]*:", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r";\s+|(?<=[.!?])\s+(?=[A-Z0-9<(])")
_END_BEFORE_CITE = re.compile(r";\s+|(?<=[.!?])\s+(?=[A-Z0-9<(\[])")
_CITES = re.compile(r"(?:\[\d{1,3}\][\s,]*(?:and\s+(?=\[))?)+")
_NUMBER = r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?(?!\w|[.\-]\w)"
_TOKEN = re.compile(rf"{_NUMBER}|[A-Za-z]\w*:\w+(?:[.\-]\w+)*|\w+(?:[.\-'’]\w+)*")
_NUMERIC = re.compile(_NUMBER)
_NEGATION = re.compile(r"not|no|never|without|cannot|neither|nor|none|\w+n't")
_EMPTY = re.compile(
    "an?|the|is|are|was|were|be|been|being|of|in|on|at|to|for|by|with|as|from|and|that|this|these|those|its?|so|"
    "therefore|thus|hence|then|since|because|says?|said|states?|gives?|shows?|according|facts?|see|we|i|has|have|had|"
    "do|does|did|which|who|also|here|there|let|now|first|next|finally|using|used?"
)


@dataclass(frozen=True)
class Token:
    """One word that carries content: ``text`` as written, ``form`` for comparison (case, plural, number format)."""

    text: str
    form: str
    kind: str  # "word", "number" or "code"


@dataclass(frozen=True)
class Clause:
    """A part of a step and the evidence numbers it cites (none: it cites nothing)."""

    text: str
    cites: tuple[int, ...]


def steps(text: str) -> list[str]:
    """Return the steps of a trace: its lines, cut at semicolons and ends of sentences.

    What states nothing ("Use [1].") is no step, and the ``Answer:`` line is one only if it calculates; nothing after it
    is read. In a line that starts with a citation, each citation after a full stop starts a step ("[1] A. [2] B."); in
    any other line it belongs to what stands before it ("A. [1] B. [2]").
    """
    found = _ANSWER.search(text)
    lines = (text[: found.start()] if found else text).splitlines()
    parts = [
        part for line in lines for part in (_END_BEFORE_CITE if line.lstrip().startswith("[") else _END).split(line)
    ]
    answer = text[found.start() :].strip().splitlines()[0] if found else ""
    kept = [part.strip() for part in parts if CALL.search(part) or content(_CITES.sub(" ", part))]
    return [*kept, answer] if CALL.search(answer) else kept


def clauses(step: str) -> list[Clause]:
    """Return the clauses of ``step``. A citation covers what stands before it, or what follows if it comes first."""
    result: list[Clause] = []
    leading: tuple[int, ...] = ()
    start = 0
    for match in _CITES.finditer(step):
        numbers = tuple(int(number) for number in re.findall(r"\d+", match.group()))
        before = step[start : match.start()]
        start = match.end()
        if content(before):
            result.append(Clause(before.strip(), leading + numbers))
            leading = ()
        elif result:  # nothing but filler between two citations: both cover the clause before
            result[-1] = Clause(result[-1].text, result[-1].cites + numbers)
        else:
            leading += numbers
    if content(step[start:]):
        result.append(Clause(step[start:].strip(), leading))
    return result


def content(text: str) -> list[Token]:
    """Return the content words, numbers and codes of ``text``, in order; negations are left out, see `negated`."""
    tokens = [_token(match.group()) for match in _TOKEN.finditer(text)]
    return [token for token in tokens if not _EMPTY.fullmatch(token.form) and not _NEGATION.fullmatch(token.form)]


def negated(text: str) -> bool:
    """Return whether ``text`` holds an odd number of negations."""
    return sum(bool(_NEGATION.fullmatch(_token(match.group()).form)) for match in _TOKEN.finditer(text)) % 2 == 1


def numbers(text: str) -> list[float]:
    """Return the numbers of ``text``; digits inside codes are none."""
    return [float(match.group().replace(",", "")) for match in _NUMERIC.finditer(text)]


def in_order(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Return whether ``part`` is a subsequence of ``whole``."""
    rest = iter(whole)
    return all(item in rest for item in part)


def _token(text: str) -> Token:
    if _NUMERIC.fullmatch(text):
        return Token(text, format_number(float(text.replace(",", ""))), "number")
    form = text.lower().replace("’", "'")
    if any(character.isdigit() for character in text):
        return Token(text, form, "code")
    if len(form) > 3 and form.endswith("s") and not form.endswith(("ss", "is", "us")):
        form = form[:-1]
    return Token(text, form, "word")
