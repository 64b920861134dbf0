"""A dense model becomes a mixture of experts. After: Komatsuzaki et al. 2022 (sparse upcycling), section 3.

Every expert starts as a copy of the dense feed-forward, everything else is taken over, the router is new. The weights
of a token's experts sum to one, so without noise the mixture computes what the dense model computes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError, ModelError
from ..models.heterogeneous.registering import register_for
from ..models.load import Checkpoint, load_weights, locate
from ..records import Value
from ..store import hashes, write_atomically
from .architecture import State, assembled, fresh_routers, moe_config
from .publishing import published, require_new, write_checkpoint

REPORT = "upcycled.json"


class Upcycled(Value):
    """How an upcycled checkpoint was made, and what it holds."""

    base: str
    experts: int
    top_k: int
    noise: float
    seed: int
    parameters: int  # all
    active: int  # that one token passes through
    bytes: int  # of the weight files
    files: dict[str, str]  # sha256 by name


def upcycle(base: str, out: Path, *, experts: int, top_k: int, noise: float = 0.0, seed: int = 0) -> Upcycled:
    """Write ``base`` (a reference that `locate` understands) as a mixture of ``experts`` into the new folder ``out``.

    ``noise`` is the standard deviation of what is added to each expert's matrices, as a share of the matrix's own
    (0: none). The folder loads with ``AutoModelForCausalLM``, and as the base ``dir:OUT`` of a build.

    Raises:
        ConfigError: ``out`` exists, not 1 <= top_k <= experts, fewer than two experts, or negative noise.
        ModelError: the base cannot be had, or its architecture has no MoE class that computes the same.
    """
    require_new(out)
    require_share(noise)
    checkpoint = source_of(base)
    settings = config_in(checkpoint.folder)
    config = moe_config(settings, experts, top_k)  # refused before any weight is read
    dense = load_weights(checkpoint.folder, "auto").to("cpu").state_dict()
    copies = [noisy(dense, noise, seed * 1_000_003 + number) for number in range(experts)]
    model = assembled(config, dense, copies, fresh_routers(config, experts, seed))
    with published(out) as folder:
        write_checkpoint(model, checkpoint.folder, folder)
        total, active = parameter_counts(model)
        report = Upcycled(
            base=base,
            experts=experts,
            top_k=top_k,
            noise=noise,
            seed=seed,
            parameters=total,
            active=active,
            bytes=sum(file.stat().st_size for file in folder.glob("*.safetensors")),
            files=hashes(folder),
        )
        write_atomically(folder / REPORT, report.model_dump_json(indent=1) + "\n")
    return report


def require_share(noise: float) -> None:
    """Raise `ConfigError` for negative noise."""
    if noise < 0:
        raise ConfigError(f"noise {noise} is negative; it is a share of each matrix's standard deviation, e.g. 0.1")


def source_of(base: str) -> Checkpoint:
    """Return the checkpoint of a dense base; raises `ModelError` if it cannot be had."""
    checkpoint = locate(base)
    if checkpoint is None:
        raise ModelError(f"{base}: upcycling needs weights; give a folder, embedded:, hf: or tiny:")
    return checkpoint


def parameter_counts(model: Any) -> tuple[int, int]:
    """Return how many parameters a MoE model has, and how many of them one token passes through."""
    from ..training.experts.active import expert_parameters
    from ..training.experts.blocks import moe_blocks

    total = sum(tensor.numel() for tensor in model.parameters())
    idle = 0
    for block in moe_blocks(model):
        idle += sum(expert_parameters(block)[block.top_k :])
    return total, total - idle


def noisy(dense: State, noise: float, seed: int) -> State:
    """Return the feed-forward matrices, each with Gaussian noise of ``noise`` times its standard deviation."""
    own = {name: tensor for name, tensor in dense.items() if ".mlp." in name}
    if not noise:
        return own
    draw = torch.Generator().manual_seed(seed)
    return {name: _shaken(tensor, noise, draw) for name, tensor in own.items()}


def _shaken(tensor: torch.Tensor, noise: float, draw: torch.Generator) -> torch.Tensor:
    wide = tensor.float()
    return (wide + noise * wide.std() * torch.randn(wide.shape, generator=draw)).to(tensor.dtype)


def config_in(folder: Path) -> Any:
    """Return the transformers settings of the checkpoint in ``folder``; raises `ModelError` if they cannot be read."""
    from transformers import AutoConfig

    register_for(folder)  # so that one of ours is refused by its type
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"the settings in {folder} cannot be read: {str(error).splitlines()[0]}") from None
