"""One of several processes that train together. `launch` starts it, tells it what to train, and reads what it says.

It is told by one line of JSON on standard input, and ends if that is closed: nothing outlives the command that started
it. What it says are lines of JSON; whatever a library prints goes to standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

Say = Callable[[Mapping[str, Any]], None]
PATIENCE = timedelta(hours=2)  # for one that reads or measures while the others wait
SLURM = {"RANK": "SLURM_PROCID", "LOCAL_RANK": "SLURM_LOCALID"}


def main() -> None:
    """Train as told, and leave without the tearing down of groups, in which processes wait for one another."""
    say = _mouth()
    try:
        task = json.loads(_first_line())
        threading.Thread(target=_leave_with_parent, daemon=True).start()
        rank = _place()
        metrics = _train(task, rank, say)
        if rank == 0:
            say({"metrics": metrics})
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):
            say(_failure(error))
        os._exit(1)
    os._exit(0)


def _mouth() -> Say:
    """Return what writes a line to the standard output there was; prints of libraries go to standard error."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(what: Mapping[str, Any]) -> None:
        out.write(json.dumps({"rank": int(os.environ.get("RANK") or 0), **what}) + "\n")
        out.flush()

    return say


def _first_line() -> str:
    read = b""
    while not read.endswith(b"\n"):
        more = os.read(0, 1)  # no buffer: what follows is waited for by a thread
        if not more:
            raise EOFError("nothing was told on standard input")
        read += more
    return read.decode()


def _leave_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(3)


def _place() -> int:
    """Return this process's rank; Slurm's names for it are written down under torchrun's."""
    for name, slurm in SLURM.items():
        if name not in os.environ and slurm in os.environ:
            os.environ[name] = os.environ[slurm]
    return int(os.environ["RANK"])


def _train(task: Mapping[str, Any], rank: int, say: Say) -> Mapping[str, float]:
    from ..config import TrainConfig

    logger = logging.getLogger("srm_core")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(_Told(say) if rank == 0 else logging.NullHandler())

    def tell(step: int, steps: int, shown: str) -> None:
        if rank == 0:
            say({"step": step, "steps": steps, "shown": shown})

    config = TrainConfig.model_validate(task["config"])
    base, data, out = (Path(task[name]) for name in ("base", "data", "out"))
    _join(config)
    if task["method"] == "cpt":
        from .cpt import train_cpt

        return train_cpt(base, data, config, out, tell)
    from .sft import train_sft

    return train_sft(base, data, config, out, tell)


def _join(config: Any) -> None:
    """Meet the other processes: over nccl with a GPU for each, else over gloo."""
    import torch

    from ..errors import ConfigError

    local = int(os.environ["LOCAL_RANK"])
    if torch.cuda.is_available():
        if local >= torch.cuda.device_count():
            raise ConfigError(
                f"train.processes: a process trains on a GPU of its own, and this machine has "
                f"{torch.cuda.device_count()} for {os.environ.get('LOCAL_WORLD_SIZE', 'more')}; start fewer"
            )
        torch.cuda.set_device(local)
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    if config.launch == "deepspeed":
        from .zero import take_state

        take_state()


def _failure(error: BaseException) -> dict[str, Any]:
    said: dict[str, Any] = {"failed": type(error).__name__, "message": str(error)}
    if isinstance(error, OSError):
        said |= {"errno": error.errno, "file": str(error.filename or "")}
    sys.stderr.write("".join(traceback.format_exception(error)))
    return said


class _Told(logging.Handler):
    """Says the library's log lines to whoever started this process."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say({"log": record.getMessage(), "level": record.levelno})


if __name__ == "__main__":
    main()
