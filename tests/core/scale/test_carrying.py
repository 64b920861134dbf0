"""A build that shares the work otherwise goes on from the checkpoint of one that was killed, and no other does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core.pipeline import build
from srm_core.stages.carrying import BEGUN_FROM
from srm_core.workspace import Workspace

SFT = 'train.methods=["sft"]'


def _killed_at(step: int, monkeypatch: pytest.MonkeyPatch, begin: Callable[[], object]) -> None:
    from srm_core.training import methods

    usual = methods.log.info

    def info(text: str, *given: Any) -> None:
        usual(text, *given)
        if "step %d of" in text and given[1] == step:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(methods.log, "info", info)
        with pytest.raises(KeyboardInterrupt):
            begin()


def test_another_sharing_of_the_work_goes_on_and_another_rate_does_not(
    toy: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="srm_core")
    place = Workspace(tmp_path)
    _killed_at(3, monkeypatch, lambda: build(toy(SFT), place, until="train"))
    caplog.clear()
    build(toy(SFT, "train.accumulation=2"), place, until="train")
    assert "sft: goes on from checkpoint-2 of a build that shared the work otherwise" in caplog.messages
    steps = [line for line in caplog.messages if line.startswith("sft: step")]
    assert steps[0].startswith("sft: step 3 of 3")
    finished = [path for path in (tmp_path / "store" / "train").glob("[!.]*/sft/*") if path.name == BEGUN_FROM]
    assert not finished
    caplog.clear()
    build(toy(SFT, "train.learning_rate=0.01"), place, until="train")
    assert any(line.startswith("sft: step 1 of 3") for line in caplog.messages)
