"""Training that is killed at a step, and what it left, for the tests of every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.config import TrainConfig
from srm_core.training.lora import with_new_adapter

Told = list[tuple[int, int, str]]  # step, steps, what was shown


class Killed(BaseException):
    """Stands for a kill: nothing of ours catches it."""


def killer(at: int = 0) -> Callable[[int, int, str], None]:
    """Return what is told of steps and dies at step ``at``, after the checkpoint of the step before; 0: never."""

    def tell(step: int, steps: int, shown: str) -> None:
        if at and step == at:
            raise Killed

    return tell


def train_told(
    train: Callable[..., Any], base: Path, data: Path, out: Path, config: TrainConfig, kill_at: int = 0
) -> Told:
    """Train and return what was told of; with ``kill_at`` be killed when that step is told of."""
    out.mkdir(exist_ok=True)
    told: Told = []
    dies = killer(kill_at)

    def tell(step: int, steps: int, shown: str) -> None:
        told.append((step, steps, shown))
        dies(step, steps, shown)

    if not kill_at:
        train(base, data, config, out, tell)
        return told
    with pytest.raises(Killed):
        train(base, data, config, out, tell)
    return told


def differing(one: Path, other: Path, *names: str) -> list[str]:
    """Return those of the files ``names`` that are not byte for byte the same in the folders ``one`` and ``other``.

    Names and not bytes, because pytest explains two unequal byte strings at length, which takes minutes for weights.
    """
    return [name for name in names if (one / name).read_bytes() != (other / name).read_bytes()]


def save_moved_adapter(base: Path, config: TrainConfig, folder: Path, size: float = 0.02) -> None:
    """Write an adapter of ``base`` that is no longer the zero it starts as: its B matrices are drawn at random."""
    model = with_new_adapter(base, config)
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if "lora_B" in name:
                tensor.copy_(torch.randn(tensor.shape, generator=draw) * size)
    model.save_pretrained(folder)
