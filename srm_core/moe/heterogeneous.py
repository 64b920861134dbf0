"""A dense model becomes a mixture of unequal experts. After Wang et al. 2024 (HMoE), section on heterogeneous experts.

Upcycled as in `upcycle`, but an expert of width w is given w neurons of the dense feed-forward (`neurons.strongest`),
so only one as wide as the base computes what the base computes. The class is ours, and loads through `srm` alone.
"""

# D hidden width, I inner width

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..errors import ModelError
from ..models.heterogeneous.registering import register
from ..models.load import load_weights
from ..records import Value
from ..store import hashes, write_atomically
from ..training.experts.active import expert_parameters, shared_parameters
from ..training.experts.blocks import moe_blocks
from .architecture import SHARED, State, beyond, fresh_routers, holding, require_choice
from .neurons import strongest
from .publishing import published, require_new, write_checkpoint
from .sizes import sizes_of
from .upcycle import REPORT, config_in, noisy, require_share, source_of

BASES = ("llama", "mistral")  # whose attention is Mixtral's
PARTS = ("gate", "up", "down")


class UpcycledUnequal(Value):
    """How a checkpoint of unequal experts was made, and what it holds."""

    base: str
    sizes: tuple[int, ...]  # inner widths of the experts of each layer
    top_k: int
    noise: float
    seed: int
    parameters: int  # all
    active_least: int  # that a token passes through if it goes to the smallest experts of every layer
    active_most: int  # and to the largest
    bytes: int  # of the weight files
    files: dict[str, str]  # sha256 by name


def upcycle_unequal(
    base: str, out: Path, *, sizes: str, experts: int | None = None, top_k: int = 2, noise: float = 0.0, seed: int = 0
) -> UpcycledUnequal:
    """Write ``base`` (a reference that `locate` understands) as a mixture of unequal experts into the folder ``out``.

    ``sizes`` and ``experts`` are those of `sizes_of`, ``noise`` and ``seed`` those of `upcycle`. The folder loads with
    `srm_core.models.load`, and as the base ``dir:OUT`` of a build.

    Raises:
        ConfigError: ``out`` exists, the sizes cannot be, not 1 <= top_k <= experts, or negative noise.
        ModelError: the base cannot be had, or is of an architecture that our class does not compute.
    """
    require_new(out)
    require_share(noise)
    checkpoint = source_of(base)
    config = unequal_config(config_in(checkpoint.folder), sizes, experts, top_k)  # refused before any weight is read
    dense = load_weights(checkpoint.folder, "auto").to("cpu").state_dict()
    model = holding(config, _state(config, dense, noise, seed))
    with published(out) as folder:
        write_checkpoint(model, checkpoint.folder, folder)
        least, most = active_range(model)
        report = UpcycledUnequal(
            base=base,
            sizes=tuple(config.expert_sizes),
            top_k=top_k,
            noise=noise,
            seed=seed,
            parameters=sum(tensor.numel() for tensor in model.parameters()),
            active_least=least,
            active_most=most,
            bytes=sum(file.stat().st_size for file in folder.glob("*.safetensors")),
            files=hashes(folder),
        )
        write_atomically(folder / REPORT, report.model_dump_json(indent=1) + "\n")
    return report


def unequal_config(dense: Any, sizes: str, experts: int | None, top_k: int) -> Any:
    """Return the settings of the mixture that a dense model of the settings ``dense`` becomes.

    Raises:
        ConfigError: as `upcycle_unequal`.
        ModelError: our class does not compute what the dense architecture computes.
    """
    if dense.model_type not in BASES:
        raise ModelError(
            f"models of type {dense.model_type!r} cannot become a mixture of unequal experts; bases of the types "
            f"{', '.join(BASES)} can"
        )
    if strange := beyond(dense):
        raise ModelError(
            f"this {dense.model_type} model has {strange}, which a mixture of unequal experts cannot compute; "
            "choose another base"
        )
    widths = sizes_of(sizes, experts, dense.intermediate_size)
    require_choice(len(widths), top_k)
    register()
    from ..models.heterogeneous.configuration import HeterogeneousConfig

    return HeterogeneousConfig(
        **{name: getattr(dense, name) for name in SHARED},
        sliding_window=getattr(dense, "sliding_window", None),
        num_local_experts=len(widths),
        num_experts_per_tok=top_k,
        expert_sizes=list(widths),
    )


def active_range(model: Any) -> tuple[int, int]:
    """Return how many parameters a token passes through at least and at most, by which experts it goes to."""
    least = most = shared_parameters(model)
    for block in moe_blocks(model):
        each = sorted(expert_parameters(block))
        least += sum(each[: block.top_k])
        most += sum(each[-block.top_k :])
    return least, most


def _state(config: Any, dense: State, noise: float, seed: int) -> dict[str, torch.Tensor]:
    """Return the weights of the mixture by name; all but the experts and routers share the storage of ``dense``."""
    state = {name: tensor for name, tensor in dense.items() if ".mlp." not in name}
    routers = fresh_routers(config, config.num_local_experts, seed)
    for layer, router in enumerate(routers):
        state[f"model.layers.{layer}.mlp.gate.proj.weight"] = router.to(dense["model.embed_tokens.weight"].dtype)
    for number, size in enumerate(config.expert_sizes):
        copy = noisy(dense, noise, seed * 1_000_003 + number)
        state |= dict(_expert(dense, copy, number, size, len(routers)))
    return state


def _expert(dense: State, copy: State, number: int, size: int, layers: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights of one expert: from ``copy`` those of the neurons that are strongest in ``dense``."""
    for layer in range(layers):
        home = f"model.layers.{layer}.mlp."
        taken = strongest(*_matrices(dense, home), size)
        gate, up, down = _matrices(copy, home)
        for part, tensor in zip(PARTS, (gate[taken], up[taken], down[:, taken]), strict=True):
            yield f"{home}experts.{number}.{part}_proj.weight", tensor.contiguous()


def _matrices(state: State, home: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    gate, up, down = (state[f"{home}{part}_proj.weight"] for part in PARTS)
    return gate, up, down
