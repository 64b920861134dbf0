"""Plain text: blocks are separated by blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .parsed import Parsed, Rejected

_BLANK = re.compile(r"\n[ \t]*\n\s*")
TITLE_CHARS = 80  # a longer first line is a sentence, not a title


def read_text(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a text file; a short first block of one line is its title."""
    blocks = paragraphs(text)
    first = blocks[0] if blocks else ""
    is_title = len(blocks) > 1 and "\n" not in first and len(first) <= TITLE_CHARS and first[-1:] not in ".;,:!?"
    yield Parsed(title=first if is_title else "", blocks=blocks)


def paragraphs(text: str) -> tuple[str, ...]:
    """Return the parts of ``text`` between blank lines, without white space at their ends."""
    return tuple(block.strip() for block in _BLANK.split(text) if block.strip())
