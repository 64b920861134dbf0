"""Where the routers and experts of a model are: Mixtral, Qwen3-MoE, OLMoE, and our own class of unequal experts.

The three of transformers keep their experts fused: ``gate_up_proj`` (N, 2I, D) and ``down_proj`` (N, D, I), one slice
an expert; ours are linear layers of their own. All are dropless: every choice of a router is computed.
"""

# N experts, K experts a token, D hidden width, I inner width of an expert

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import ModelError
from ...models.heterogeneous import HETEROGENEOUS

MATRICES = ("gate_up_proj", "down_proj")
FAMILIES = {"mixtral": "MixtralTopKRouter", "qwen3_moe": "Qwen3MoeTopKRouter", "olmoe": "OlmoeTopKRouter"}
WATCHED = (*FAMILIES, HETEROGENEOUS)  # whose routers are looked at and balanced
ROUTERS = (*FAMILIES.values(), "HeterogeneousRouter")


@dataclass(frozen=True)
class Block:
    """One sparse layer: its number in the model, its dotted name, its router and its experts (modules).

    ``experts`` is one module of a family of transformers, and a list of modules in our own class.
    """

    layer: int
    name: str
    router: Any
    experts: Any

    @property
    def size(self) -> int:
        """The number of experts."""
        return int(self.router.num_experts)

    @property
    def top_k(self) -> int:
        """How many experts a token is sent to."""
        return int(self.router.top_k)

    @property
    def fused(self) -> bool:
        """Whether the experts are slices of the tensors of `MATRICES`."""
        return type(self.router).__name__ != "HeterogeneousRouter"


def moe_blocks(model: Any) -> list[Block]:
    """Return the sparse layers of ``model``, in order. Under adapters the routers are the base's, the experts adapted.

    Raises:
        ModelError: there are none (the model is dense), or they are of a class not listed in `ROUTERS`.
    """
    parts = dict(model.named_modules())
    found = []
    for name, module in parts.items():
        if type(module).__name__ in ROUTERS:
            home = name.removesuffix(".base_layer").rpartition(".")[0]
            layer = int(next(part for part in home.split(".") if part.isdecimal()))
            found.append(Block(layer, home, module, parts[f"{home}.experts"]))
    if not found:
        kind = getattr(getattr(model, "config", None), "model_type", type(model).__name__)
        raise ModelError(
            f"a model of type {kind!r} has no routers of the classes {', '.join(ROUTERS)}; "
            "make experts of a dense Llama or Qwen3 model with `srm moe upcycle`"
        )
    return found
