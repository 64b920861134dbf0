"""Mark text that speaks to a model instead of a reader: planted instructions, chat marks, hidden characters.

After the kinds named in Greshake et al. 2023 (indirect prompt injection). Patterns find the known wordings; a marked
document is a document to look at, and an unmarked one is no proof.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from srm_core.records import Document

from .injection_patterns import FORMS
from .outcome import Cleaned, Removed, cleaned
from .spans import Span, without_overlaps

_PATTERNS = {kind: re.compile(form, re.IGNORECASE | re.MULTILINE) for kind, form in FORMS.items()}


@dataclass(frozen=True)
class Marked:
    """A document that speaks to a model, and where."""

    document: str  # id
    path: str
    spans: tuple[Span, ...]


def find_injections(text: str) -> list[Span]:
    """Return where ``text`` speaks to a model, without overlaps."""
    found = (Span(*match.span(), kind) for kind, form in _PATTERNS.items() for match in form.finditer(text))
    return without_overlaps(found)


def mark(documents: Iterable[Document]) -> tuple[Marked, ...]:
    """Return the documents that speak to a model, with the places; nothing is changed or removed."""
    found = ((document, tuple(find_injections(document.text))) for document in documents)
    return tuple(Marked(document.id, document.path, spans) for document, spans in found if spans)


def without_marked(documents: Iterable[Document]) -> Cleaned:
    """Remove the documents that speak to a model; the reason names the kinds."""
    kept: list[Document] = []
    removed: list[Removed] = []
    found: Counter[str] = Counter()
    for document in documents:
        kinds = sorted({span.kind for span in find_injections(document.text)})
        found.update(kinds)
        if kinds:
            removed.append(Removed(document.id, document.path, f"speaks to a model ({', '.join(kinds)})"))
        else:
            kept.append(document)
    return cleaned(kept, removed, found)
