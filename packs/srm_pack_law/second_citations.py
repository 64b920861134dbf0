"""Second graders of citations and courts: eyecite's tokenizer, citeurl, and courts_db's own search."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from srm_core.records import GraphKey, Problem

_CITE = re.compile(r"\s*\[\d+\]\s*$")
_YEARS = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_PART = re.compile(r"\b(title|section|subsection|paragraph)\b")


def bare(answer: str) -> str:
    """Return ``answer`` without the citation behind it."""
    return _CITE.sub("", answer).strip()


def reporter_agrees(problem: Problem, answer: str) -> bool:
    """Say whether eyecite knows the edition as one of the reporter that ``answer`` names."""
    return bare(answer) in {
        " ".join(edition.reporter.name.split()) for edition in _editions(_bound(problem, "edition"))
    }


def year_agrees(problem: Problem, answer: str) -> bool:
    """Say whether eyecite's dates of the edition give the decision for the year in brackets."""
    years = re.findall(r"\((\d{4})\)", problem.question)
    possible = any(edition.includes_year(int(years[-1])) for edition in _editions(_bound(problem, "edition")))
    return bare(answer).casefold().rstrip(".") == ("yes" if possible else "no")


def edition_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the edition that ``answer`` names is of the reporter and includes the last year in the question."""
    names = {edition.reporter.name for edition in _editions(_bound(problem, "reporter"))}
    year = int(_YEARS.findall(problem.question)[-1])
    said = [edition for edition in _editions(bare(answer)) if edition.short_name == bare(answer)]
    return any(edition.reporter.name in names and edition.includes_year(year) for edition in said)


def normal_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the question holds ``answer`` in a spelling that eyecite resolves to the answer's abbreviation."""
    parts = re.fullmatch(r"(\d+) (.+) (\d+)", bare(answer))
    if parts is None:
        return False
    written = re.search(rf"\b{parts[1]} (.+?) {parts[3]}\b", problem.question)
    return written is not None and any(edition.short_name == parts[2] for edition in _editions(written[1]))


def statute_agrees(problem: Problem, answer: str) -> bool:
    """Say whether citeurl reads the part that the question asks for as ``answer`` says."""
    found, part = _citator().cite(problem.question), _PART.search(_asked(problem.question))
    if found is None or part is None:
        return False
    token = {"paragraph": "subsection"}.get(part[1], part[1])
    return bool(found.tokens.get(token) == bare(answer))


def string_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the courts that courts_db finds by the name of the court are cited as ``answer`` says."""
    from courts_db import find_court

    rows = _courts()
    name = rows[_bound(problem, "court")]["name"]
    return bare(answer) in {rows[found]["citation_string"].strip() for found in find_court(name) if found in rows}


def parent_agrees(problem: Problem, answer: str) -> bool:
    """Say whether the parent of the court with the longest citation string in the question is called so."""
    rows = _courts()
    words = f" {problem.question} "
    strings = ((row["citation_string"], row) for row in rows.values())
    held = [row for text, row in strings if text and text in words and _stands(text, words)]
    court = max(held, key=lambda row: len(row["citation_string"]))
    return bool(rows[court["parent"]]["name"] == bare(answer))


def _stands(text: str, words: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(text)}(?!\w)", words) is not None


def _bound(problem: Problem, name: str) -> str:
    bindings = problem.key.bindings if isinstance(problem.key, GraphKey) else {}
    return bindings.get(name, ":").partition(":")[2]


def _asked(question: str) -> str:
    """Return the question without the words of its citation."""
    return re.sub(r"\d+ [UC]\.[SF]\.[CR]\. § \S+", " ", question)


def _editions(text: str) -> Sequence[Any]:
    from eyecite.tokenizers import EDITIONS_LOOKUP

    return tuple(edition for edition in EDITIONS_LOOKUP.get(text, ()) if edition.reporter.source == "reporters")


@cache
def _courts() -> dict[str, Any]:
    from courts_db import courts

    return {row["id"]: row for row in courts}


@cache
def _citator() -> Any:
    from citeurl import Citator

    return Citator()
