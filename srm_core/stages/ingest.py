"""Stage ingest: every document that comes in, with its licence; all that does not, with the reason."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..config import Corpus, IngestConfig, PackConfig
from ..errors import ConfigError
from ..host import Host
from ..records import Document, EvalItem, Remark
from ..store import Result, sha256
from .context import Context, Progress

_ROW = re.compile(r"(?:!/.*)?(?::\d+)?$", re.DOTALL)  # the place of a document inside its file or archive
LARGEST = 200 << 20  # bytes of a file that a reader may take; a larger one is set aside unread
QUARANTINE = "srm.quarantine"  # readers log "path: reason" here for what they set aside
TOLD = 5000  # documents between two words of progress
FILES = ("documents.jsonl", "quarantine.jsonl", "filtered.jsonl", "noted.jsonl")
Write = Callable[[str], object]


def ingest(context: Context, out: Path) -> Result:
    """Write documents, what was set aside unread, what cleaning took out, and what it changed or marked."""
    return Result(take_in(context.host, context.corpus_config(), context.config.ingest, out, context.progress), {})


def take_in(host: Host, config: PackConfig, cleaning: IngestConfig, out: Path, progress: Progress) -> dict[str, int]:
    """Write the `FILES` into ``out``, one document after the other, and return the counts.

    ``in = documents + duplicate + filtered + quarantined``; ``redacted`` and ``marked`` count remarks on documents.
    Memory does not grow with the number of documents.

    Raises:
        ConfigError: there is a corpus, and nothing in it could be read.
    """
    counts = Counter(dict.fromkeys(("documents", "duplicate", "filtered", "quarantined", "redacted", "marked"), 0))
    wanted = cleaning.corpus and cleaning.decontaminate
    evaluation = {item.id: text_of(item) for item in host.evals(config)} if wanted else {}
    given, own = Counter[str](), False

    def documents() -> Iterator[Document]:
        for document in host.documents(config):
            given["read"] += 1
            if given["read"] % TOLD == 0:
                progress(f"ingest: {given['read']:,} documents", 0, 0)
            yield document

    with ExitStack() as stack:
        kept, aside, removed, noted = (stack.enter_context(_lines(out / name)) for name in FILES)
        first_seen = stack.enter_context(_first_seen())
        stack.enter_context(_quarantined(aside, counts))
        for item in host.clean(documents(), evaluation, cleaning):
            if isinstance(item, Document):
                own = own or any(_holds(corpus, item) for corpus in cleaning.corpus)
                if first_seen(item.id):
                    counts["documents"] += 1
                    kept(item.model_dump_json())
                    continue
                item = Remark(  # noqa: PLW2901 (told like any other)
                    document=item.id, path=item.path, action="duplicate", reason="the same text", of=item.id
                )
            counts[item.action] += 1
            (removed if item.removes else noted)(item.model_dump_json())
    if not own:
        _require_something(cleaning.corpus, out)
    return {**counts, "in": given["read"] + counts["quarantined"]}


def fingerprint(context: Context) -> dict[str, str]:
    """Return a hash of every corpus file by path, so that a changed file makes the stage run again."""
    result = {}
    for corpus in context.config.ingest.corpus:
        for name, path in _files(corpus).items():
            try:
                size = path.stat().st_size
                result[f"{corpus.path}:{name}"] = sha256(path) if size <= LARGEST else f"{size} bytes"
            except OSError as error:
                result[f"{corpus.path}:{name}"] = f"unreadable: {error.strerror}"
    return result


def text_of(item: EvalItem) -> str:
    """Return what of a held-out item must not stand in a training text: question, options and evidence shown."""
    problem = item.problem
    return "\n".join((problem.question, *problem.choices, *(piece.text for piece in problem.evidence)))


def _holds(corpus: Corpus, document: Document) -> bool:
    """Say whether the document's path is that of a file below ``corpus``."""
    name = _ROW.sub("", document.path, count=1)
    root = Path(corpus.path).expanduser()
    return bool(name) and (root.name == name if root.is_file() else (root / name).is_file())


def _require_something(corpora: tuple[Corpus, ...], out: Path) -> None:
    """Raise if every file of the corpora was set aside; one that was not holds facts or a duplicate."""
    rows = (json.loads(line) for line in (out / "quarantine.jsonl").read_bytes().split(b"\n") if line)
    reasons = {_ROW.sub("", row["path"], count=1): f"{row['path']}: {row['reason']}" for row in rows}
    if corpora and all(name in reasons for corpus in corpora for name in _files(corpus)):
        said = "; ".join(list(reasons.values())[:3]) or "it holds no files"
        raise ConfigError(f"nothing in {corpora[0].path} could be read ({said})")


def _files(corpus: Corpus) -> dict[str, Path]:
    """Return the corpus's files by the path readers give them: below the corpus, bytes that are no UTF-8 escaped."""
    root = Path(corpus.path).expanduser()
    if root.is_file():
        return {root.name: root}
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace"): path for path in found}


@contextmanager
def _lines(path: Path) -> Iterator[Write]:
    """Yield a function that writes a line; the file appears under its name when all are written and durable."""
    scratch = path.with_name(f".{path.name}.tmp")  # one left by a kill is written over
    try:
        with scratch.open("w", encoding="utf-8", errors="backslashreplace") as handle:
            yield lambda line: handle.write(line + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def _first_seen() -> Iterator[Callable[[str], bool]]:
    """Yield a function that says whether a name is met for the first time; names lie in a temporary file."""
    database = sqlite3.connect("", isolation_level=None)  # without a name: SQLite's own temporary file
    database.execute("CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID")
    database.execute("BEGIN")
    try:
        yield lambda name: database.execute("INSERT OR IGNORE INTO names VALUES (?)", (name,)).rowcount == 1
    finally:
        database.close()


@contextmanager
def _quarantined(write: Write, counts: Counter[str]) -> Iterator[None]:
    """Write and count what readers set aside meanwhile."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            path, reason = (str(part) for part in record.args) if record.args else ("", record.getMessage())
            row: Mapping[str, Any] = {"path": path, "reason": reason}
            counts["quarantined"] += 1
            write(json.dumps(row, ensure_ascii=False))

    logger, handler = logging.getLogger(QUARANTINE), Keep()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
