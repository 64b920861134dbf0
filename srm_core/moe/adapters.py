"""LoRA on the weights of experts. After Hu et al. 2021, one pair of factors an expert.

peft adapts a fused tensor (N, out, in) with ``target_parameters``: expert e gets W_e + (alpha / r) B_e A_e, A random
and B zero. An adapter that seems to lie on experts and trains none of them is a known fault; here factors are counted.
"""

from __future__ import annotations

from typing import Any

import torch

from ..errors import ModelError
from ..training.experts.blocks import MATRICES, moe_blocks
from ..training.lora import false_alarms_silenced

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")


def with_expert_adapters(model: Any, *, r: int, alpha: int, attention: bool = False, seed: int = 0) -> Any:
    """Return ``model`` as a peft model with a fresh adapter of rank ``r`` on every expert, and on attention if asked.

    Routers and everything else stay frozen. The start depends on ``seed`` alone.

    Raises:
        ModelError: the model is dense, its experts are unequal, or peft left an expert matrix without an adapter.
    """
    from peft import LoraConfig, get_peft_model

    blocks = moe_blocks(model)
    if not all(block.fused for block in blocks):
        raise ModelError("unequal experts are linear layers of their own; put adapters on with peft's all-linear")
    torch.manual_seed(seed)
    lora = LoraConfig(
        r=r,
        lora_alpha=alpha,
        target_modules=list(ATTENTION) if attention else [],
        target_parameters=[f"experts.{name}" for name in MATRICES],
        task_type="CAUSAL_LM",
    )
    with false_alarms_silenced():
        adapted = get_peft_model(model, lora)
    on_experts = [name for name in trainable(adapted) if ".experts." in name]
    if len(on_experts) != len(blocks) * len(MATRICES) * 2:  # A and B
        raise ModelError(
            f"peft put {len(on_experts)} factors on the experts of {len(blocks)} layers instead of "
            f"{len(blocks) * len(MATRICES) * 2}; this peft and transformers do not fit together"
        )
    return adapted


def trainable(model: Any) -> list[str]:
    """Return the names of the parameters that would be trained."""
    return [name for name, tensor in model.named_parameters() if tensor.requires_grad]
