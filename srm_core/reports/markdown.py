"""Markdown that cannot be broken by what is written into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """Return ``text`` on one line and without markup: a corpus title must not become HTML on a hub page."""
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").split())


def quote(text: str) -> str:
    """Return ``text`` as a quotation, line by line."""
    return "\n".join(f"> {plain(line)}" for line in text.splitlines())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are made `plain` and their bars escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(plain(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
