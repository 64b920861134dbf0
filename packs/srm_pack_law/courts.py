"""Courts as courts-db lists them: names, citation strings, levels and the court each is a part of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from .sources import courts_source

LEVELS = {
    "colr": "court of last resort",
    "iac": "intermediate appellate court",
    "gjc": "court of general jurisdiction",
    "ljc": "court of limited jurisdiction",
}
LONGEST = 70  # characters of a court's name


@dataclass(frozen=True)
class Court:
    """A court; ``citation``, ``level`` and ``parent`` are empty where the table does not say."""

    id: str
    name: str
    citation: str
    level: str
    parent: str  # id

    @property
    def curie(self) -> str:
        """Return the node of the court, which is the anchor of every problem about it."""
        return f"court:{self.id}"


@cache
def load_courts() -> dict[str, Court]:
    """Return the courts by id whose name is short and stands for one court alone."""
    courts_source()
    from courts_db import courts

    names = Counter(row["name"] for row in courts)
    strings = Counter(row["citation_string"] for row in courts)
    kept = {
        row["id"]: Court(
            id=row["id"],
            name=row["name"],
            citation=row["citation_string"].strip() if strings[row["citation_string"]] == 1 else "",
            level=LEVELS.get(row.get("level") or "", ""),
            parent=row.get("parent") or "",
        )
        for row in courts
        if names[row["name"]] == 1 and len(row["name"]) <= LONGEST and '"' not in row["name"]
    }
    return {key: court if court.parent in kept else _orphan(court) for key, court in kept.items()}


def _orphan(court: Court) -> Court:
    return Court(court.id, court.name, court.citation, court.level, "")
