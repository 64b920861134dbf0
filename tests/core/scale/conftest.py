"""Twelve supervised rows on the small model, one process's result to compare with, and processes that misbehave."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.models.load import load_tokenizer
from srm_core.records import Attempt, Problem
from srm_core.store import read_rows, write_records
from srm_core.training.rows import make_rows
from srm_core.training.sft import train_sft

# 18 rows, four a step: the last step has two, which the first of two processes takes, and the second has blanks only
SHARED: dict[str, Any] = {"lora_r": 4, "lora_alpha": 8, "batch": 4, "epochs": 1.5, "learning_rate": 3e-3, "seed": 5}
DIES = (  # a process of rank 1 is killed when its fourth step is logged
    "import os, signal; from srm_core.training.guard import Guard; usual = Guard.on_log; "
    "Guard.on_log = lambda self, args, state, control, **rest: os.kill(os.getpid(), signal.SIGKILL) "
    "if os.environ['RANK'] == '1' and state.global_step == 4 else usual(self, args, state, control, **rest)"
)
FORKING = Path(__file__).with_name("forking.py")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes take the threads of the test's own, one; and no place but this machine."""
    torch.set_num_threads(1)
    for name in ("SRM_HOSTFILE", "SLURM_JOB_ID", "WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def config() -> TrainConfig:
    """Five steps of four rows, a checkpoint after every second."""
    return TrainConfig(**SHARED, checkpoint_steps=2, launch="torch", processes=2, methods=("sft",))


@pytest.fixture(scope="session")
def data(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twelve rows of different lengths."""
    tokenizer = load_tokenizer(small_base)
    rows, _ = make_rows(accepted, {p.id: p for p in sums}, system="You reason.", tokenizer=tokenizer, max_tokens=2000)
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", rows)
    return folder


@pytest.fixture(scope="session")
def alone(small_base: Path, data: Path, config: TrainConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes of the rows."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("alone")
    train_sft(small_base, data, config.model_copy(update={"launch": "none", "processes": 1}), out, lambda *_: None)
    return out


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    """Return a function that asserts that two runs have the same losses, gradient norms and adapters, to rounding."""

    def check(one: Path, other: Path, *, accuracy: bool = True) -> None:
        logs = [read_rows(folder / "log.jsonl") for folder in (one, other)]
        assert len(logs[0]) == len(logs[1]) > 0
        for row in () if accuracy else (*logs[0], *logs[1]):
            del row["mean_token_accuracy"]  # with several passes a step it is the mean of theirs
        for mine, theirs in zip(*logs, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-5), mine
        mine, theirs = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (one, other))
        assert mine.keys() == theirs.keys()
        far = max(float((mine[name] - theirs[name]).abs().max()) for name in mine)
        largest = max(float(each.abs().max()) for each in theirs.values())
        assert far <= 1e-4 * largest, (far, largest)

    return check


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sequence[str]]]:
    """Return a function that gives the command of a process that first runs some Python; it starts in no time."""
    path = str(tmp_path_factory.mktemp("forks") / "socket")
    serve = [sys.executable, str(FORKING), "serve", path]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"

        def command(before: str = "") -> Sequence[str]:
            return (sys.executable, "-S", "-E", str(FORKING), "ask", path, before)

        yield command
        server.terminate()


@pytest.fixture
def told() -> tuple[list[tuple[int, int, str]], Callable[[int, int, str], None]]:
    """Return what progress was told, and what to tell it with."""
    heard: list[tuple[int, int, str]] = []

    def tell(step: int, steps: int, shown: str) -> None:
        heard.append((step, steps, shown))

    return heard, tell
