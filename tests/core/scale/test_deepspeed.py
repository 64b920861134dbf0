"""ZeRO-2 and ZeRO-3 over gloo: the losses and the adapter of one process. Skipped where deepspeed is not installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.training.launch import train_together
from srm_core.training.launchable import check_launch
from srm_core.training.sft import train_sft

from .conftest import DIES

pytest.importorskip("deepspeed", reason="deepspeed is not installed (pip install 'srm-sdk[distributed]')")
pytestmark = pytest.mark.timeout(600)

Same = Callable[..., None]


def _under(config: TrainConfig, **changes: Any) -> TrainConfig:
    return config.model_copy(update={"launch": "deepspeed", **changes})


@pytest.mark.parametrize(
    "changes",
    [{"zero": 2}, {"zero": 3}, {"zero": 2, "accumulation": 2}, {"zero": 3, "offload": True}],
    ids=["ZeRO-2", "ZeRO-3", "ZeRO-2 in two passes", "ZeRO-3 offloaded"],
)
def test_two_processes_reach_the_loss_and_the_adapter_of_one(
    changes: dict[str, Any],
    small_base: Path,
    data: Path,
    alone: Path,
    config: TrainConfig,
    same: Same,
    told: Any,
    worker: Callable[..., Any],
    tmp_path: Path,
) -> None:
    heard, tell = told
    train_together("sft", small_base, data, _under(config, **changes), tmp_path, tell, worker=worker())
    same(tmp_path, alone, accuracy="accumulation" not in changes)
    assert [step for step, _, shown in heard if shown] == [1, 2, 3, 4, 5]


def test_a_checkpoint_in_parts_is_gone_on_from_by_the_same_processes_and_refused_to_others(
    small_base: Path,
    data: Path,
    alone: Path,
    config: TrainConfig,
    same: Same,
    told: Any,
    worker: Callable[..., Any],
    tmp_path: Path,
) -> None:
    parts = _under(config, zero=3)
    with pytest.raises(TrainingError, match="process 1 was ended by SIGKILL"):
        train_together("sft", small_base, data, parts, tmp_path, told[1], worker=worker(DIES))
    with pytest.raises(TrainingError, match=r"checkpoint-2: made by 2 processes under ZeRO-3, and cannot be gone on"):
        train_sft(small_base, data, config.model_copy(update={"launch": "none"}), tmp_path, told[1])
    heard, tell = told
    heard.clear()
    train_together("sft", small_base, data, parts, tmp_path, tell, worker=worker())
    assert heard[0][0] == 3
    same(tmp_path, alone)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"zero": 3, "adapter": "dora"}, "take train.zero = 2"), ({"dtype": "bfloat16"}, "take float32")],
)
def test_what_was_not_tried_under_zero_is_refused(config: TrainConfig, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_launch(_under(config, **changes), {})
