"""The records of a knowledge folder, exactly as they came: facts, and which id came from which source.

The RDF store normalizes literals ("1.50" becomes 1.5) and knows no ids; the ledger keeps both, in one SQLite file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from srm_core.config import Retrieval
from srm_core.errors import ArtifactError, ConfigError
from srm_core.records import Chunk, Evidence, Source, Triple, digest

from . import lexical

BATCH = 100_000  # triples between two commits
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (number INTEGER PRIMARY KEY, graph TEXT UNIQUE NOT NULL, json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS prefixes (prefix TEXT PRIMARY KEY, namespace TEXT UNIQUE NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (id TEXT PRIMARY KEY, source INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS triples (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, predicate TEXT NOT NULL, object TEXT NOT NULL,
  datatype TEXT NOT NULL, language TEXT NOT NULL, parents TEXT NOT NULL, source INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_subject ON triples (subject, predicate, object);
CREATE INDEX IF NOT EXISTS by_predicate ON triples (predicate, object, subject);
CREATE INDEX IF NOT EXISTS by_object ON triples (object, predicate, subject);
"""
_SAME = "SELECT 1 FROM triples WHERE subject=? AND predicate=? AND object=? AND datatype=? AND language=? LIMIT 1"


class Ledger:
    """The table of records in ``file``. Opened for reading it leaves every byte as it is."""

    def __init__(self, file: Path, *, writable: bool) -> None:
        target = str(file) if writable else f"file:{quote(str(file))}?mode=ro&immutable=1"
        try:
            self._db = sqlite3.connect(target, uri=not writable, check_same_thread=False)
            if writable:
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.executescript(_SCHEMA)
            self._sources = {row[0]: Source.model_validate_json(row[1]) for row in self._sources_rows()}
            self._numbers = {_terms(source): number for number, source in self._sources.items()}
        except (sqlite3.DatabaseError, ValueError) as error:
            raise ArtifactError(f"{file} is damaged or not ours ({error}); build the knowledge again") from None

    def _sources_rows(self) -> list[tuple[int, str]]:
        return self._db.execute("SELECT number, json FROM sources ORDER BY number").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def commit(self) -> None:
        """Make everything added so far lasting."""
        self._db.commit()

    def new_triples(self, triples: Iterable[Triple]) -> Iterator[list[Triple]]:
        """Yield, in batches, the triples whose id is not here yet, each once."""
        seen: set[str] = set()
        rest = iter(triples)
        while batch := list(islice(rest, BATCH)):
            known = self.holds_facts()
            fresh = [item for item in batch if item.id not in seen and not (known and self._has("triples", item.id))]
            unique = {item.id: item for item in fresh}
            seen |= unique.keys()
            yield list(unique.values())

    def new_chunks(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks whose id is not here yet, each once."""
        seen: set[str] = set()
        for chunk in chunks:
            if chunk.id not in seen and not self._has("chunks", chunk.id):
                seen.add(chunk.id)
                yield chunk

    def _has(self, table: str, cite: str) -> bool:
        return self._db.execute(f"SELECT 1 FROM {table} WHERE id=?", (cite,)).fetchone() is not None  # noqa: S608 (our names)

    def holds_facts(self) -> bool:
        """Tell whether any fact is here."""
        return self._db.execute("SELECT 1 FROM triples LIMIT 1").fetchone() is not None

    def states(self, triple: Triple) -> bool:
        """Tell whether the fact itself is here already, from whichever source."""
        return self._db.execute(_SAME, _fact(triple)).fetchone() is not None

    def add_triples(self, triples: Iterable[Triple]) -> None:
        """Insert triples that are new."""
        rows = ((item.id, *_fact(item), "\n".join(item.parents), self._number(item.source)) for item in triples)
        self._db.executemany("INSERT OR IGNORE INTO triples VALUES (?,?,?,?,?,?,?,?)", rows)

    def add_chunks(self, chunks: Iterable[Chunk]) -> None:
        """Insert the ids of chunks that are new."""
        rows = ((item.id, self._number(item.source)) for item in chunks)
        self._db.executemany("INSERT OR IGNORE INTO chunks VALUES (?,?)", rows)

    def retrieval(self) -> Retrieval:
        """Return how the passages of this folder are searched."""
        try:
            row = self._db.execute("SELECT value FROM settings WHERE name='retrieval'").fetchone()
        except sqlite3.OperationalError:  # a folder of an earlier version
            row = None
        return row[0] if row else "dense"

    def keep_retrieval(self, retrieval: Retrieval) -> None:
        """Say how the passages are searched, before any is here.

        Raises:
            ConfigError: they are searched otherwise already, or by words where SQLite cannot.
        """
        if retrieval != self.retrieval() and self.count("chunks"):
            raise ConfigError(f"its passages are kept for {self.retrieval()} retrieval; make a new folder")
        if retrieval != "dense":
            lexical.make(self._db)
        self._db.execute("INSERT OR REPLACE INTO settings VALUES ('retrieval', ?)", (retrieval,))
        self._db.commit()

    def add_words(self, chunks: Iterable[Chunk]) -> None:
        """Index the words of chunks that are new."""
        lexical.add(self._db, chunks)

    def search_words(self, text: str, k: int) -> list[Evidence]:
        """Return the ``k`` passages that rank first by BM25; see `srm_knowledge.lexical.search`."""
        return lexical.search(self._db, text, k)

    def _number(self, source: Source) -> int:
        key = _terms(source)
        if key not in self._numbers:
            number = len(self._sources) + 1
            row = (number, graph_name(source), source.model_dump_json())
            self._db.execute("INSERT INTO sources VALUES (?,?,?)", row)
            self._sources[number] = source
            self._numbers[key] = number
        return self._numbers[key]

    def sources(self) -> dict[str, Source]:
        """Return every source by the name of its graph."""
        return {graph_name(source): source for source in self._sources.values()}

    def source_of(self, cite: str) -> Source | None:
        """Return the source of a chunk or triple id, or None."""
        for table in ("triples", "chunks"):
            row = self._db.execute(f"SELECT source FROM {table} WHERE id=?", (cite,)).fetchone()  # noqa: S608 (our names)
            if row:
                return self._sources[row[0]]
        return None

    def prefixes(self) -> dict[str, str]:
        """Return the namespaces learned from files, by prefix. A folder of an earlier version has none."""
        try:
            return dict(self._db.execute("SELECT prefix, namespace FROM prefixes ORDER BY prefix"))
        except sqlite3.OperationalError:
            return {}

    def learn(self, prefix: str, namespace: str) -> bool:
        """Keep a namespace; say whether it is new. One whose prefix or namespace is known or used stays as it is."""
        if self.uses(prefix):
            return False
        row = self._db.execute("INSERT OR IGNORE INTO prefixes VALUES (?,?)", (prefix, namespace))
        return row.rowcount == 1

    def uses(self, prefix: str) -> bool:
        """Tell whether a fact here has a name with this prefix, at any place."""
        span = (f"{prefix}:", f"{prefix};")  # ";" follows ":"
        wanted = " UNION ALL ".join(
            f"SELECT 1 FROM triples WHERE {place}>=? AND {place}<?{more}"  # noqa: S608 (our names)
            for place, more in (("subject", ""), ("predicate", ""), ("object", " AND datatype='' AND language=''"))
        )
        return self._db.execute(f"{wanted} LIMIT 1", span * 3).fetchone() is not None

    def count(self, table: str) -> int:
        """Return how many rows ``triples`` or ``chunks`` has."""
        return int(self._db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])  # noqa: S608 (our names)

    def tally(self, place: Literal["source", "predicate", "object", "language"], of: str = "") -> dict[str, int]:
        """Return how many facts have which value in ``place``, the most first; ``of`` one predicate alone if given."""
        where, given = (" WHERE predicate=?", (of,)) if of else ("", ())
        query = f"SELECT {place}, COUNT(*) AS n FROM triples{where} GROUP BY {place} ORDER BY n DESC, {place}"  # noqa: S608
        rows = self._db.execute(query, given)
        if place == "source":
            return {graph_name(self._sources[number]): count for number, count in rows}
        return dict(rows)

    def facts(self, subject: str | None, predicate: str | None, object_: str | None) -> Iterator[Triple]:
        """Yield the triples that match, sorted by subject, predicate, object and id; None matches anything."""
        given = {"subject": subject, "predicate": predicate, "object": object_}
        wanted = {name: value for name, value in given.items() if value is not None}
        where = " WHERE " + " AND ".join(f"{name}=?" for name in wanted) if wanted else ""
        query = f"SELECT * FROM triples{where} ORDER BY subject, predicate, object, id"  # noqa: S608 (our names)
        with closing(self._db.execute(query, tuple(wanted.values()))) as rows:
            for row in rows:
                yield self._triple(row)

    def _triple(self, row: tuple[str, str, str, str, str, str, str, int]) -> Triple:
        name, subject, predicate, value, datatype, language, parents, source = row
        return Triple(
            id=name,
            subject=subject,
            predicate=predicate,
            object=value,
            datatype=datatype,
            language=language,
            parents=tuple(parents.split("\n")) if parents else (),
            source=self._sources[source],
        )


def graph_name(source: Source) -> str:
    """Return the CURIE of the named graph that holds the facts of ``source``; ``retrieved`` makes no difference."""
    return "srm:source-" + digest(source.model_dump(mode="json", exclude={"retrieved"}))[:16]


def _terms(source: Source) -> tuple[str, str, str, str | None]:
    return source.name, source.licence, source.version, source.url


def _fact(triple: Triple) -> tuple[str, str, str, str, str]:
    return triple.subject, triple.predicate, triple.object, triple.datatype, triple.language
