"""DeepSpeed's ZeRO: gradients and optimizer states (stage 2), and weights too (3), lie in parts, one a process.

Rajbhandari et al. 2020 (ZeRO), section 5. `memory` works out what each stage needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..config import TrainConfig
from ..errors import TrainingError
from ..store import write_atomically
from .checkpoints import PARTS
from .processes import count


def zero_settings(config: TrainConfig) -> Mapping[str, Any]:
    """Return what `TrainingArguments` must be told for ``train.launch = 'deepspeed'``; nothing otherwise.

    The optimizer stays torch's, so that a step is the step of one process.
    """
    if config.launch != "deepspeed":
        return {}
    import torch

    stage: dict[str, Any] = {"stage": config.zero}
    if config.offload:
        stage["offload_optimizer"] = {"device": "cpu"}
    if config.offload and config.zero == 3:
        stage["offload_param"] = {"device": "cpu"}
    settings = {
        "zero_optimization": stage,
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": False},
        "zero_force_ds_cpu_optimizer": False,
        "zero_allow_untested_optimizer": True,
    }
    told: dict[str, Any] = {"deepspeed": settings, "use_cpu": False}
    if not torch.cuda.is_available():
        told["accelerator_config"] = {"use_configured_state": True}  # that of `take_state`
    return told


def take_state() -> None:
    """Tell accelerate that DeepSpeed runs over gloo: without a GPU it would take each process for the only one."""
    import torch

    if torch.cuda.is_available():
        return
    os.environ.setdefault("DS_ACCELERATOR", "cpu")
    from accelerate import PartialState
    from deepspeed import ops

    ops.__compatible_ops__["deepspeed_shm_comm"] = (
        False  # it would be compiled for minutes, to be used in place of gloo
    )
    os.environ["ACCELERATE_USE_DEEPSPEED"] = "true"
    PartialState(backend="gloo")
    del os.environ["ACCELERATE_USE_DEEPSPEED"]


@contextmanager
def whole_weights(model: Any) -> Iterator[None]:
    """Hold the trained weights whole while they are read; under ZeRO-3 each process has only a part of them."""
    parts = [weight for weight in model.parameters() if weight.requires_grad and hasattr(weight, "ds_id")]
    if not parts:
        yield
        return
    import deepspeed

    with deepspeed.zero.GatheredParameters(parts):
        yield


def note_parts(checkpoint: Path, settings: Any) -> None:
    """Write into a checkpoint of DeepSpeed in how many parts it lies; ``settings`` are the trainer's."""
    if settings.deepspeed:
        write_atomically(checkpoint / PARTS, json.dumps(_parts(settings)))


def require_same_parts(checkpoint: Path, settings: Any) -> None:
    """Refuse to go on from a checkpoint whose optimizer lies in other parts: DeepSpeed cannot put them together anew.

    Raises:
        TrainingError: it was made under ZeRO with other processes or another stage, or only one of the two was.
    """
    file = checkpoint / PARTS
    there = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    here = _parts(settings) if settings.deepspeed else None
    if there != here:
        raise TrainingError(
            f"{checkpoint}: made {_words(there)}, and cannot be gone on from {_words(here)}; "
            "train as before, or delete it to begin again"
        )


def _parts(settings: Any) -> dict[str, int]:
    return {"processes": count(), "stage": settings.deepspeed["zero_optimization"]["stage"]}


def _words(parts: Mapping[str, int] | None) -> str:
    return f"by {parts['processes']} processes under ZeRO-{parts['stage']}" if parts else "without ZeRO"
