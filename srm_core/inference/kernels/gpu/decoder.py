"""`TritonDecoder`: whole forward passes over pages on a GPU; dense products are torch's own, the rest is fused here."""

# N tokens, H heads, K key/value heads, D head width, X hidden width, O outputs, V vocabulary

from __future__ import annotations

from typing import Any

import torch

from ...adapters import Adapter, Part
from ...architecture import ATTENTION, DENSE_INNER, EXPERTS, ROUTER, SHARED_GATE, Architecture, angles, prefix
from ...choosing import Asked, choose
from ...pages import BLOCK, PagePool
from ..batch import Batch
from ..compiling import NoKernels
from ..mixture import routed
from .device_batch import DeviceBatch, SlabAddresses, is_decode, on_device
from .four_bit import FourBit, packed
from .graphs import SIZES, DecodeGraphs
from .language import missing
from .operations import KERNELS, Operations


class TritonDecoder:
    """A transformers model's weights where they lie, computed with in their own precision, or in ``dtype``.

    With ``four_bit`` the linear layers are held in 4 bits, the embedding, the head and the router are not. Decode steps
    are replayed as CUDA graphs on a CUDA device. ``operations`` are the kernels, or their plain torch for tests.

    Raises:
        NoKernels: there is no Triton, or no device it computes on.
    """

    def __init__(
        self,
        model: Any,
        shape: Architecture,
        *,
        dtype: torch.dtype | None = None,
        four_bit: bool = False,
        operations: Operations = KERNELS,
    ) -> None:
        first = next(model.parameters())
        self.shape, self.device, self.dtype = shape, first.device, dtype or first.dtype
        self.operations = operations
        if operations is KERNELS and (reason := missing(self.device)):
            raise NoKernels(reason)
        if four_bit and shape.experts:
            raise NoKernels("experts are not held in 4 bits yet")
        self.source = model.state_dict()
        self.four_bit = four_bit
        self.adapter: Adapter | None = None
        self.held: dict[str, torch.Tensor | FourBit] = {}
        cosines, sines = angles(model, shape)
        self.angles = (cosines.to(self.device), sines.to(self.device))
        self.addresses = SlabAddresses(self.device, self.dtype)
        width = -(-shape.context // BLOCK)
        self.graphs = DecodeGraphs(self._run, width, self.addresses) if self.device.type == "cuda" else None
        self.update(set(self.source))

    @property
    def size(self) -> int:
        """The bytes of all weights as they are held."""
        return sum(part.numel() * part.element_size() for weight in self.held.values() for part in _tensors(weight))

    def pool(self) -> PagePool:
        """Return a pool whose pages lie where this decoder computes."""
        return PagePool(self.shape, self.device, self.dtype)

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew, to where the old ones are; what is no copy is read where it lies anyway."""
        for name in names & set(self.source):
            weight = self.source[name].detach()
            layer = name.removesuffix(".weight").partition("layers.")[2].partition(".")[2]
            rounds = self.four_bit and layer in (*ATTENTION, *DENSE_INNER)
            new = packed(weight) if rounds else weight.to(self.dtype).contiguous()
            for old, part in zip(_tensors(self.held.setdefault(name, new)), _tensors(new), strict=True):
                if old.data_ptr() != part.data_ptr():
                    old.copy_(part)

    def adapt(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        self.adapter = adapter and Adapter(
            adapter.ref,
            {n: Part(p.down.to(self.device), p.up.to(self.device), p.scale) for n, p in adapter.parts.items()},
        )
        if self.graphs is not None:
            self.graphs.forget()

    def choose(self, logits_RV: torch.Tensor, asked: Asked) -> tuple[list[int], list[float]]:
        """Return the token of each row and its log-probability."""
        return choose(logits_RV, asked)

    @torch.inference_mode()
    def forward(self, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        """Return the logits (O, V) in float32, on the device, valid until the next pass."""
        if self.graphs is not None and len(batch.ids) <= SIZES[-1] and is_decode(batch):
            return self.graphs.logits(batch, slabs)
        return self._run(on_device(batch, self.shape.heads // self.shape.kv_heads, slabs, self.addresses))

    def _run(self, batch: DeviceBatch) -> torch.Tensor:
        shape = self.shape
        x = self._weight("model.embed_tokens.weight")[batch.ids] * shape.embedding_scale
        x, y = self._norm(x, f"{prefix(0)}input_layernorm")
        for layer in range(shape.layers):
            name = prefix(layer)
            made = self._attention(y, layer, batch)
            if shape.after_norms:
                made = self._norm(made, f"{name}post_attention_layernorm")[1]
            x, y = self._norm(x, f"{name}{shape.before_inner}", made)
            made = self._mixture(y, name) if shape.sparse(layer) else self._dense(y, f"{name}mlp.")
            if shape.after_norms:
                made = self._norm(made, f"{name}post_feedforward_layernorm")[1]
            following = f"{prefix(layer + 1)}input_layernorm" if layer + 1 < shape.layers else "model.norm"
            x, y = self._norm(x, following, made)
        logits_OV = self._linear(y[batch.outputs], "lm_head").float()
        return shape.logit_cap * torch.tanh(logits_OV / shape.logit_cap) if shape.logit_cap else logits_OV

    def _attention(self, y: torch.Tensor, layer: int, batch: DeviceBatch) -> torch.Tensor:
        shape, name = self.shape, f"{prefix(layer)}self_attn."
        q_NHD = self._heads(y, f"{name}q_", shape.heads)
        k_NKD = self._heads(y, f"{name}k_", shape.kv_heads)
        v_NKD = self._heads(y, f"{name}v_", shape.kv_heads)
        turns = (self.angles[0][shape.turn(layer)], self.angles[1][shape.turn(layer)])
        q_NHD = self.operations.placed(q_NHD, k_NKD, v_NKD, turns, batch, layer, shape)
        mixed = self.operations.attended(q_NHD, batch, layer, shape)
        return self._linear(mixed.flatten(1), f"{name}o_proj")

    def _heads(self, y: torch.Tensor, name: str, heads: int) -> torch.Tensor:
        x = self._linear(y, f"{name}proj")
        x_NHD = x.view(len(y), heads, self.shape.head_width)
        if f"{name}norm.weight" in self.held:
            x_NHD = self._norm(x if self.shape.wide_norms else x_NHD, f"{name}norm")[1].view_as(x_NHD)
        return x_NHD

    def _dense(self, y: torch.Tensor, name: str) -> torch.Tensor:
        gate, up = self._linear(y, f"{name}gate_proj"), self._linear(y, f"{name}up_proj")
        return self._linear(self.operations.gated(gate, up, self._gelu), f"{name}down_proj")

    def _mixture(self, y: torch.Tensor, name: str) -> torch.Tensor:
        experts = self.shape.experts
        assert experts is not None
        logits_NE = y.float() @ self._weight(name + ROUTER).float().T
        shares_NA, chosen_NA = routed(logits_NE, experts.active, experts.normalized)
        gate_up, down = (self._weight(name + part) for part in EXPERTS)
        found = self.operations.mixed(y, shares_NA, chosen_NA, gate_up, down, self._gelu)
        if not experts.shared:
            return found
        gate_N1 = y.float() @ self._weight(f"{name}{SHARED_GATE}.weight").float().T
        gate_N1 = torch.sigmoid(self._adapted(y, gate_N1, name + SHARED_GATE)).to(y.dtype)
        return found + gate_N1 * self._dense(y, f"{name}mlp.shared_expert.")

    def _norm(self, x: torch.Tensor, name: str, made: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        weight = self._weight(f"{name}.weight")
        return self.operations.normed(x, weight, self.shape.epsilon, self.shape.norm_offset, made)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        weight, bias = self.held[f"{name}.weight"], self.held.get(f"{name}.bias")
        linear = torch.nn.functional.linear
        y = self.operations.product(x, weight) if isinstance(weight, FourBit) else linear(x, weight)
        if isinstance(bias, torch.Tensor):
            y = y + bias
        return self._adapted(x, y, name)

    def _adapted(self, x: torch.Tensor, y: torch.Tensor, name: str) -> torch.Tensor:
        """Return ``y``, what a linear layer made of ``x``, with what the adapter adds."""
        part = self.adapter.parts.get(name) if self.adapter else None
        return y if part is None else y + part.added(x).to(y.dtype)

    def _weight(self, name: str) -> torch.Tensor:
        weight = self.held[name]
        assert isinstance(weight, torch.Tensor)
        return weight

    @property
    def _gelu(self) -> bool:
        return self.shape.activation != "silu"


def _tensors(weight: torch.Tensor | FourBit) -> tuple[torch.Tensor, ...]:
    return (weight.packed, weight.scales) if isinstance(weight, FourBit) else (weight,)
