"""``srm build --launch torch --processes 2``: a whole command with processes of its own, and its refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from srm_core.store import read_rows

SFT = ("--set", 'train.methods=["sft"]', "--until", "train")


def test_a_build_trains_in_two_processes_and_publishes_what_the_first_wrote(
    srm: Callable[..., Any], tmp_path: Path
) -> None:
    told = ("build", "--config", "toy.toml", "--workspace", tmp_path, "--launch", "torch", "--processes", "2")
    done = srm(*told, *SFT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "stopped after train, as asked; the same command without --until goes on from there\n"
    assert done.stderr.count("sft: step 2 of 3, loss") == 1  # one of them speaks
    [made] = (tmp_path / "store" / "train").glob("[!.]*/sft")
    assert [row["step"] for row in read_rows(made / "log.jsonl")] == [1, 2, 3]
    assert '"sft_processes": 2.0' in (made / "metrics.json").read_text(encoding="utf-8")
    names = sorted(path.name for path in made.iterdir())
    assert names == ["adapter", "log.jsonl", "made-from.json", "metrics.json"]


def test_what_several_processes_cannot_train_is_one_sentence(srm: Callable[..., Any], tmp_path: Path) -> None:
    done = srm("build", "--config", "toy.toml", "--workspace", tmp_path, "--launch", "torch", "--processes", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: train.launch = 'torch': grpo cannot be trained by several processes so, only")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "store").exists()
