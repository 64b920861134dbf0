"""Places in a text: found by patterns, made free of overlaps, and written over with a mark of their kind."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from srm_core.records import Document

from .outcome import Cleaned, cleaned


@dataclass(frozen=True, order=True)
class Span:
    """``text[start:end]`` is of this kind."""

    start: int
    end: int
    kind: str


Finder = Callable[[str], Sequence[Span]]


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Return the spans by place; of two that overlap the one that begins first stays, then the longer one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.start, -item.end, item.kind)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end > kept[-1].end:  # what reaches further is hidden too, under the first one's kind
            kept[-1] = Span(kept[-1].start, span.end, kept[-1].kind)
    return kept


def written_over(document: Document, spans: Sequence[Span]) -> Document:
    """Return the document with every span as ``[KIND]``; its breaks move along, its parent is the one before."""
    if not spans:
        return document
    pieces, at = [], 0
    for span in spans:
        pieces += [document.text[at : span.start], f"[{span.kind.upper()}]"]
        at = span.end
    text = "".join([*pieces, document.text[at:]])
    breaks = _moved(document.breaks, spans)
    more = {"title": document.title, "path": document.path, "source": document.source}
    return Document(text=text, breaks=breaks, parents=(*document.parents, document.id), **more)


def _moved(breaks: Sequence[int], spans: Sequence[Span]) -> tuple[int, ...]:
    """Return where ``breaks`` are once the spans are written over; breaks inside a span are gone."""
    ends = [span.end for span in spans]
    gains = [0, *accumulate(len(span.kind) + 2 - (span.end - span.start) for span in spans)]
    moved = []
    for place in breaks:
        before = bisect_left(ends, place + 1)  # spans that end at or before the break
        if before == len(spans) or spans[before].start >= place:
            moved.append(place + gains[before])
    return tuple(moved)


def redacted(document: Document, find: Finder) -> tuple[Document, Counter[str]]:
    """Return the document with what ``find`` gives written over in text and title, and how often each kind was."""
    spans, titled = without_overlaps(find(document.text)), without_overlaps(find(document.title))
    bare = document if not titled else document.revised(title=_over(document.title, titled))
    return written_over(bare, spans), Counter(span.kind for span in (*spans, *titled))


def redact(documents: Iterable[Document], find: Finder) -> Cleaned:
    """Return every document as `redacted` makes it; counts by kind. None is removed."""
    kept, found = [], Counter[str]()
    for document in documents:
        over, kinds = redacted(document, find)
        found.update(kinds)
        kept.append(over)
    return cleaned(kept, [], found)


def _over(text: str, spans: Sequence[Span]) -> str:
    for span in reversed(spans):
        text = f"{text[: span.start]}[{span.kind.upper()}]{text[span.end :]}"
    return text
