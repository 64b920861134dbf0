"""The decoder in compiled C++: packs a transformers model's weights and runs whole forward passes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ...records import Weights
from ..architecture import Architecture, angles, prefix
from ..choosing import Asked
from ..pages import SLAB_PAGES
from .batch import MOST_OUTPUTS, MOST_TOKENS, Batch
from .compiling import library

FORMATS: tuple[Weights, ...] = ("float32", "bfloat16", "int8")
QKV, OUT, GATE_UP, DOWN, HEAD = range(5)
BEFORE_ATTENTION, BEFORE_MLP, QUERY, KEY, LAST = range(5)
MATRICES = {  # slot: the weights it is packed from
    QKV: ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    OUT: ("self_attn.o_proj",),
    GATE_UP: ("mlp.gate_proj", "mlp.up_proj"),
    DOWN: ("mlp.down_proj",),
}
VECTORS = {
    BEFORE_ATTENTION: "input_layernorm",
    BEFORE_MLP: "post_attention_layernorm",
    QUERY: "self_attn.q_norm",
    KEY: "self_attn.k_norm",
}
INTEGERS = (
    "layers",
    "hidden",
    "heads",
    "kv_heads",
    "head_width",
    "inner",
    "vocabulary",
    "activation",
    "most_tokens",
    "per_slab",
)
REALS = ("epsilon", "embedding_scale", "attention_scale")


class _Shape(ctypes.Structure):
    _fields_ = [*((name, ctypes.c_int32) for name in INTEGERS), *((name, ctypes.c_float) for name in REALS)]


class _Batch(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("tokens", "outputs", "table_width")),
        *((name, ctypes.c_void_p) for name in ("ids", "positions", "sequence", "tables", "output_rows", "slabs")),
        ("logits", ctypes.c_void_p),
        ("logits_stride", ctypes.c_int64),
    ]


class CompiledDecoder:
    """Weights in panels, as the kernels read them; the vectors of the norms and the embedding stay float32."""

    def __init__(self, model: Any, shape: Architecture, weights: Weights = "float32", tier: str = "native") -> None:
        self.shape = shape
        self.format = FORMATS.index(weights)
        self.source = model.state_dict()
        self._bytes: dict[tuple[int, int], int] = {}
        self.c = library(tier)
        self.c.srm_create.restype = ctypes.c_void_p
        numbers = {name: getattr(shape, name) for name in ("layers", "hidden", "heads", "kv_heads", "head_width")}
        made = _Shape(
            **numbers,
            inner=shape.inner,
            vocabulary=shape.vocabulary,
            activation=0 if shape.activation == "silu" else 1,
            most_tokens=MOST_TOKENS,
            per_slab=SLAB_PAGES,
            epsilon=shape.epsilon,
            embedding_scale=shape.embedding_scale,
            attention_scale=shape.attention_scale,
        )
        self.handle = ctypes.c_void_p(self.c.srm_create(ctypes.byref(made)))
        panel = self.c.srm_panel()
        self.logits = torch.empty(MOST_OUTPUTS, -(-shape.vocabulary // panel) * panel)
        self._angles = angles(model, shape)
        for layer, (window, rotates) in enumerate(zip(shape.windows, shape.rotates, strict=True)):
            self.c.srm_layer(self.handle, layer, window, int(rotates))
        self.update(set(self.source))

    def __del__(self) -> None:
        if "handle" in self.__dict__:
            self.c.srm_free(self.handle)

    @property
    def size(self) -> int:
        """The bytes of all matrices, the scales of int8 among them."""
        return sum(self._bytes.values())

    def update(self, names: set[str]) -> None:
        """Pack the weights ``names``, and those that stand in one matrix with them, anew."""
        if "model.embed_tokens.weight" in names:
            self._embedding = self._float("model.embed_tokens.weight")
            tables = (self._embedding, *self._angles)
            self.c.srm_tables(self.handle, *(ctypes.c_void_p(t.data_ptr()) for t in tables), self.shape.context)
        for layer in range(self.shape.layers):
            for slot, parts in MATRICES.items():
                whole = [prefix(layer) + part for part in parts]
                if any(f"{part}.{kind}" in names for part in whole for kind in ("weight", "bias")):
                    self._pack(layer, slot, whole)
            for which, name in VECTORS.items():
                self._norm(layer, which, f"{prefix(layer)}{name}.weight", names)
        self._norm(0, LAST, "model.norm.weight", names)
        if "lm_head.weight" in names:
            self._pack(0, HEAD, ["lm_head"])

    def forward(self, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        """Return the logits (O, V), valid until the next pass."""
        tokens, outputs = len(batch.ids), len(batch.outputs)
        assert max(tokens - MOST_TOKENS, outputs - MOST_OUTPUTS) <= 0, "the scheduler cuts batches to size"
        arrays = (batch.ids, batch.positions, batch.sequence, batch.tables, batch.outputs)
        assert all(a.dtype == np.int32 and a.flags.c_contiguous for a in arrays)
        addresses = (ctypes.c_void_p * len(slabs))(*(slab.data_ptr() for slab in slabs))
        given = _Batch(
            tokens,
            outputs,
            batch.tables.shape[1],
            *(a.ctypes.data for a in arrays),
            ctypes.addressof(addresses),
            self.logits.data_ptr(),
            self.logits.shape[1],
        )
        self.c.srm_forward(self.handle, ctypes.byref(given), torch.get_num_threads())
        return self.logits[:outputs, : self.shape.vocabulary]

    def choose(self, logits_RV: torch.Tensor, asked: Asked) -> tuple[list[int], list[float]]:
        """Return the token of each row and its log-probability."""
        rows = len(logits_RV)
        tokens, logprobs = np.empty(rows, np.int32), np.empty(rows, np.float32)
        arrays = (asked.temperature, asked.top_p, asked.uniform, asked.forced, tokens, logprobs)
        self.c.srm_choose(
            ctypes.c_void_p(logits_RV.data_ptr()),
            ctypes.c_int64(logits_RV.stride(0)),
            rows,
            self.shape.vocabulary,
            *(ctypes.c_void_p(a.ctypes.data) for a in arrays),
            torch.get_num_threads(),
        )
        return tokens.tolist(), logprobs.tolist()

    def _pack(self, layer: int, slot: int, parts: Sequence[str]) -> None:
        weights = [self._float(f"{part}.weight") for part in parts]
        biases = [self.source.get(f"{part}.bias") for part in parts]
        bias = torch.cat([b.float() for b in biases if b is not None]).contiguous() if biases[0] is not None else None
        addresses = (ctypes.c_void_p * len(weights))(*(w.data_ptr() for w in weights))
        rows = (ctypes.c_int32 * len(weights))(*(len(w) for w in weights))
        a_number = (4, 2, 1)[self.format]
        scales = 4 * sum(rows) if self.format == FORMATS.index("int8") else 0
        self._bytes[layer, slot] = a_number * sum(w.numel() for w in weights) + scales
        self.c.srm_matrix(
            self.handle,
            layer,
            slot,
            self.format,
            len(weights),
            addresses,
            rows,
            weights[0].shape[1],
            ctypes.c_void_p(bias.data_ptr() if bias is not None else None),
            torch.get_num_threads(),
        )

    def _norm(self, layer: int, which: int, name: str, names: set[str]) -> None:
        if name in names:
            weight = (self._float(name) + self.shape.norm_offset).contiguous()
            self.c.srm_norm(self.handle, layer, which, ctypes.c_void_p(weight.data_ptr()), len(weight))

    def _float(self, name: str) -> torch.Tensor:
        tensor: torch.Tensor = self.source[name].detach().float().contiguous()
        return tensor
