"""The decoder in plain torch, operation by operation: what the compiled kernels are tested against."""

# N tokens, H heads, K key/value heads, D head width, T positions seen, V vocabulary

from __future__ import annotations

from typing import Any

import torch

from ..adapters import Adapter
from ..architecture import EXPERTS, ROUTER, SHARED_GATE, Architecture, angles, prefix
from ..choosing import Asked, choose
from ..pages import BLOCK, SLAB_PAGES, padded_width
from .batch import Batch
from .mixture import mixed, routed


class ReferenceDecoder:
    """Computes in float32 with the weights of a transformers model, from where they lie."""

    def __init__(self, model: Any, shape: Architecture) -> None:
        self.shape = shape
        self.weights = model.state_dict()
        self.adapter: Adapter | None = None
        self.cosine, self.sine = angles(model, shape)

    def update(self, names: set[str]) -> None:
        """Do nothing: the weights are read where they lie."""

    def adapt(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        self.adapter = adapter

    def choose(self, logits_RV: torch.Tensor, asked: Asked) -> tuple[list[int], list[float]]:
        """Return the token of each row and its log-probability."""
        return choose(logits_RV, asked)

    @torch.inference_mode()
    def forward(self, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        """Return the logits (O, V)."""
        shape = self.shape
        x = self._weight("model.embed_tokens.weight")[torch.from_numpy(batch.ids).long()] * shape.embedding_scale
        for layer in range(shape.layers):
            name = prefix(layer)
            made = self._attention(self._norm(x, f"{name}input_layernorm"), layer, batch, slabs)
            x = x + (self._norm(made, f"{name}post_attention_layernorm") if shape.after_norms else made)
            y = self._norm(x, f"{name}{shape.before_inner}")
            made = self._mixture(y, name) if shape.sparse(layer) else self._dense(y, f"{name}mlp.")
            x = x + (self._norm(made, f"{name}post_feedforward_layernorm") if shape.after_norms else made)
        last = self._norm(x[torch.from_numpy(batch.outputs).long()], "model.norm")
        return _capped(self._linear(last, "lm_head"), shape.logit_cap)

    def _dense(self, y: torch.Tensor, name: str) -> torch.Tensor:
        gate, up = self._linear(y, f"{name}gate_proj"), self._linear(y, f"{name}up_proj")
        return self._linear(self._activated(gate) * up, f"{name}down_proj")

    def _mixture(self, y: torch.Tensor, name: str) -> torch.Tensor:
        experts = self.shape.experts
        assert experts is not None
        shares_NA, chosen_NA = routed(y @ self._weight(name + ROUTER).T, experts.active, experts.normalized)
        gate_up, down = (self.weights[name + part] for part in EXPERTS)
        found = mixed(y, shares_NA, chosen_NA, gate_up, down, self._activated)
        if not experts.shared:
            return found
        gate_N1 = torch.sigmoid(self._linear(y, name + SHARED_GATE))
        return found + gate_N1 * self._dense(y, f"{name}mlp.shared_expert.")

    def _attention(self, y: torch.Tensor, layer: int, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        shape, name = self.shape, f"{prefix(layer)}self_attn."
        q_NHD = self._heads(y, f"{name}q_", layer, batch, shape.heads)
        k_NKD = self._heads(y, f"{name}k_", layer, batch, shape.kv_heads)
        v_NKD = self._clipped(self._linear(y, f"{name}v_proj")).view(len(y), shape.kv_heads, shape.head_width)
        keys, values = _Side(shape, slabs, layer, 0), _Side(shape, slabs, layer, 1)
        for i, (row, position) in enumerate(zip(batch.sequence, batch.positions, strict=True)):
            page = int(batch.tables[row, position // BLOCK])
            keys.at(page)[:, : shape.head_width, position % BLOCK] = k_NKD[i]
            values.at(page)[:, position % BLOCK, : shape.head_width] = v_NKD[i]
        mixed = torch.empty_like(q_NHD)
        group = shape.heads // shape.kv_heads
        for i, (row, position) in enumerate(zip(batch.sequence, batch.positions, strict=True)):
            table = batch.tables[row, : position // BLOCK + 1].tolist()
            seen = slice(max(0, position - shape.windows[layer] + 1) if shape.windows[layer] else 0, position + 1)
            k_KDT = torch.cat([keys.at(page) for page in table], dim=2)[:, : shape.head_width, seen]
            v_KTD = torch.cat([values.at(page) for page in table], dim=1)[:, seen, : shape.head_width]
            q_KGD = q_NHD[i].view(shape.kv_heads, group, shape.head_width)
            share_KGT = torch.softmax(_capped(q_KGD @ k_KDT * shape.attention_scale, shape.score_cap), dim=-1)
            mixed[i] = (share_KGT @ v_KTD).reshape(shape.heads, shape.head_width)
        return self._linear(mixed.flatten(1), f"{name}o_proj")

    def _heads(self, y: torch.Tensor, name: str, layer: int, batch: Batch, heads: int) -> torch.Tensor:
        x_NHD = self._linear(y, f"{name}proj")
        if not self.shape.wide_norms:
            x_NHD = x_NHD.view(len(y), heads, self.shape.head_width)
        if f"{name}norm.weight" in self.weights:
            x_NHD = self._norm(x_NHD, f"{name}norm")
        x_NHD = self._clipped(x_NHD).view(len(y), heads, self.shape.head_width)
        if not self.shape.rotates[layer]:
            return x_NHD
        positions = torch.from_numpy(batch.positions).long()
        cosine, sine = (table[self.shape.turn(layer), positions][:, None] for table in (self.cosine, self.sine))
        a, b = x_NHD.chunk(2, dim=-1)
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1)

    def _clipped(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(-self.shape.clip, self.shape.clip) if self.shape.clip else x

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.shape.epsilon)
        return x * scale * (self._weight(f"{name}.weight") + self.shape.norm_offset)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        y = x @ self._weight(f"{name}.weight").T
        part = self.adapter.parts.get(name) if self.adapter else None
        y = y if part is None else y + part.added(x)
        return y + self._weight(f"{name}.bias") if f"{name}.bias" in self.weights else y

    def _activated(self, x: torch.Tensor) -> torch.Tensor:
        functional = torch.nn.functional
        return functional.silu(x) if self.shape.activation == "silu" else functional.gelu(x, approximate="tanh")

    def _weight(self, name: str) -> torch.Tensor:
        weight: torch.Tensor = self.weights[name].float()
        return weight


def _capped(x: torch.Tensor, cap: float) -> torch.Tensor:
    return cap * torch.tanh(x / cap) if cap else x


class _Side:
    """The keys (side 0: (K, D, BLOCK)) or values (side 1: (K, BLOCK, D)) of one layer, page by page."""

    def __init__(self, shape: Architecture, slabs: list[torch.Tensor], layer: int, side: int) -> None:
        self.slabs, self.layer, self.side = slabs, layer, side
        width = padded_width(shape)
        self.form = (shape.kv_heads, width, BLOCK) if side == 0 else (shape.kv_heads, BLOCK, width)

    def at(self, page: int) -> torch.Tensor:
        whole = self.slabs[page // SLAB_PAGES][self.layer, page % SLAB_PAGES]
        return whole.view(2, -1)[self.side].view(self.form)
