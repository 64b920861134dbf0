"""Parse one file in a process of its own, with limits of memory, time and output; its end becomes a reason.

The process is started anew for each file, so nothing a file does reaches the next one. What it gives comes back as
lines of JSON through a file whose size the kernel limits, never as pickled objects.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .parsed import Fact, Parsed, Rejected, Shorthand, Unreadable

_BAD_START = 64  # the exit status when the worker could not even set its limits


@dataclass(frozen=True)
class Limits:
    """Of one worker. ``memory_mb`` is address space (RLIMIT_AS), ``output_mb`` what it may write in all."""

    wall_s: float = 60.0
    memory_mb: int = 2048
    output_mb: int = 256


LIMITS = Limits()
FACT_LIMITS = Limits(wall_s=600.0, memory_mb=4096, output_mb=4096)  # graphs come in large files


def read_apart(path: Path, suffix: str, limits: Limits = LIMITS) -> Iterator[Parsed | Rejected]:
    """Yield what the reader of ``suffix`` gives for the file ``path``: all of it, or nothing.

    Raises:
        Unreadable: the file is not of its format, or the worker crashed, ran out of time, memory or room for output.
    """
    with tempfile.TemporaryFile() as output:
        status = _run(path, suffix, limits, output.fileno())
        if status != 0:
            raise Unreadable(_reason(status, limits))
        output.seek(0)
        try:
            parts = [_part(json.loads(line)) for line in output]
        except (KeyError, TypeError, ValueError) as error:
            raise error if isinstance(error, Unreadable) else Unreadable("the reader gave no proper answer") from None
    yield from parts


def read_facts_apart(path: Path, suffix: str, limits: Limits = FACT_LIMITS) -> Iterator[Shorthand | Fact]:
    """Yield the shorthands of the graph file ``path``, then its facts: all of them, or nothing. Memory stays flat.

    Raises:
        Unreadable: as `read_apart`; raised before the first fact.
    """
    with tempfile.TemporaryFile() as output:
        status = _run(path, suffix, limits, output.fileno())
        if status != 0:
            raise Unreadable(_reason(status, limits))
        output.seek(0)
        for line in output:
            if line[:1] == b"{":  # facts are lists
                row = json.loads(line)
                if "unreadable" in row:
                    raise Unreadable(row["unreadable"])
                yield Shorthand(**row)
        output.seek(0)
        for line in output:
            if line[:1] == b"[":
                yield Fact(*json.loads(line))


def _run(path: Path, suffix: str, limits: Limits, output: int) -> int:
    arguments = [str(limits.memory_mb), str(limits.output_mb), str(int(limits.wall_s) + 1), suffix, os.fspath(path)]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "srm_knowledge.readers.worker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        return process.wait(timeout=limits.wall_s)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"took longer than {limits.wall_s:g} s to read") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment() -> dict[str, str]:
    """Return only what starting Python needs: no token or proxy of the user's reaches a worker."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}


def _reason(status: int, limits: Limits) -> str:
    if status == -signal.SIGXCPU:
        return f"took longer than {limits.wall_s:g} s to read"
    if status < 0:
        return f"the reader crashed ({signal.Signals(-status).name})"
    return f"the reader ended with status {status}" + (" before it began" if status == _BAD_START else "")


def _part(row: dict[str, Any]) -> Parsed | Rejected:
    if "unreadable" in row:
        raise Unreadable(row["unreadable"])
    if "reason" in row:
        return Rejected(row["place"], row["reason"])
    definitions = tuple((term, meaning) for term, meaning in row["definitions"])
    return Parsed(row["title"], tuple(row["blocks"]), definitions, row["place"])
