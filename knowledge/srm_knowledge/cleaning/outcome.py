"""What a step of cleaning gives: documents kept, documents removed with their reason, and counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from srm_core.records import Document


@dataclass(frozen=True)
class Removed:
    """A document that was taken out, why, and which document or text it is like (its id), if that is the reason."""

    document: str  # id
    path: str
    reason: str
    of: str = ""


@dataclass(frozen=True)
class Cleaned:
    """The result over all documents: ``counts["in"] == counts["kept"] + counts["removed"]``."""

    kept: tuple[Document, ...]
    removed: tuple[Removed, ...]
    counts: Mapping[str, int]


def cleaned(kept: list[Document], removed: list[Removed], found: Mapping[str, int]) -> Cleaned:
    """Return the result with the counts in, kept and removed, and what was ``found`` by kind."""
    counts = Counter({"in": len(kept) + len(removed), "kept": len(kept), "removed": len(removed)})
    return Cleaned(tuple(kept), tuple(removed), {**counts, **dict(sorted(found.items()))})
