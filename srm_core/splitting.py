"""Cut documents into chunks of retrieval size at exact offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from .records import Chunk, Document

_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE = re.compile(r"[.!?][\"'”’)\]]*\s+")
_BLANK = re.compile(r"\s+")
_LEAST = 1 / 3  # of the size: an earlier cut would leave crumbs


def split(document: Document, size: int) -> Iterator[Chunk]:
    """Yield the chunks of ``document`` in order, at most ``size`` characters: ``document.text[start:end] == text``.

    It is cut at the last of the document's breaks that fits, else after a paragraph, a sentence, a word, or hard.
    Only white space between two chunks is left out.
    """
    start, text = 0, document.text
    while start < len(text):
        end = _cut(document, start, size)
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            yield Chunk(
                document=document.id,
                start=left,
                end=right,
                text=text[left:right],
                title=document.title,
                source=document.source,
                parents=(document.id,),
            )
        start = end


def _cut(document: Document, start: int, size: int) -> int:
    """Return where the chunk that begins at ``start`` ends."""
    text, limit = document.text, start + max(1, size)
    if limit >= len(text):
        return len(text)
    least = start + int(size * _LEAST)
    at = bisect_right(document.breaks, limit) - 1
    if at >= 0 and document.breaks[at] > least:
        return document.breaks[at]
    for pattern in (_PARAGRAPH, _SENTENCE, _BLANK):
        ends = [match.end() for match in pattern.finditer(text, least, limit) if match.end() > start]
        if ends:
            return ends[-1]
    return limit
