"""A row of a data set as a document: which column is its text, which its title."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .jsonl import read_jsonl
from .parsed import Parsed, Rejected

TEXT_COLUMNS = ("text", "content", "body", "document", "passage", "article", "abstract")  # the first found is taken
_TITLE_COLUMNS = ("title", "name", "heading")


def text_column(names: Sequence[str]) -> str | None:
    """Return the column that holds the text, or None if none has one of the usual names."""
    return _column(names, TEXT_COLUMNS)


def title_column(names: Sequence[str]) -> str | None:
    """Return the column that holds the title, or None."""
    return _column(names, _TITLE_COLUMNS)


def part_of_row(row: Mapping[str, Any], place: str) -> Parsed | Rejected:
    """Return the row as a document by the rules of JSON lines, or rejected with the reason."""
    text, title = text_column(list(row)), title_column(list(row))
    plain = {"text": row[text] if text else None, "title": row[title] if title else None}
    part = next(iter(read_jsonl(json.dumps(plain, default=str))))
    return replace(part, place=place)


def _column(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    lower = {name.strip().lower(): name for name in reversed(names)}
    return next((lower[name] for name in wanted if name in lower), None)
