"""The parts of a corpus as one: duplicates are looked for over all of them, in the order in which one machine reads."""

from __future__ import annotations

import heapq
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from srm_core.errors import ArtifactError, ConfigError
from srm_core.records import Document, Remark

from .cleaning.keys import Found, duplicate_of
from .cleaning.seen import Seen
from .sharding import ASIDE, HEAD, ROWS, Part, Row, read_part

FILES = ("quarantine.jsonl", "filtered.jsonl", "noted.jsonl", "documents.jsonl")
_PLACE = re.compile(r"(?:!/.*)?(?::\d+)?$", re.DOTALL)  # of a document inside its file or archive


def merge(folders: Sequence[Path], out: Path) -> dict[str, int]:
    """Write into ``out`` what `srm ingest` of the whole corpus writes, and return its counts.

    Raises:
        ConfigError: the parts are not those of one corpus, each once, or ``out`` holds an earlier result.
        ArtifactError: a part is not whole.
    """
    parts = _checked(folders)
    if (out / "documents.jsonl").exists():
        raise ConfigError(f"{out} holds an earlier result; name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    counts = Counter(dict.fromkeys(("documents", "duplicate", "filtered", "quarantined", "redacted", "marked"), 0))
    with ExitStack() as stack:
        files = {name: stack.enter_context((out / f".{name}.tmp").open("w", encoding="utf-8")) for name in FILES}
        found = Found(*(stack.enter_context(Seen()) for _ in range(2)))
        texts = stack.enter_context(Seen())
        asides = (_asides(folder, part) for folder, part in parts)
        for aside in heapq.merge(*asides, key=lambda row: _place(row["path"])):
            counts["quarantined"] += 1
            files["quarantine.jsonl"].write(json.dumps(aside, ensure_ascii=False) + "\n")
        rows = heapq.merge(*(_rows(folder, part) for folder, part in parts), key=lambda row: _place(row.keys.path))
        for row in rows:
            counts["in"] += 1
            for item in _outcome(row, parts[0][1], found, texts):
                if isinstance(item, Document):
                    counts["documents"] += 1
                    files["documents.jsonl"].write(item.model_dump_json() + "\n")
                else:
                    counts[item.action] += 1
                    files["filtered.jsonl" if item.removes else "noted.jsonl"].write(item.model_dump_json() + "\n")
    for name in FILES:
        os.replace(out / f".{name}.tmp", out / name)
    return {**counts, "in": counts["in"] + counts["quarantined"]}


def _checked(folders: Sequence[Path]) -> list[tuple[Path, Part]]:
    """Return the parts with their folders by number."""
    parts = sorted(((folder, read_part(folder)) for folder in folders), key=lambda pair: pair[1].number)
    same = {"number": 1, "rows": 0, "quarantined": 0}
    first = parts[0][1]
    for folder, part in parts:
        if part.model_copy(update=same) != first.model_copy(update=same):
            raise ConfigError(f"{folder} is a part of another corpus, or was cleaned otherwise, than {parts[0][0]}")
    numbers = [part.number for _, part in parts]
    if missing := sorted(set(range(1, first.parts + 1)) - set(numbers)):
        wanted = f"{missing[0]}/{first.parts}"
        raise ConfigError(f"part {wanted} is missing; run srm ingest --shard {wanted}")
    if len(numbers) > first.parts:
        raise ConfigError(f"a part was given twice: there are {len(numbers)} folders of {first.parts} parts")
    return parts


def _outcome(row: Row, part: Part, found: Found, texts: Seen) -> Iterator[Document | Remark]:
    gone = duplicate_of(row.keys, part.dedup, found)
    if gone is not None:
        yield Remark(document=gone.document, path=gone.path, action="duplicate", reason=gone.reason, of=gone.of)
        return
    yield from row.remarks
    if row.left is None:
        return
    left = row.left
    if texts.first_with(left.id.encode(), left.id) is None:
        yield left
    else:
        yield Remark(document=left.id, path=left.path, action="duplicate", reason="the same text", of=left.id)


def _rows(folder: Path, part: Part) -> Iterator[Row]:
    for line in _lines(folder, ROWS, part.rows):
        try:
            yield Row.model_validate_json(line)
        except ValueError:
            raise ArtifactError(f"{folder / ROWS} is damaged; run srm ingest --shard again") from None


def _asides(folder: Path, part: Part) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in _lines(folder, ASIDE, part.quarantined))


def _lines(folder: Path, name: str, expected: int) -> Iterator[str]:
    """Yield the lines of a part's file. Raises `ArtifactError` at its end if they are not as many as `HEAD` says."""
    read = 0
    with (folder / name).open(encoding="utf-8") as handle:
        for line in handle:
            read += 1
            yield line
    if read != expected:
        raise ArtifactError(f"{folder / name} has {read} rows and {HEAD} says {expected}; run srm ingest --shard again")


def _place(path: str) -> tuple[str, ...]:
    """Return where a file stands in the order of reading: folder by folder, by name."""
    return tuple(_PLACE.sub("", path, count=1).split("/"))
