"""Stage ingest: every document that comes in, with its licence; every file that does not, with the reason."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..config import Corpus
from ..errors import ConfigError
from ..records import Document
from ..store import Result, sha256, write_records, write_rows
from .context import Context

_ROW = re.compile(r"(?:!/.*)?(?::\d+)?$", re.DOTALL)  # the place of a document inside its file or archive
LARGEST = 200 << 20  # bytes of a file that a reader may take; a larger one is set aside unread
QUARANTINE = "srm.quarantine"  # readers log "path: reason" here for what they set aside


def ingest(context: Context, out: Path) -> Result:
    """Write ``documents.jsonl`` and ``quarantine.jsonl``. Exact duplicates are dropped and counted."""
    config = context.corpus_config()
    counts: Counter[str] = Counter(documents=0, duplicate=0)
    kept: dict[str, Document] = {}
    with _quarantined() as aside:
        for document in context.host.documents(config):
            counts["duplicate" if document.id in kept else "documents"] += 1
            kept.setdefault(document.id, document)
            context.progress("ingest", len(kept), 0) if len(kept) % 5000 == 0 else None
    own = {name for corpus in context.config.ingest.corpus for name in _files(corpus)}
    read = any(_ROW.sub("", document.path, count=1) in own for document in kept.values())
    if context.config.ingest.corpus and not read:
        reasons = "; ".join(f"{row['path']}: {row['reason']}" for row in aside[:3]) or "it holds no files"
        raise ConfigError(f"nothing in {context.config.ingest.corpus[0].path} could be read ({reasons})")
    write_records(out / "documents.jsonl", kept.values())
    counts["quarantined"] = write_rows(out / "quarantine.jsonl", aside)
    return Result(counts, {})


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


def _files(corpus: Corpus) -> dict[str, Path]:
    """Return the corpus's files by the path readers give them: below the corpus, bytes that are no UTF-8 escaped."""
    root = Path(corpus.path).expanduser()
    if root.is_file():
        return {root.name: root}
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace"): path for path in found}


@contextmanager
def _quarantined() -> Iterator[list[dict[str, str]]]:
    rows: list[dict[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            path, reason = (str(part) for part in record.args) if record.args else ("", record.getMessage())
            rows.append({"path": path, "reason": reason})

    logger, handler = logging.getLogger(QUARANTINE), Keep()
    logger.addHandler(handler)
    try:
        yield rows
    finally:
        logger.removeHandler(handler)
