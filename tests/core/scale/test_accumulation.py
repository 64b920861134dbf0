"""A batch of four in one pass, in two passes of two and in four of one: the same gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.store import read_rows
from srm_core.training.sft import train_sft


def _train(base: Path, data: Path, config: TrainConfig, out: Path, passes: int) -> dict[str, torch.Tensor]:
    """Train, and return the gradients of the first step."""
    from transformers import Trainer

    first: dict[str, torch.Tensor] = {}
    clip = Trainer._clip_grad_norm

    def note(self: Any, model: torch.nn.Module) -> Any:
        if not first:
            first.update({n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None})
        return clip(self, model)

    cut = config.model_copy(update={"launch": "none", "processes": 1, "accumulation": passes})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "_clip_grad_norm", note)
        train_sft(base, data, cut, out, lambda *_: None)
    return first


@pytest.mark.parametrize("passes", [2, 4])
def test_passes_of_a_batch_change_nothing_but_rounding(
    small_base: Path, data: Path, config: TrainConfig, tmp_path: Path, passes: int
) -> None:
    (one, other) = (tmp_path / "whole", tmp_path / "cut")
    whole = _train(small_base, data, config, one, 1)
    cut = _train(small_base, data, config, other, passes)
    assert cut.keys() == whole.keys()
    assert any(each.abs().max() > 1e-3 for each in whole.values())
    for name, each in whole.items():
        assert cut[name].numpy() == pytest.approx(each.numpy(), rel=1e-4, abs=1e-6), name
    logs = [read_rows(folder / "log.jsonl") for folder in (one, other)]
    for name in ("loss", "grad_norm"):
        assert [row[name] for row in logs[1]] == pytest.approx([row[name] for row in logs[0]], rel=1e-5)
    adapters = [load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (one, other)]
    for name, each in adapters[0].items():
        assert adapters[1][name].numpy() == pytest.approx(each.numpy(), abs=1e-5), name
