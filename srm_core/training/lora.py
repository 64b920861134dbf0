"""Low-rank adapters: put on, loaded, merged. After Hu et al. 2021 (LoRA): W + (alpha / r) B A, A random and B zero."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..config import TrainConfig
from ..models.load import load_tokenizer, load_weights


def with_new_adapter(base: Path, config: TrainConfig) -> Any:
    """Return the base model with a fresh adapter on every linear layer; the start depends on ``config.seed`` alone."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(config.seed)
    lora = LoraConfig(r=config.lora_r, lora_alpha=config.lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    with false_alarms_silenced():
        return get_peft_model(load_weights(base, config.dtype), lora)


def with_adapter(base: Path, adapter: Path, *, trainable: bool, dtype: str = "float32") -> Any:
    """Return the base model with the adapter in ``adapter``."""
    from peft import PeftModel

    with false_alarms_silenced():
        return PeftModel.from_pretrained(load_weights(base, dtype), str(adapter), is_trainable=trainable)


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
    """Return W + (alpha / r) B A for every adapted weight, by its name in the model without adapters.

    Computed from the untouched base each time: merging and unmerging in place would let rounding pile up.
    """
    result: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        for name, module in model.get_base_model().named_modules():
            if hasattr(module, "lora_A") and "default" in module.lora_A:
                parameter = getattr(module, "parameter_name", "weight")  # of experts: a fused tensor's name
                whole = getattr(module.get_base_layer(), parameter)
                delta = module.get_delta_weight("default")
                result[f"{name.partition('.base_layer')[0]}.{parameter}"] = whole + delta.to(whole.dtype)
    return result


def merged(base: Path, adapter: Path) -> Any:
    """Return base + adapter as a model without adapters: the weights that are evaluated, audited and released."""
    return with_adapter(base, adapter, trainable=False).merge_and_unload()


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Write base + adapter as an ordinary checkpoint with the base's tokenizer and template."""
    merged(base, adapter).save_pretrained(out)
    load_tokenizer(base).save_pretrained(out)
