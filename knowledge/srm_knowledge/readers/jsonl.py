"""JSON lines: a document a row ({"text": ..., "title": ...}); {"term": ..., "definition": ...} is a glossary entry."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .parsed import Parsed, Rejected, Unreadable, one_line
from .text import paragraphs


def read_jsonl(text: str) -> Iterator[Parsed | Rejected]:
    """Yield every row; a row that is broken or holds no text is rejected by its number, counted from 1."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f":{number}"
            try:
                yield _parsed(_row(line), place)
            except Unreadable as error:
                yield Rejected(place, str(error))


def _row(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise Unreadable("not a JSON object")
    return row


def _parsed(row: dict[str, Any], place: str) -> Parsed:
    term, meaning = one_line(_string(row, "term")), one_line(_string(row, "definition"))
    body, title = _string(row, "text"), one_line(_string(row, "title"))
    defined = ((term, meaning),) if term and meaning else ()
    blocks = paragraphs(body) or tuple(f"{word}: {says}" for word, says in defined)
    if not blocks:
        raise Unreadable('holds neither "text" nor "term" and "definition"')
    return Parsed(title=title or term, blocks=blocks, definitions=defined, place=place)


def _string(row: dict[str, Any], name: str) -> str:
    value = row.get(name) or ""
    if not isinstance(value, str):
        raise Unreadable(f'"{name}" is not a string')
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Unreadable(f'"{name}" holds half of a surrogate pair')
    return value.replace("\r\n", "\n")
