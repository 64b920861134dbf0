"""A method that a killed build began is gone on with by a build that shares the work among other processes.

How many processes train decides rounding, so it is part of an artifact's key; a checkpoint of one serves the other.
"""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

from ..store import write_atomically
from ..training.checkpoints import PARTS, newest_whole

log = logging.getLogger(__name__)
BEGUN_FROM = "begun-from.json"
MOVABLE = frozenset(
    {"launch", "processes", "zero", "offload", "accumulation"}
)  # what may change while a method goes on


def begin(method: str, key: str, out: Path) -> None:
    """Note in ``out`` from what ``method`` is begun; take the newest checkpoint of a build that began from the same.

    ``key`` is the digest of all that decides the result but how the work is shared. ``out`` is the method's folder in
    an unfinished artifact of the stage train; where it has checkpoints of its own nothing is taken. A checkpoint that
    lies in parts (ZeRO) is left where it is.
    """
    write_atomically(out / BEGUN_FROM, json.dumps(key))
    if any(out.glob("checkpoint-*")):
        return
    for begun in sorted(out.parent.parent.glob(f".part-*/{method}/{BEGUN_FROM}")):
        if begun.parent == out or json.loads(begun.read_text(encoding="utf-8")) != key:
            continue
        for checkpoint in begun.parent.glob("checkpoint-*"):
            if not (checkpoint / PARTS).exists():
                shutil.copytree(checkpoint, out / checkpoint.name)
        if found := newest_whole(out):
            log.info("%s: goes on from %s of a build that shared the work otherwise", method, found.name)
            return


def end(out: Path) -> None:
    """Forget from what the method was begun: it has finished."""
    (out / BEGUN_FROM).unlink(missing_ok=True)
