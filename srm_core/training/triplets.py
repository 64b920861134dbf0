"""The triplets of AdaLoRA, as peft has them on a layer: how far they overlap, and the LoRA adapter they amount to."""

# R ranks of a layer before any is taken, I inputs, O outputs

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


def orthogonality(model: Any) -> torch.Tensor:
    """Return the mean over all P and Q of ||P^T P - 1|| and ||Q Q^T - 1||, Frobenius norms.

    As in peft and the authors' code; eq. 4 of the paper sums their squares.
    """
    norms = []
    for layer in layers_of(model).values():
        rows_RI, columns_OR = layer.lora_A["default"], layer.lora_B["default"]
        one_RR = torch.eye(len(rows_RI), device=rows_RI.device)
        norms += [torch.linalg.norm(each - one_RR) for each in (rows_RI @ rows_RI.T, columns_OR.T @ columns_OR)]
    return torch.stack(norms).mean()


def save_as_lora(parts: Mapping[str, tuple[torch.Tensor, torch.Tensor]], made_by: Any, folder: Path) -> None:
    """Write pairs A (rank, I) and B (O, rank), whose product is the whole update, as one LoRA adapter of peft.

    It has one rank, the largest; where a layer has less, what is left over is 0 on both sides and stays so.
    ``made_by`` are the settings of the adapter they come from.
    """
    from peft import LoraConfig

    rank = max(1, *(len(down) for down, _ in parts.values()))
    settings = LoraConfig(
        r=rank,
        lora_alpha=rank,  # of scale 1
        target_modules=sorted(made_by.target_modules),
        task_type="CAUSAL_LM",
        base_model_name_or_path=made_by.base_model_name_or_path,
        inference_mode=True,
    )
    tensors = {}
    for name, (down, up) in parts.items():
        more = rank - len(down)
        tensors[f"base_model.model.{name}.lora_A.weight"] = torch.nn.functional.pad(down, (0, 0, 0, more)).contiguous()
        tensors[f"base_model.model.{name}.lora_B.weight"] = torch.nn.functional.pad(up, (0, more)).contiguous()
    folder.mkdir(parents=True)
    settings.save_pretrained(str(folder))
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})


def layers_of(model: Any) -> dict[str, Any]:
    """Return the layers of peft's model that have triplets, by name in the model without adapters."""
    return {name: layer for name, layer in model.get_base_model().named_modules() if hasattr(layer, "lora_E")}


@torch.no_grad()
def pair_of(layer: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return A (rank, I) and B (O, rank) whose product is the layer's update: of triplets whose number is not 0."""
    values_R = layer.lora_E["default"][:, 0]
    left_R = values_R != 0
    scale = layer.scaling["default"] / (layer.ranknum["default"] + 1e-5)  # as peft has it
    down = (layer.lora_A["default"] * values_R[:, None] * scale)[left_R]
    return down.detach().cpu(), layer.lora_B["default"][:, left_R].detach().cpu()
