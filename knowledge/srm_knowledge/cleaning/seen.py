"""What was met so far, kept in a temporary file: memory stays flat however many documents come."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

_TABLES = """
CREATE TABLE keys (key BLOB PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sets (number INTEGER PRIMARY KEY, document TEXT NOT NULL, shingles BLOB NOT NULL);
CREATE TABLE bands (key BLOB, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;
"""


class Seen:
    """Keys and sets of shingles of the documents kept so far; the file is SQLite's own and vanishes on closing."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")  # never committed: nothing here outlives the process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def first_with(self, key: bytes, document: str) -> str | None:
        """Return the document (id) that had ``key`` first, or keep it for this one and return None."""
        row = self._db.execute("SELECT document FROM keys WHERE key=?", (key,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO keys VALUES (?,?)", (key, document))
            return None
        return str(row[0])

    def sets_meeting(self, keys: Sequence[bytes]) -> Iterator[tuple[str, NDArray[np.uint32]]]:
        """Yield (document, shingles (S,)) of every kept set that has one of these bands, the first kept first."""
        marks = ",".join("?" * len(keys))
        found = f"SELECT DISTINCT number FROM bands WHERE key IN ({marks})"  # noqa: S608 (question marks)
        rows = self._db.execute(f"SELECT document, shingles FROM sets WHERE number IN ({found}) ORDER BY number", keys)  # noqa: S608
        for document, shingles in rows:
            yield document, np.frombuffer(shingles, dtype=np.uint32)

    def keep_set(self, document: str, keys: Sequence[bytes], shingles_S: NDArray[np.uint32]) -> None:
        """Keep the shingles of a document under its bands."""
        number = self._db.execute(
            "INSERT INTO sets (document, shingles) VALUES (?,?)", (document, shingles_S.tobytes())
        ).lastrowid
        self._db.executemany("INSERT OR IGNORE INTO bands VALUES (?,?)", [(key, number) for key in keys])
