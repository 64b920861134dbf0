"""Passages searched by their words: BM25 as SQLite's FTS5 computes it, inside the ledger of a knowledge folder.

After: SQLite's specification of FTS5, "The bm25() function" (Robertson and Zaragoza 2009, The Probabilistic Relevance
Framework: BM25 and Beyond): the sum over words of idf f (k1 + 1) / (f + k1 (1 - b + b |D| / avgdl)) with k1 = 1.2,
b = 0.75 and idf = ln((N - n + 0.5) / (n + 0.5)), at least 1e-6. Words are stemmed (Porter).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from srm_core.errors import ConfigError
from srm_core.records import Chunk, Evidence

from .wording import content_words

_TABLE = "CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(title, text, id UNINDEXED, tokenize='porter unicode61')"
TIES = 10  # more are fetched than asked for, so that equal scores are told apart by id
MAX_WORDS = 64  # of a question that are looked for


def make(database: sqlite3.Connection) -> None:
    """Make the index if it is not there. Raises `ConfigError` where SQLite was built without FTS5."""
    try:
        database.execute(_TABLE)
    except sqlite3.OperationalError as error:
        raise ConfigError(f"this Python's SQLite cannot index words ({error}); set ground.retrieval to dense") from None


def add(database: sqlite3.Connection, chunks: Iterable[Chunk]) -> None:
    """Index chunks that are new."""
    rows = ((chunk.title, chunk.text, chunk.id) for chunk in chunks)
    database.executemany("INSERT INTO words (title, text, id) VALUES (?,?,?)", rows)


def search(database: sqlite3.Connection, text: str, k: int) -> list[Evidence]:
    """Return the ``k`` passages that rank first for any of the words of ``text``, best first, ties by id.

    The score is s / (1 + s) for a BM25 of s, in [0, 1): it orders the passages of one question and compares no two.
    """
    wanted = sorted(content_words(text))[:MAX_WORDS]
    if k < 1 or not wanted:
        return []
    question = " OR ".join('"' + word.replace('"', '""') + '"' for word in wanted)
    query = "SELECT text, id, bm25(words) FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?"
    with closing(database.execute(query, (question, 2 * k + TIES))) as rows:
        found = [Evidence(text=body, cites=(name,), score=_score(-minus)) for body, name, minus in rows]
    return sorted(found, key=lambda item: (-item.score, item.cites))[:k]


def _score(bm25: float) -> float:
    return round(max(0.0, bm25) / (1.0 + max(0.0, bm25)), 9)
