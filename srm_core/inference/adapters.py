"""Low-rank adapters beside the base weights. After Hu et al. 2021 (LoRA, section 4.1): W x + (alpha / r) B A x.

An adapter is a folder as peft writes it, ``adapter_config.json`` and ``adapter_model.safetensors``, or the same two in
memory. The base is never changed, so an adapter can be put on, changed and taken off as often as wanted.
"""

# N tokens, r rank

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError

log = logging.getLogger(__name__)
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
OUTER = "base_model.model."  # how peft begins the name of every weight
OTHERWISE = (  # settings under which an adapter is more, or something else, than B A on linear layers
    "use_dora",
    "use_qalora",
    "use_bdlora",
    "lora_bias",
    "fan_in_fan_out",
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "trainable_token_indices",
    "layer_replication",
    "target_parameters",
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
    "megatron_config",
)


@dataclass(frozen=True)
class Part:
    """What is added to one linear layer: ``down`` is (r, inputs), ``up`` (outputs, r), both float32."""

    down: torch.Tensor
    up: torch.Tensor
    scale: float

    def added(self, x: torch.Tensor) -> torch.Tensor:
        """Return what comes to the layer's output for inputs (..., inputs)."""
        return (x.float() @ self.down.T) @ self.up.T * self.scale

    def delta(self) -> torch.Tensor:
        """Return the same as a matrix (outputs, inputs)."""
        return self.up @ self.down * self.scale


@dataclass(frozen=True)
class Adapter:
    """The parts of an adapter by the name of their layer, as transformers spells it, without ``.weight``."""

    ref: str
    parts: Mapping[str, Part]

    @property
    def names(self) -> set[str]:
        """The weights it stands beside."""
        return {f"{name}.weight" for name in self.parts}


def read_adapter(folder: Path, model: Any, *, merged: bool = False) -> Adapter:
    """Return the adapter in a folder, for a transformers model; ``merged``: the model is its base and itself in one.

    Raises:
        ModelError: the folder holds no whole adapter, it was made for another base, or it is of a kind not known here.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if (folder / "experts.json").exists():
        raise ModelError(f"{folder} holds weights of experts (esft), no adapter; take the merged weights beside it")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no whole adapter ({CONFIG} and {WEIGHTS}): {error}") from None
    if merged and isinstance(config, dict):
        config.pop("base_model_name_or_path", None)  # the model has another name than its base
    return adapter_from(str(folder), config, tensors, model)


def adapter_within(folder: Path, model: Any) -> Adapter | None:
    """Return the adapter in a folder that was merged into ``model``, for weights that are rounded without it.

    None, with a notice, where it is none that can stand beside a base: then base and adapter are rounded together.
    """
    try:
        return read_adapter(folder, model, merged=True)
    except ModelError as why:
        log.warning("what was learned is rounded together with the base: %s", why)
        return None


def adapter_from(ref: str, config: Any, tensors: Mapping[str, torch.Tensor], model: Any) -> Adapter:
    """Return the adapter that peft's settings and weights describe, for a transformers model.

    Raises:
        ModelError: as `read_adapter`.
    """
    if not isinstance(config, Mapping) or config.get("peft_type") != "LORA":
        raise ModelError(f"{ref} is no LoRA adapter")
    strange = [name for name in OTHERWISE if config.get(name)] + ["bias"] * (config.get("bias", "none") != "none")
    if strange:
        raise ModelError(f"{ref} uses {strange[0]}, which is not applied beside a base here; merge it with peft")
    _same_base(ref, config.get("base_model_name_or_path"), getattr(model.config, "_name_or_path", ""))
    try:
        rank = int(config["r"])
        scale = float(config["lora_alpha"]) / (math.sqrt(rank) if config.get("use_rslora") else rank)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise ModelError(f"{ref}: its {CONFIG} gives no rank and alpha") from None
    parts: dict[str, Part] = {}
    for name, (down, up) in _pairs(ref, tensors).items():
        _check_fits(ref, name, down, up, rank, model)
        parts[name] = Part(down.detach().float().contiguous(), up.detach().float().contiguous(), scale)
    return Adapter(ref, parts)


@torch.no_grad()
def take_out(adapter: Adapter, model: Any) -> None:
    """Take what an adapter added to the weights of ``model`` out of them again."""
    state = model.state_dict()
    for name, part in adapter.parts.items():
        weight = state[f"{name}.weight"]
        weight.copy_(weight.float() - part.delta().to(weight.device))


def _pairs(ref: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    found: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        name, dot, rest = key.removeprefix(OUTER).rpartition(".lora_")
        side = rest.partition(".")[0]
        if not dot or side not in ("A", "B") or tensor.dim() != 2:
            raise ModelError(f"{ref}: its weight {key} is none of a linear layer; merge it with peft")
        found.setdefault(name, {})[side] = tensor
    half = [name for name, sides in found.items() if len(sides) < 2]
    if half or not found:
        raise ModelError(f"{ref} is not whole: {half[0] + ' has one half' if half else 'it holds no weights'}")
    return {name: (sides["A"], sides["B"]) for name, sides in found.items()}


def _check_fits(ref: str, name: str, down: torch.Tensor, up: torch.Tensor, rank: int, model: Any) -> None:
    weight = model.state_dict().get(f"{name}.weight")
    module = dict(model.named_modules()).get(name)
    if weight is None or not isinstance(module, torch.nn.Linear):
        raise ModelError(f"{ref} was made for another base: this one has no linear layer {name}")
    wanted = ((rank, weight.shape[1]), (weight.shape[0], rank))
    if (tuple(down.shape), tuple(up.shape)) != wanted:
        theirs = f"{down.shape[1]} to {up.shape[0]}"
        raise ModelError(
            f"{ref} was made for another base: its {name} goes from {theirs} by rank {down.shape[0]}, and is "
            f"{weight.shape[1]} to {weight.shape[0]} here, by rank {rank}"
        )


def _same_base(ref: str, recorded: Any, own: str) -> None:
    if recorded and own and _short(str(recorded)) != _short(own):
        raise ModelError(
            f"{ref} was made for another base: {_short(str(recorded))}, and this is {_short(own)}; "
            f"if they are one, write the name of this one into base_model_name_or_path of its {CONFIG}"
        )


def _short(name: str) -> str:
    """Return a base's name without its scheme, folder or owner; a hub's snapshot is named by its model."""
    parts = [part for part in name.replace("\\", "/").split("/") if part]
    for part in parts:
        if part.startswith("models--"):
            return part.rpartition("--")[2].lower()
    return parts[-1].rpartition(":")[2].lower() if parts else ""
