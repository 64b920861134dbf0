"""What several processes cannot do is refused in one sentence, before anything is loaded or started."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, MissingExtra
from srm_core.pipeline import prepare
from srm_core.training.launchable import check_launch

SFT = {"methods": ("sft",)}
TORCH = {**SFT, "launch": "torch"}


def _refused(environment: dict[str, str] | None = None, **settings: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        check_launch(TrainConfig(**settings), environment or {})
    return str(raised.value)


def test_one_process_and_what_several_can_train_pass() -> None:
    check_launch(TrainConfig(), {})
    check_launch(TrainConfig(**TORCH, processes=2), {})
    check_launch(TrainConfig(methods=("cpt", "sft"), launch="torch", processes=4), {})
    check_launch(TrainConfig(**TORCH, processes=2, accumulation=2), {})


def test_methods_that_sample_are_refused_and_those_that_can_are_named() -> None:
    said = _refused(methods=("sft", "grpo"), launch="torch", processes=2)
    assert "train.launch = 'torch': grpo cannot be trained by several processes so, only cpt and sft can" in said
    said = _refused(methods=("cpt", "sft", "gkd"), launch="deepspeed")
    assert "cpt and gkd cannot be trained by several processes so, only sft can" in said


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {**SFT, "processes": 2},
            "train.processes = 2: say how they are started, --launch torch or --launch deepspeed",
        ),
        ({**TORCH, "processes": 3}, "train.batch = 4 cannot be divided evenly by 3 processes x 1 passes"),
        ({**TORCH, "processes": 2, "accumulation": 4}, "make it a multiple of 8"),
        ({**SFT, "accumulation": 3}, "train.batch = 4 cannot be divided evenly by 1 processes x 3 passes"),
        ({"methods": ("cpt",), "accumulation": 2}, "train.accumulation = 2 is read by sft alone"),
        ({**TORCH, "zero": 3}, "train.zero and train.offload are read by train.launch = 'deepspeed' alone"),
        ({**SFT, "offload": True}, "train.zero and train.offload are read by train.launch = 'deepspeed' alone"),
    ],
)
def test_settings_that_mean_nothing_or_do_not_fit(settings: dict[str, Any], said: str) -> None:
    assert said in _refused(**settings)


def test_under_torchrun_the_build_would_run_several_times() -> None:
    said = _refused({"WORLD_SIZE": "4"}, **TORCH)
    assert "was started by torchrun or the like (WORLD_SIZE = 4); run srm build once" in said


def test_a_hostfile_is_looked_at_first(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("a slots=1\n")
    assert "has 1 slots, and train.processes = 2" in _refused({"SRM_HOSTFILE": str(hosts)}, **TORCH, processes=2)


@pytest.mark.skipif(find_spec("deepspeed") is not None, reason="deepspeed is installed")
def test_deepspeed_without_the_extra_names_the_command_that_installs_it() -> None:
    with pytest.raises(MissingExtra, match=r"deepspeed is not installed; pip install 'srm-sdk\[distributed\]'"):
        check_launch(TrainConfig(**SFT, launch="deepspeed", processes=2), {})


def test_a_build_asks_before_it_begins(toy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="grpo cannot be trained by several processes"):
        prepare(toy("train.launch=torch"), None)
    prepare(toy("train.launch=torch", "train.processes=2", 'train.methods=["sft"]'), None)
