"""Two processes over gloo make what one makes, go on from its checkpoints and it from theirs, and end together."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.records import Chunk, Source
from srm_core.store import read_rows, write_records
from srm_core.training.checkpoints import is_whole
from srm_core.training.cpt import train_cpt
from srm_core.training.launch import train_together
from srm_core.training.sft import train_sft

from ..killing import Killed, killer
from .conftest import DIES

Same = Callable[..., None]
Worker = Callable[..., Sequence[str]]


def _alone(config: TrainConfig, **changes: Any) -> TrainConfig:
    return config.model_copy(update={"launch": "none", "processes": 1, **changes})


def test_two_processes_reach_the_loss_and_the_adapter_of_one(
    small_base: Path,
    data: Path,
    alone: Path,
    config: TrainConfig,
    same: Same,
    told: Any,
    worker: Worker,
    tmp_path: Path,
) -> None:
    heard, tell = told
    found = train_together("sft", small_base, data, config, tmp_path, tell, worker=worker())
    same(tmp_path, alone)  # the last step has two rows, of which one process has none
    assert found["sft_processes"] == 2
    assert found["sft_steps"] == 5
    assert [(step, steps) for step, steps, shown in heard if shown] == [(n, 5) for n in range(1, 6)]  # told once each
    assert not list(tmp_path.glob("*.tmp"))


def test_a_process_that_dies_ends_all_and_one_process_goes_on_from_their_checkpoint(
    small_base: Path,
    data: Path,
    alone: Path,
    config: TrainConfig,
    same: Same,
    told: Any,
    worker: Worker,
    tmp_path: Path,
) -> None:
    with pytest.raises(
        TrainingError, match=r"^process 1 was ended by SIGKILL.*, and all were ended\. The same command"
    ):
        train_together("sft", small_base, data, config, tmp_path, told[1], worker=worker(DIES))
    checkpoint = tmp_path / "checkpoint-2"
    assert is_whole(checkpoint)
    assert {"rng_state_0.pth", "rng_state_1.pth"} <= {file.name for file in checkpoint.iterdir()}
    steps: list[int] = []
    train_sft(small_base, data, _alone(config), tmp_path, lambda step, *_: steps.append(step))
    assert steps[0] == 3
    same(tmp_path, alone)


def test_two_processes_go_on_from_the_checkpoint_of_one(
    small_base: Path,
    data: Path,
    alone: Path,
    config: TrainConfig,
    same: Same,
    told: Any,
    worker: Worker,
    tmp_path: Path,
) -> None:
    with pytest.raises(Killed):
        train_sft(small_base, data, _alone(config), tmp_path, killer(3))
    heard, tell = told
    train_together("sft", small_base, data, config, tmp_path, tell, worker=worker())
    assert heard[0][0] == 3
    same(tmp_path, alone)


def test_a_loss_that_is_no_number_stops_all_with_the_sentence_of_one(
    small_base: Path, data: Path, config: TrainConfig, told: Any, worker: Worker, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(small_base, base)
    weights = load_file(base / "model.safetensors")
    weights["model.norm.weight"][3] = float("nan")
    save_file(weights, base / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "out").mkdir()
    with pytest.raises(TrainingError, match=r"^loss is nan at step 1; .*train.learning_rate"):
        train_together("sft", base, data, config, tmp_path / "out", told[1], worker=worker())
    assert not list((tmp_path / "out").iterdir())


def test_continued_pretraining_is_shared_too(
    small_base: Path, config: TrainConfig, same: Same, told: Any, worker: Worker, tmp_path: Path
) -> None:
    source = Source(name="s", licence="CC0-1.0")
    texts = [f"The gland {n} drips {'very ' * (n % 4)}slowly at dusk, for {n * 7} hours." for n in range(20)]
    chunks = [Chunk(document=f"d{n}", start=0, end=len(t), text=t, source=source) for n, t in enumerate(texts)]
    write_records(tmp_path / "passages.jsonl", chunks)
    settings = config.model_copy(update={"max_tokens": 120, "cpt_epochs": 1.0})
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    alone = train_cpt(small_base, tmp_path, _alone(settings), tmp_path / "one", lambda *_: None)
    shared = train_together("cpt", small_base, tmp_path, settings, tmp_path / "two", told[1], worker=worker())
    same(tmp_path / "two", tmp_path / "one")
    assert len(read_rows(tmp_path / "one" / "packs.jsonl")) % 2 == 1  # one process has a blank in the last step
    assert shared.pop("cpt_processes") == 2
    assert shared == pytest.approx(alone, rel=1e-4)


def test_fewer_rows_than_processes_are_refused_before_anything_starts(
    small_base: Path, data: Path, config: TrainConfig, told: Any, tmp_path: Path
) -> None:
    many = config.model_copy(update={"processes": 16, "batch": 16})
    with pytest.raises(ConfigError, match=r"train.processes = 16: sft has 12 rows to share; start fewer processes"):
        train_together("sft", small_base, data, many, tmp_path, told[1], worker=("false",))


def test_processes_leave_when_the_command_that_started_them_is_killed(tmp_path: Path) -> None:
    starting = (
        "import subprocess, sys, time\n"
        "wait = 'import os, sys, threading, time; import srm_core.training.worker as w; "
        "threading.Thread(target=w._leave_with_parent, daemon=True).start(); print(os.getpid(), flush=True); time.sleep(60)'\n"
        "subprocess.Popen([sys.executable, '-c', wait], stdin=subprocess.PIPE)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starting], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        os.kill(int(parent.stdout.readline()), 0)  # it is there
        parent.send_signal(signal.SIGKILL)
        started = time.monotonic()
        assert parent.stdout.read() == ""  # the pipe ends when the child, which holds it too, has gone
        assert time.monotonic() - started < 20
