"""How many parameters a token passes through, where experts are of different sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .blocks import MATRICES, Block, moe_blocks
from .routing import Decisions, counts_of

LINEAR = ("gate_proj", "up_proj", "down_proj")
ADAPTER = "lora_"  # in the names of what peft adds


def widths_of(model: Any) -> dict[int, tuple[int, ...]]:
    """Return the inner widths of the experts by layer; nothing where they are fused, for then all are equal."""
    return {
        block.layer: tuple(int(expert.down_proj.weight.shape[1]) for expert in block.experts)
        for block in moe_blocks(model)
        if not block.fused
    }


def expert_parameters(block: Block) -> list[int]:
    """Return the parameters of each expert of a layer, adapters not counted."""
    if block.fused:
        return [sum(getattr(block.experts, name)[0].numel() for name in MATRICES)] * block.size
    return [sum(getattr(expert, name).weight.numel() for name in LINEAR) for expert in block.experts]


def shared_parameters(model: Any) -> int:
    """Return the parameters that every token passes through: all but experts and adapters."""
    whole: int = sum(tensor.numel() for name, tensor in model.named_parameters() if ADAPTER not in name)
    return whole - sum(sum(expert_parameters(block)) for block in moe_blocks(model))


def active_in_experts(layers: Mapping[int, Decisions], each: Mapping[int, Sequence[int]]) -> float:
    """Return how many parameters of experts a token passed through, in the mean, summed over the layers.

    ``each`` has the parameters of every expert by layer.
    """
    total = 0.0
    for layer, seen in layers.items():
        used = sum(count * size for count, size in zip(counts_of(seen), each[layer], strict=True))
        total += used / max(1, len(seen.chosen))
    return total


def active_parameters(model: Any, layers: Mapping[int, Decisions]) -> float:
    """Return how many parameters of ``model`` a token passed through, in the mean, from what its routers decided."""
    each = {block.layer: expert_parameters(block) for block in moe_blocks(model)}
    return shared_parameters(model) + active_in_experts(layers, each)
