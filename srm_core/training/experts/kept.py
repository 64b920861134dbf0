"""The trained weights of chosen experts in a folder, which stands where other methods leave an adapter.

``experts.json`` says which experts they are and whose routers chose them, ``experts.safetensors`` holds their matrices,
(C, 2I, D) and (C, D, I) a layer. Put into the base they came from, they give the student; nothing else differs.
"""

# C chosen experts of a layer, D hidden width, I inner width

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from ...errors import ModelError
from ...records import Value
from ...store import write_atomically
from .blocks import MATRICES, moe_blocks

SETTINGS, WEIGHTS = "experts.json", "experts.safetensors"


class Kept(Value):
    """Which experts of which layers a folder holds, and the digest of the routers that chose them."""

    chosen: dict[int, tuple[int, ...]]
    routers: str


def holds_experts(folder: Path) -> bool:
    """Say whether ``folder`` holds experts' own weights and no adapter."""
    return (folder / SETTINGS).exists()


def name_of(layer: int, matrix: str) -> str:
    """Return the name of a layer's chosen slices, which is no name of a model's own weight."""
    return f"layer_{layer}_{matrix}"


def keep(folder: Path, model: Any, chosen: Mapping[int, Sequence[int]], slices: Mapping[str, torch.Tensor]) -> None:
    """Write the ``slices`` of the ``chosen`` experts of ``model`` into ``folder``, by the names of `name_of`."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: tensor.detach().to("cpu").contiguous() for name, tensor in slices.items()}
    save_file(whole, folder / WEIGHTS, metadata={"format": "pt"})
    said = Kept(chosen={layer: tuple(numbers) for layer, numbers in chosen.items()}, routers=routers_digest(model))
    write_atomically(folder / SETTINGS, said.model_dump_json(indent=1) + "\n")


@torch.no_grad()
def put(folder: Path, model: Any) -> Any:
    """Write the experts kept in ``folder`` over those of ``model``, their base; return ``model``.

    Raises:
        ModelError: the folder is damaged, or the experts are another base's.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        said = Kept.model_validate_json((folder / SETTINGS).read_text(encoding="utf-8"))
        slices = load_file(folder / WEIGHTS)
    except (OSError, ValueError, ValidationError, SafetensorError) as error:
        raise ModelError(f"{folder} holds no whole experts ({SETTINGS} and {WEIGHTS}): {_first(error)}") from None
    blocks = {block.layer: block for block in moe_blocks(model)}
    if said.routers != routers_digest(model) or not said.chosen.keys() <= blocks.keys():
        raise ModelError(f"{folder} holds experts of another base: its routers are not those of this one")
    wanted = {name_of(layer, name) for layer, numbers in said.chosen.items() if numbers for name in MATRICES}
    if wanted != slices.keys():
        raise ModelError(f"{folder} is not whole: {min(wanted ^ slices.keys())} is in one of its two files only")
    for layer, numbers in said.chosen.items():
        for name in MATRICES if numbers else ():
            whole, own = getattr(blocks[layer].experts, name), slices[name_of(layer, name)]
            if own.shape != (len(numbers), *whole.shape[1:]):
                raise ModelError(f"{folder} holds experts of another base: those of layer {layer} have another shape")
            whole.index_copy_(0, torch.tensor(numbers, device=whole.device), own.to(whole.device, whole.dtype))
    return model


def routers_digest(model: Any) -> str:
    """Return the sha256 of the weights of all routers, in float32: they are frozen, and tell one base from another."""
    total = hashlib.sha256()
    for block in moe_blocks(model):
        weight = block.router.weight.detach().to("cpu", torch.float32).contiguous()
        total.update(weight.numpy().tobytes())
    return total.hexdigest()


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
