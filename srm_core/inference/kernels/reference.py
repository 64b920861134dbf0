"""The decoder in plain torch, operation by operation: what the compiled kernels are tested against."""

# N tokens, H heads, K key/value heads, D head width, T positions seen, V vocabulary

from __future__ import annotations

from typing import Any

import torch

from ..architecture import Architecture, angles, prefix
from ..choosing import Asked, choose
from ..pages import BLOCK, SLAB_PAGES, padded_width
from .batch import Batch


class ReferenceDecoder:
    """Computes in float32 with the weights of a transformers model, from where they lie."""

    def __init__(self, model: Any, shape: Architecture) -> None:
        self.shape = shape
        self.weights = model.state_dict()
        self.cosine, self.sine = angles(model, shape)

    def update(self, names: set[str]) -> None:
        """Do nothing: the weights are read where they lie."""

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
            x = x + self._attention(self._norm(x, f"{name}input_layernorm"), layer, batch, slabs)
            y = self._norm(x, f"{name}post_attention_layernorm")
            gate, up = self._linear(y, f"{name}mlp.gate_proj"), self._linear(y, f"{name}mlp.up_proj")
            x = x + self._linear(self._activated(gate) * up, f"{name}mlp.down_proj")
        last = self._norm(x[torch.from_numpy(batch.outputs).long()], "model.norm")
        return last @ self._weight("lm_head.weight").T

    def _attention(self, y: torch.Tensor, layer: int, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        shape, name = self.shape, f"{prefix(layer)}self_attn."
        q_NHD = self._heads(y, f"{name}q_", layer, batch, shape.heads)
        k_NKD = self._heads(y, f"{name}k_", layer, batch, shape.kv_heads)
        v_NKD = self._linear(y, f"{name}v_proj").view(len(y), shape.kv_heads, shape.head_width)
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
            share_KGT = torch.softmax(q_KGD @ k_KDT * shape.attention_scale, dim=-1)
            mixed[i] = (share_KGT @ v_KTD).reshape(shape.heads, shape.head_width)
        return self._linear(mixed.flatten(1), f"{name}o_proj")

    def _heads(self, y: torch.Tensor, name: str, layer: int, batch: Batch, heads: int) -> torch.Tensor:
        x_NHD = self._linear(y, f"{name}proj").view(len(y), heads, self.shape.head_width)
        if f"{name}norm.weight" in self.weights:
            x_NHD = self._norm(x_NHD, f"{name}norm")
        if not self.shape.rotates[layer]:
            return x_NHD
        positions = torch.from_numpy(batch.positions).long()
        cosine, sine = self.cosine[positions][:, None], self.sine[positions][:, None]
        a, b = x_NHD.chunk(2, dim=-1)
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1)

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.shape.epsilon)
        return x * scale * (self._weight(f"{name}.weight") + self.shape.norm_offset)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        y = x @ self._weight(f"{name}.weight").T
        return y + self._weight(f"{name}.bias") if f"{name}.bias" in self.weights else y

    def _activated(self, x: torch.Tensor) -> torch.Tensor:
        functional = torch.nn.functional
        return functional.silu(x) if self.shape.activation == "silu" else functional.gelu(x, approximate="tanh")

    def _weight(self, name: str) -> torch.Tensor:
        weight: torch.Tensor = self.weights[name].float()
        return weight


class _Side:
    """The keys (side 0: (K, D, BLOCK)) or values (side 1: (K, BLOCK, D)) of one layer, page by page."""

    def __init__(self, shape: Architecture, slabs: list[torch.Tensor], layer: int, side: int) -> None:
        self.slabs, self.layer, self.side = slabs, layer, side
        width = padded_width(shape)
        self.form = (shape.kv_heads, width, BLOCK) if side == 0 else (shape.kv_heads, BLOCK, width)

    def at(self, page: int) -> torch.Tensor:
        whole = self.slabs[page // SLAB_PAGES][self.layer, page % SLAB_PAGES]
        return whole.view(2, -1)[self.side].view(self.form)
