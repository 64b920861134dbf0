"""Content-addressed artifacts: one folder per result, named by what made it, published by one rename.

``key`` = hash of {stage, settings, inputs' keys, code}. A stage writes into a ``.part-KEY`` folder; ``record.json``
with the hash of every file is written last, then the folder is renamed. A killed stage finds its ``.part`` folder again
and may continue from what it finished there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .errors import ArtifactError, SrmError
from .records import Record, StageRecord, digest

R = TypeVar("R", bound=Record)
log = logging.getLogger(__name__)
_VOLATILE = (".cache", ".lock", ".tmp")  # suffixes outside an artifact's hashes


@dataclass(frozen=True)
class Result:
    """What a stage reports of its work: counts (in = kept + dropped by reason) and metrics."""

    counts: Mapping[str, int]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Artifact:
    """A finished stage: its folder and how it came to be."""

    path: Path
    record: StageRecord

    @property
    def key(self) -> str:
        """The name of the artifact: the hash of what made it."""
        return self.record.key


Stage = Callable[[Path], Result]


class Store:
    """A folder of finished artifacts, ``<stage>/<key>/``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def key(self, stage: str, settings: Mapping[str, Any], inputs: Mapping[str, str], code: str) -> str:
        """Return the name that an artifact made so will have."""
        return digest({"stage": stage, "settings": settings, "inputs": inputs, "code": code})[:20]

    def find(self, stage: str, key: str) -> Artifact | None:
        """Return the finished artifact, or None; raises `ArtifactError` if its record is damaged or another's."""
        folder = self.root / stage / key
        if not (folder / "record.json").exists():
            return None
        record = read_stage(folder)
        if (record.stage, record.key) != (stage, key):
            raise ArtifactError(f"{folder} holds the record of {record.stage} {record.key}; delete it to rebuild it")
        return Artifact(folder, record)

    def run(
        self, stage: str, work: Stage, *, settings: Mapping[str, Any], inputs: Mapping[str, str], code: str
    ) -> tuple[Artifact, bool]:
        """Return the artifact and whether it was there already; ``work`` runs only if its key is new.

        Raises:
            ArtifactError: no disk space is left (what was finished stays), or the record is damaged.
        """
        key = self.key(stage, settings, inputs, code)
        if (found := self.find(stage, key)) is not None:
            return found, True
        part = self.root / stage / f".part-{key}"
        part.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        try:
            result = work(part)
            record = StageRecord(
                stage=stage,
                key=key,
                inputs=dict(inputs),
                settings=dict(settings),
                code=code,
                counts=dict(result.counts),
                metrics=dict(result.metrics),
                files=hashes(part),
                seconds=round(time.monotonic() - started, 3),
                finished=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            write_atomically(part / "record.json", record.model_dump_json(indent=1))
            shutil.rmtree(self.root / stage / key, ignore_errors=True)  # one without a record is no artifact
            os.replace(part, self.root / stage / key)
        except (OSError, SrmError) as error:
            if disk_is_full(error):
                raise ArtifactError(
                    f"no space left on the disk of {self.root} at stage {stage}; free some and run the command again"
                ) from None
            raise
        sync_folder(self.root / stage)
        return Artifact(self.root / stage / key, record), False


def disk_is_full(error: BaseException | None) -> bool:
    """Say whether ``error``, or what a hook's error was raised from, is that no space is left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return True
        error = error.__cause__
    return False


def read_stage(folder: Path) -> StageRecord:
    """Return the record of the artifact in ``folder``, its seal checked."""
    try:
        return StageRecord.model_validate_json((folder / "record.json").read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{folder / 'record.json'} is damaged; delete the folder to rebuild it ({error})") from None


def check_files(artifact: Artifact) -> list[str]:
    """Return the files of ``artifact`` that are missing, added or changed since it was published."""
    now = hashes(artifact.path)
    return sorted(name for name in {*now, *artifact.record.files} if now.get(name) != artifact.record.files.get(name))


def hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file under ``folder`` by relative path, record and volatile files left out."""
    result = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        volatile = any(part.endswith(_VOLATILE) for part in path.relative_to(folder).parts)
        if path.is_file() and name != "record.json" and not volatile:
            result[name] = sha256(path)
    return result


def sha256(path: Path) -> str:
    """Return the sha256 hex digest of a file, read in 1 MiB pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` so that a kill leaves the old file or the new one, never a torn one (fsync, then rename)."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(scratch, path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write one JSON line a record, atomically; return how many."""
    lines = [record.model_dump_json() for record in records]
    write_atomically(path, "".join(line + "\n" for line in lines))
    return len(lines)


def read_records(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSON Lines file; raises `ArtifactError` naming the line that was edited or torn."""
    with path.open("rb") as handle:  # bytes: a line that is no UTF-8 is named like any other damage
        for number, line in enumerate(handle, 1):
            try:
                yield kind.model_validate_json(line)
            except ValidationError as error:
                raise ArtifactError(f"{path}, line {number}: {error.errors()[0]['msg']}") from None


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write plain JSON lines (logs, dropped rows), atomically; return how many."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = "".join(line + "\n" for line in lines)
    write_atomically(path, text.encode("utf-8", "backslashreplace").decode())  # a lone surrogate as its JSON escape
    return len(lines)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a plain JSON Lines file; an absent file has none.

    Raises:
        ArtifactError: a line is no JSON.
    """
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    except ValueError as error:
        raise ArtifactError(f"{path} is damaged: {error}") from None
