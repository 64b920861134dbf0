"""Experts' own weights are trained to the same end where memory has room for half a batch only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.errors import TrainingError
from srm_core.store import read_rows, write_records
from srm_core.training.esft import ChosenExperts, train_esft

from .test_esft_training import make_rows

CONFIG = TrainConfig(methods=("esft",), batch=4, esft_threshold=0.6, esft_learning_rate=1e-3, seed=5)


def test_a_batch_that_has_no_room_passes_in_halves(
    upcycled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_records(tmp_path / "rows.jsonl", make_rows(8))
    usual, room, passed = ChosenExperts.forward, [4], []

    def crowded(self: Any, **batch: torch.Tensor) -> torch.Tensor:
        if len(batch["labels"]) > room[0]:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        passed.append(tuple(batch["labels"].shape))
        return usual(self, **batch)

    monkeypatch.setattr(ChosenExperts, "forward", crowded)
    for name, room[0] in (("whole", 4), ("halved", 2)):
        (tmp_path / name).mkdir()
        metrics = train_esft(upcycled, tmp_path, CONFIG, tmp_path / name, lambda *_: None)
    assert metrics["esft_rows_a_pass"] == 2
    assert [rows for rows, _ in passed] == [4, 4, 2, 2, 2, 2]
    assert min(width for _, width in passed[2:]) < min(width for _, width in passed[:2])  # padding is not taken along
    whole, halved = (load_file(tmp_path / name / "adapter" / "experts.safetensors") for name in ("whole", "halved"))
    for name, tensor in whole.items():
        assert float((halved[name] - tensor).abs().mean()) < 1e-6, name  # Adam steps by the sign of what is rounding
    for one, other in zip(*(read_rows(tmp_path / name / "log.jsonl") for name in ("whole", "halved")), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-5 if one["step"] == 1 else 1e-3)

    room[0] = 0
    (tmp_path / "none").mkdir()
    with pytest.raises(TrainingError, match=r"lower train.max_tokens or train.esft_threshold, or take a smaller base;"):
        train_esft(upcycled, tmp_path, CONFIG, tmp_path / "none", lambda *_: None)
