"""Low-rank adapters: put on, loaded, merged. A is random and B zero, so that the student starts as the base.

``lora``: W + (alpha / r) B A, Hu et al. 2021. ``rslora``: W + (alpha / sqrt(r)) B A, Kalajdzievski 2023 (rsLoRA),
theorem 3.2. ``dora``: m (W + (alpha / r) B A) / ||W + (alpha / r) B A|| row by row, with a trained m for each output
that starts as the norm of W's row, Liu et al. 2024 (DoRA), eq. 5; the norm carries no gradient (section 4.3).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..errors import TrainingError
from ..models.load import load_tokenizer, load_weights
from .experts.kept import holds_experts, put
from .fused_lora import fused
from .processes import count
from .refused import unfit_adapter


def with_new_adapter(base: Path, config: TrainConfig) -> Any:
    """Return the base model with a fresh adapter on every linear layer; the start depends on ``config.seed`` alone.

    Raises:
        TrainingError: ``config.adapter`` is ``dora`` and the base is a mixture of experts, or it is ``adalora``, which
            needs to know how many steps there will be (`adalora.adalora_model`).
    """
    from peft import LoraConfig, get_peft_model

    if config.adapter == "adalora":
        raise TrainingError("train.adapter = 'adalora': ranks are taken while sft trains; train by sft first")
    model = load_weights(base, config.dtype)
    if reason := unfit_adapter(config.adapter, model.config.to_dict()):
        raise TrainingError(reason)
    torch.manual_seed(config.seed)
    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        use_dora=config.adapter == "dora",
        use_rslora=config.adapter == "rslora",
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    with false_alarms_silenced():
        return _in_one_pass(get_peft_model(model, lora))


def starting_model(base: Path, data: Path, config: TrainConfig) -> Any:
    """Return the base with the adapter in ``data/adapter``, or with a new one where there is none yet."""
    adapter = data / "adapter"
    if adapter.exists():
        return with_adapter(base, adapter, trainable=True, dtype=config.dtype)
    return with_new_adapter(base, config)


def with_adapter(base: Path, adapter: Path, *, trainable: bool, dtype: str = "float32") -> Any:
    """Return the base model with the adapter in ``adapter``.

    Raises:
        TrainingError: the folder holds experts' own weights (esft), which are no adapter.
    """
    from peft import PeftModel

    if holds_experts(adapter):
        raise TrainingError(
            f"{adapter} holds the weights of experts (esft), and nothing goes on from them as from an adapter; "
            "take the merged weights as the base"
        )
    with false_alarms_silenced():
        model = PeftModel.from_pretrained(load_weights(base, dtype), str(adapter), is_trainable=trainable)
    return _in_one_pass(model) if trainable else model


def _in_one_pass(model: Any) -> Any:
    """Let layer and adapter compute together; in a group of processes their weights may be gathered layer by layer."""
    return fused(model) if count() == 1 else model


@contextmanager
def false_alarms_silenced() -> Iterator[None]:
    """Silence two warnings about nothing: of a property that peft and TRL still read by its old name, and of ranks.

    On a mixture peft sets the ranks of experts by a pattern, applies them, and says that the pattern matched nothing.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)
        warnings.filterwarnings("ignore", message="The following (rank|alpha)_pattern keys", category=RuntimeWarning)
        yield


def merged_weights(model: Any) -> dict[str, torch.Tensor]:
    """Return the weight that each adapted one amounts to, by its name in the model without adapters.

    Computed from the untouched base each time: merging and unmerging in place would let rounding pile up.
    """
    result: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for name, module in model.get_base_model().named_modules():
            if hasattr(module, "lora_A") and "default" in module.lora_A:
                parameter = getattr(module, "parameter_name", "weight")  # of experts: a fused tensor's name
                whole = getattr(module.get_base_layer(), parameter)
                result[f"{name.partition('.base_layer')[0]}.{parameter}"] = _merged_weight(module, whole)
    return result


def _merged_weight(module: Any, whole: torch.Tensor) -> torch.Tensor:
    if variant := module.lora_variant.get("default"):  # DoRA: a sum is not enough, each row is scaled too
        scaled: torch.Tensor = variant.merge_safe(module, "default", whole)
        return scaled
    delta: torch.Tensor = module.get_delta_weight("default")
    return whole + delta.to(whole.dtype)


def merged(base: Path, adapter: Path) -> Any:
    """Return base + adapter as a model without adapters: the weights that are evaluated, audited and released.

    A folder of experts' own weights (esft) is put into the base instead.
    """
    if holds_experts(adapter):
        return put(adapter, load_weights(base))
    return with_adapter(base, adapter, trainable=False).merge_and_unload()


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Write base + adapter as an ordinary checkpoint with the base's tokenizer and template."""
    merged(base, adapter).save_pretrained(out)
    load_tokenizer(base).save_pretrained(out)
