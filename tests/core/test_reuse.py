"""A method trained once is not trained again by a build that differs after it; what it learned is the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import BuildConfig, TrainConfig
from srm_core.models.load import locate
from srm_core.pipeline import build
from srm_core.stages.reuse import MADE_FROM, SFT_SETTINGS
from srm_core.training.sft import train_sft
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]
TAKEN = "sft: made from the same data, settings and code by an earlier build"


@pytest.fixture
def trained(
    toy: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> Callable[..., tuple[dict[str, str], list[str]]]:
    """Return a function that builds up to train and gives the hashes of what it published, and what was logged."""
    caplog.set_level("INFO", logger="srm_core")

    def run(folder: str, *settings: str) -> tuple[dict[str, str], list[str]]:
        caplog.clear()
        place = Workspace(tmp_path / folder)
        before = {path.name for path in (place.root / "store" / "train").glob("[!.]*")}
        build(toy(*settings), place, until="train")
        [new] = {path.name for path in (place.root / "store" / "train").glob("[!.]*")} - before
        artifact = place.store.find("train", new)
        assert artifact is not None
        return dict(artifact.record.files), list(caplog.messages)

    return run


def test_a_later_method_is_added_without_training_the_first_again(trained: Callable[..., Any]) -> None:
    trained("once", 'train.methods=["sft"]')
    both, said = trained("once", 'train.methods=["sft", "grpo"]', "train.rl_steps=1")
    assert any(line.startswith(TAKEN) for line in said)
    assert not any(line.startswith("sft: step") for line in said)
    afresh, said = trained("afresh", 'train.methods=["sft", "grpo"]', "train.rl_steps=1")
    assert any(line.startswith("sft: step") for line in said)
    assert both == afresh  # every file, weights and log included


@pytest.mark.parametrize("change", ["train.learning_rate=0.01", "distill.per_kind=5", "threads=2"])
def test_another_setting_that_decides_it_trains_it_again(trained: Callable[..., Any], change: str) -> None:
    trained("ws", 'train.methods=["sft"]')
    _, said = trained("ws", 'train.methods=["sft"]', change)
    assert any(line.startswith("sft: step") for line in said)


def test_a_folder_that_was_changed_is_passed_over_and_named(trained: Callable[..., Any], tmp_path: Path) -> None:
    trained("ws", 'train.methods=["sft"]')
    [made] = (tmp_path / "ws" / "store" / "train").glob(f"*/sft/{MADE_FROM}")
    log = made.parent / "log.jsonl"
    log.write_text(log.read_text(encoding="utf-8") + "{}\n", encoding="utf-8")
    _, said = trained("ws", 'train.methods=["sft"]', "train.rl_steps=7")
    assert any("was changed since it was published" in line for line in said)
    assert any(line.startswith("sft: step") for line in said)


def test_supervised_fine_tuning_reads_the_settings_of_its_key_and_no_other(
    toy: Settings, trained: Callable[..., Any], tmp_path: Path
) -> None:
    trained("ws", 'train.methods=["sft"]')
    [made] = (tmp_path / "ws" / "store" / "train").glob(f"*/sft/{MADE_FROM}")
    base = locate(toy().base)
    assert base is not None
    read: set[str] = set()

    class Noting:
        def __init__(self, settings: TrainConfig) -> None:
            self.settings = settings

        def __getattr__(self, name: str) -> Any:
            if name in TrainConfig.model_fields:
                read.add(name)
            return getattr(self.settings, name)

    data = tmp_path / "data"
    data.mkdir()  # without the adapter that was published: the first method makes its own
    shutil.copy(made.parent.parent / "data" / "rows.jsonl", data)
    for kind in ("lora", "adalora"):  # some settings are read for the second alone
        noting: Any = Noting(toy('train.methods=["sft"]', f"train.adapter={kind}").train)
        train_sft(base.folder, data, noting, tmp_path / kind, lambda *_: None)
    assert {"learning_rate", "epochs", "lora_r", "seed"} <= read <= SFT_SETTINGS
    assert SFT_SETTINGS - read <= {"max_tokens"}  # decides the rows, whose hash is in the key too
