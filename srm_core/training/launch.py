"""Training in several processes: they are started, watched, and all ended when one of them fails.

The processes split every batch; what they make is what one would, to rounding. The first of them writes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import TrainConfig
from ..errors import ConfigError, TrainingError
from .failures import AGAIN, Failure, cause
from .guard import Tell
from .places import Start, starts

WORKER = (sys.executable, "-m", f"{__package__}.worker")
GRACE = 2.0  # seconds in which the others may say what failed, before they are ended
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Started:
    """A process that was started, and the last lines it printed."""

    name: str
    process: subprocess.Popen[str]
    printed: deque[str] = field(default_factory=lambda: deque(maxlen=20))


Said = queue.SimpleQueue[tuple[Started, dict[str, Any] | None]]  # a line of a process, or None at its end


def train_together(
    method: str, base: Path, data: Path, config: TrainConfig, out: Path, tell: Tell, *, worker: Sequence[str] = WORKER
) -> Mapping[str, float]:
    """Train ``base`` by ``method`` in ``config.processes`` processes into ``out``; return what the first reports.

    ``worker`` is the command of one process.

    Raises:
        ConfigError: there are fewer rows than processes, or the places for them are wrong; nothing was loaded.
        TrainingError: a process died; checkpoints stay, and the same call goes on from the newest.
        SrmError: whatever of ours a process raised.
    """
    import torch

    _require_rows(method, data, config.processes)
    places = {"base": str(base.absolute()), "data": str(data.absolute()), "out": str(out.absolute())}
    task = {"method": method, "config": config.model_dump(mode="json"), **places}
    with _running(starts(config.processes, worker, os.environ, torch.get_num_threads())) as (running, said):
        for each in running:
            _write(each, json.dumps(task))
        metrics = _watch(running, said, tell)
    return {**metrics, f"{method}_processes": float(config.processes)}


def _require_rows(method: str, data: Path, processes: int) -> None:
    file = data / ("passages.jsonl" if method == "cpt" else "rows.jsonl")
    with file.open("rb") as handle:
        rows = sum(1 for _ in handle)
    if rows < processes:
        raise ConfigError(f"train.processes = {processes}: {method} has {rows} rows to share; start fewer processes")


@contextmanager
def _running(places: Sequence[Start]) -> Iterator[tuple[list[Started], Said]]:
    """Start a process at each place, and a thread for each that reads it; on leaving, none of them is left."""
    said: Said = queue.SimpleQueue()
    running: list[Started] = []
    threads: list[threading.Thread] = []
    try:
        for place in places:
            running.append(_start(place))
            for read in (_read_said, _read_printed):
                threads.append(threading.Thread(target=read, args=(running[-1], said), daemon=True))
                threads[-1].start()
        yield running, said
    finally:
        for each in running:
            _close_input(each)
        for each in running:
            _end(each)
        for thread in threads:
            thread.join(timeout=5)
        for each in running:
            each.process.stdout.close()  # type: ignore[union-attr]
            each.process.stderr.close()  # type: ignore[union-attr]


def _start(place: Start) -> Started:
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            place.command,
            env=dict(place.environment),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            errors="replace",
            start_new_session=True,  # an interruption at the terminal is ours to pass on
        )
    except OSError as error:
        raise ConfigError(f"{place.name} cannot be started: {place.command[0]}: {error.strerror}") from None
    return Started(place.name, process)


def _write(one: Started, line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # it has died already, which its end tells
        one.process.stdin.write(line + "\n")  # type: ignore[union-attr]
        one.process.stdin.flush()  # type: ignore[union-attr]


def _read_said(one: Started, said: Said) -> None:
    for line in one.process.stdout or ():
        try:
            what = json.loads(line)
        except ValueError:
            what = None
        if isinstance(what, dict) and "rank" in what:
            said.put((one, what))
        else:
            one.printed.append(line.strip())
    said.put((one, None))


def _read_printed(one: Started, said: Said) -> None:
    for line in one.process.stderr or ():
        if line.strip():
            one.printed.append(line.strip())
            log.debug("%s: %s", one.name, line.rstrip())


def _watch(running: Sequence[Started], said: Said, tell: Tell) -> Mapping[str, float]:
    """Pass on what is said until all have ended, or one has failed; return the metrics."""
    metrics: Mapping[str, float] | None = None
    failures: list[Failure] = []
    left, until = len(running), 0.0
    while left:
        try:
            one, what = said.get(timeout=max(0.01, until - time.monotonic()) if failures else None)
        except queue.Empty:
            break
        if what is None:
            left -= 1
            if code := one.process.wait():
                failures.append(Failure(one.name, code=code, printed=one.printed[-1] if one.printed else ""))
        elif "failed" in what:
            failures.append(Failure(one.name, said=what))
        elif "metrics" in what:
            metrics = what["metrics"]
        elif "step" in what:
            tell(what["step"], what["steps"], what["shown"])
        else:
            log.log(what["level"], "%s", what["log"])
        if failures:
            until = until or time.monotonic() + GRACE
            if time.monotonic() > until:
                break
    if failures:
        raise cause(failures)
    if metrics is None:
        raise TrainingError(f"the processes of training ended without a result. {AGAIN}")
    return metrics


def _close_input(one: Started) -> None:
    with contextlib.suppress(BrokenPipeError):
        one.process.stdin.close()  # type: ignore[union-attr]


def _end(one: Started) -> None:
    """Wait for a process whose input is closed, at which it leaves; one that does not is killed."""
    try:
        one.process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        one.process.kill()
        one.process.wait()
