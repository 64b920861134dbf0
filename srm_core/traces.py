"""How a completion is read: reasoning, then one ``Answer:`` line. What cannot be read has no answer."""

from __future__ import annotations

import re

from .calculator import plain
from .records import Trace

_ANSWER = re.compile(r"^[ \t]*answer[ \t]*:[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE)
CITATION = re.compile(r"\[(\d{1,3})\]")  # of a piece of the evidence, by its number from 1
_CITES = re.compile(r"(?:\s*\[\d{1,3}\])+$")
MAX_ANSWER = 400  # characters; a longer "answer" is an attempt to list them all


def without_citations(answer: str) -> str:
    """Return ``answer`` without the ``[n]`` behind it."""
    return _CITES.sub("", answer)


def parse_trace(text: str) -> Trace:
    """Return the trace in ``text``. The answer is None if there is no ``Answer:`` line, or several that differ."""
    read = plain(text)
    found = [match for match in _ANSWER.finditer(read) if match.group(1).strip()]
    answers = {match.group(1).strip() for match in found}
    answer = answers.pop() if len(answers) == 1 else None
    if answer is not None and len(answer) > MAX_ANSWER:
        answer = None
    reasoning = read[: found[0].start()].strip() if found else read.strip()
    cites = tuple(dict.fromkeys(int(number) for number in CITATION.findall(read)))
    return Trace(text=text, reasoning=reasoning, answer=answer, cites=cites)
