"""Passages searched by meaning: a chromadb collection on disk, its index built in one thread so that it repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srm_core.errors import ArtifactError
from srm_core.records import Chunk, Evidence

Embed = Callable[[Sequence[str]], Sequence[NDArray[np.float32]]]
BATCH = 512
TIES = 10  # more are fetched than asked for, so that equal scores are told apart by id, not by the index
COLLECTION = "passages"


class Passages:
    """The collection in ``folder``. chromadb writes a lock row on opening: its files are no part of any hash."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        import chromadb
        from chromadb.config import Settings

        self._embed = embed
        try:
            self._client: Any = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
            self._collection: Any = self._client.get_or_create_collection(
                COLLECTION,
                embedding_function=None,  # vectors are made here, because titles are embedded but not stored
                configuration={"hnsw": {"space": "cosine", "num_threads": 1, "ef_construction": 200, "ef_search": 200}},
            )
        except Exception as error:  # chromadb's own classes, sqlite's and a Rust panic's
            raise ArtifactError(f"the passages in {folder} cannot be opened: {error}") from None

    def add(self, chunks: Iterable[Chunk]) -> int:
        """Store the chunks that are not here yet; return how many were new."""
        added = 0
        for batch in _batches(chunks):
            here = set(self._collection.get(ids=list(batch), include=[])["ids"])
            new = [chunk for name, chunk in batch.items() if name not in here]
            if new:
                vectors = self._embed([f"{chunk.title}\n{chunk.text}".strip() for chunk in new])
                self._collection.add(
                    ids=[chunk.id for chunk in new],
                    embeddings=[vector.tolist() for vector in vectors],
                    documents=[chunk.text for chunk in new],
                )
            added += len(new)
        return added

    def search(self, text: str, k: int) -> list[Evidence]:
        """Return the ``k`` nearest passages, best first; the score is the cosine, cut at 0, ties by id."""
        wanted = min(2 * k + TIES, self.count())
        if k < 1 or wanted < 1 or not text.strip():
            return []
        query = [vector.tolist() for vector in self._embed([text])]
        found = self._collection.query(query_embeddings=query, n_results=wanted, include=["documents", "distances"])
        rows = zip(found["ids"][0], found["documents"][0], found["distances"][0], strict=True)
        evidence = [Evidence(text=body, cites=(name,), score=_score(distance)) for name, body, distance in rows]
        return sorted(evidence, key=lambda item: (-item.score, item.cites))[:k]

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._collection.count())

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()


def _score(distance: float) -> float:
    return round(min(1.0, max(0.0, 1.0 - distance)), 6)


def _batches(chunks: Iterable[Chunk]) -> Iterable[dict[str, Chunk]]:
    batch: dict[str, Chunk] = {}
    for chunk in chunks:
        batch[chunk.id] = chunk
        if len(batch) == BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch
