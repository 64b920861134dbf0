"""Which files a release holds, and which of them are not as they were recorded."""

from __future__ import annotations

import json
from pathlib import Path

from ..stages.release import SUMS
from ..store import hashes, sha256

STATEMENT, PUBLIC = "statement.dsse.json", "owner.pub"
MODEL_SIGNATURE, MODEL_PUBLIC = "model.sig", "model.pub"  # OpenSSF, where the package model-signing was installed
BESIDE = (SUMS, STATEMENT, PUBLIC, MODEL_SIGNATURE, MODEL_PUBLIC)  # not in SUMS; the statement covers the others


def changed(folder: Path) -> list[str]:
    """Return the files of ``folder`` that are missing, added or changed since its sums were written."""
    try:
        recorded: dict[str, str] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    except ValueError:
        return [SUMS]
    now = {name: value for name, value in hashes(folder).items() if name not in BESIDE}
    return sorted(name for name in {*now, *recorded} if now.get(name) != recorded.get(name))


def subjects(folder: Path) -> dict[str, str]:
    """Return what a statement is about, path -> sha256: every recorded file, the sums, and a model signature."""
    recorded: dict[str, str] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    further = [name for name in (SUMS, MODEL_SIGNATURE, MODEL_PUBLIC) if (folder / name).exists()]
    return {**recorded, **{name: sha256(folder / name) for name in further}}
