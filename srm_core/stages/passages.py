"""Which passages of the corpus continued pretraining may read: none that a held-out problem shows as its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..records import Chunk, Problem
from ..store import Artifact, read_records
from .ground import spread


@dataclass(frozen=True)
class Passages:
    """The chosen passages, and how many of the corpus were left out because a held-out problem cites them."""

    chosen: list[Chunk]
    left_out: int


def passages(knowledge: Artifact, problems: Iterable[Problem], most: int) -> Passages:
    """Return at most ``most`` passages, spread over those of the stage ground that no held-out problem cites."""
    cited = {
        name for problem in problems if problem.split == "test" for item in problem.evidence for name in item.cites
    }
    chunks = list(read_records(knowledge.path / "chunks.jsonl", Chunk))
    free = [chunk for chunk in chunks if chunk.id not in cited]
    return Passages(spread(free, most), len(chunks) - len(free))
