"""Checkpoints that are verified before they are resumed from.

The trainer's own resume takes a damaged checkpoint silently or refuses an older whole one. Here every file's hash is
written last, the newest checkpoint whose hashes hold is used, and the others are set aside.
"""

from __future__ import annotations

import json
import logging
import os
import random
from pathlib import Path

from ..store import sha256, write_atomically

SEAL = "srm-checkpoint.json"
PARTS = "srm-parts.json"  # in a checkpoint of DeepSpeed: in how many parts of which stage its optimizer lies
log = logging.getLogger(__name__)


def seal(folder: Path) -> None:
    """Write the hash of every file of a finished checkpoint, and make all of them durable."""
    files = {name: sha256(folder / name) for name in _files(folder)}
    for name in files:
        with (folder / name).open("rb") as handle:
            os.fsync(handle.fileno())
    write_atomically(folder / SEAL, json.dumps(files))


def is_whole(folder: Path) -> bool:
    """Say whether the checkpoint was sealed and every file still has its hash."""
    try:
        files: dict[str, str] = json.loads((folder / SEAL).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not files or set(files) != set(_files(folder)):
        return False
    return all(sha256(folder / name) == files[name] for name in files)


def _files(folder: Path) -> list[str]:
    """Return every file but the seal; a second adapter (the reference of reinforcement learning) is a folder inside."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != SEAL)


def newest_whole(out: Path) -> Path | None:
    """Return the newest verified checkpoint under ``out``; damaged ones are renamed and named in the log."""
    found = sorted(out.glob("checkpoint-*"), key=lambda path: int(path.name.rsplit("-", 1)[1]), reverse=True)
    best: Path | None = None
    for folder in found:
        if best is None and is_whole(folder):
            best = folder
        elif best is None:
            log.warning("%s is damaged or unfinished; an older checkpoint is used", folder.name)
            folder.rename(folder.with_name(f"damaged-{random.SystemRandom().randrange(10**9)}-{folder.name}"))
    return best
