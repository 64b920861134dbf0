"""The decoder in compiled C++: packs a transformers model's weights and runs whole forward passes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from ...records import Weights
from ..adapters import Adapter
from ..architecture import EXPERTS, ROUTER, SHARED, SHARED_GATE, Architecture, angles, prefix
from ..choosing import Asked
from ..pages import SLAB_PAGES
from .batch import MOST_OUTPUTS, MOST_TOKENS, Batch
from .compiling import library
from .rounding import GROUP, rounded

FORMATS: tuple[Weights, ...] = ("float32", "bfloat16", "int8", "int4")
QKV, OUT, GATE_UP, DOWN, HEAD, ROUTES = range(6)
NO_EXPERT = -1
BEFORE_ATTENTION, BEFORE_MLP, QUERY, KEY, LAST, AFTER_ATTENTION, AFTER_MLP = range(7)
ATTENDING = {  # slot: the weights it is packed from
    QKV: ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    OUT: ("self_attn.o_proj",),
}
DENSE = {GATE_UP: ("mlp.gate_proj", "mlp.up_proj"), DOWN: ("mlp.down_proj",)}
BESIDE_EXPERTS = {GATE_UP: SHARED[:2], DOWN: SHARED[2:]}
VECTORS = {BEFORE_ATTENTION: "input_layernorm", QUERY: "self_attn.q_norm", KEY: "self_attn.k_norm"}
AFTER_VECTORS = {AFTER_ATTENTION: "post_attention_layernorm", AFTER_MLP: "post_feedforward_layernorm"}
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
    "experts",
    "active",
    "normalized",
    "shared",
)
REALS = ("epsilon", "embedding_scale", "attention_scale", "clip", "score_cap", "logit_cap")


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
    """Weights in panels, as the kernels read them; the vectors of the norms and the embedding stay float32.

    With int8 and int4 the activations are rounded too, for products of whole numbers. ``exact``: they are not; the same
    rounded weights are multiplied in float32, which shows what that adds.
    """

    def __init__(
        self,
        model: Any,
        shape: Architecture,
        weights: Weights = "float32",
        tier: str = "native",
        *,
        exact: bool = False,
    ) -> None:
        self.shape = shape
        self.weights = weights
        self.tier = tier
        self.exact = exact
        self.source = model.state_dict()
        self.adapter: Adapter | None = None
        self._bytes: dict[tuple[int, int, int], int] = {}
        self._beside_bytes: dict[tuple[int, int], int] = {}
        self.c = library(tier)
        self.c.srm_create.restype = ctypes.c_void_p
        numbers = {name: getattr(shape, name) for name in ("layers", "hidden", "heads", "kv_heads", "head_width")}
        made = _Shape(
            **numbers,
            inner=_widest(shape),
            vocabulary=shape.vocabulary,
            activation=0 if shape.activation == "silu" else 1,
            most_tokens=MOST_TOKENS,
            per_slab=SLAB_PAGES,
            epsilon=shape.epsilon,
            embedding_scale=shape.embedding_scale,
            attention_scale=shape.attention_scale,
            clip=shape.clip,
            score_cap=shape.score_cap,
            logit_cap=shape.logit_cap,
            **_mixture(shape),
        )
        self.handle = ctypes.c_void_p(self.c.srm_create(ctypes.byref(made)))
        panel = self.c.srm_panel()
        self.logits = torch.empty(MOST_OUTPUTS, -(-shape.vocabulary // panel) * panel)
        self._angles = angles(model, shape)
        for layer, (window, rotates) in enumerate(zip(shape.windows, shape.rotates, strict=True)):
            self.c.srm_layer(self.handle, layer, window, int(rotates), shape.turn(layer))
        self.update(set(self.source))

    def __del__(self) -> None:
        if "handle" in self.__dict__:
            self.c.srm_free(self.handle)

    @property
    def size(self) -> int:
        """The bytes of all matrices, the scales of int8 and int4 among them, and of the adapter that stands beside."""
        return sum(self._bytes.values()) + sum(self._beside_bytes.values())

    def update(self, names: set[str]) -> None:
        """Pack the weights ``names``, and those that stand in one matrix with them, anew."""
        if "model.embed_tokens.weight" in names:
            self._embedding = self._float("model.embed_tokens.weight")
            tables = (self._embedding, *self._angles)
            addresses = (ctypes.c_void_p(t.data_ptr()) for t in tables)
            self.c.srm_tables(self.handle, *addresses, self.shape.context, len(self._angles[0]))
        for layer, slot, parts in self._matrices():
            if any(f"{part}.{kind}" in names for part in parts for kind in ("weight", "bias")):
                self._pack(layer, slot, parts)
        for layer in range(self.shape.layers):
            if self.shape.sparse(layer):
                self._update_experts(layer, names)
            after = AFTER_VECTORS if self.shape.after_norms else {}
            for which, name in {**VECTORS, BEFORE_MLP: self.shape.before_inner, **after}.items():
                self._norm(layer, which, f"{prefix(layer)}{name}.weight", names)
        self._norm(0, LAST, "model.norm.weight", names)

    def adapt(self, adapter: Adapter | None) -> None:
        """Put an adapter on, instead of the one before; None takes it off. The base is not touched.

        In float32 the matrices it belongs to are packed anew, base plus adapter. Beside rounded weights it stands by
        itself, in float32: what was learned may be less than a step of theirs.
        """
        before = self.adapter.names if self.adapter else set()
        self.adapter = adapter
        names = before | (adapter.names if adapter else set())
        if self.weights == "float32":
            self.update(names)
            return
        for layer, slot, parts in self._matrices():
            if any(f"{part}.weight" in names for part in parts):
                self._put_beside(layer, slot, parts)
        self.update(
            {name for name in names if name.endswith(f"{SHARED_GATE}.weight")}
        )  # kept exactly: base plus adapter

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

    def _matrices(self) -> Iterator[tuple[int, int, list[str]]]:
        """Yield layer, slot and the names of the linear layers each matrix is packed from, those of experts apart."""
        for layer in range(self.shape.layers):
            for slot, parts in self._slots(layer).items():
                yield layer, slot, [prefix(layer) + part for part in parts]
        yield 0, HEAD, ["lm_head"]

    def _slots(self, layer: int) -> dict[int, tuple[str, ...]]:
        """Return what each matrix of a layer is packed from, its experts apart."""
        if not self.shape.sparse(layer):
            return {**ATTENDING, **DENSE}
        return {**ATTENDING, **(BESIDE_EXPERTS if self.shape.experts and self.shape.experts.shared else {})}

    def _update_experts(self, layer: int, names: set[str]) -> None:
        router, gate, gate_up, down = (prefix(layer) + part for part in (ROUTER, SHARED_GATE, *EXPERTS))
        if names & {router, f"{gate}.weight"}:
            shared = [self._adapted(gate)] if f"{gate}.weight" in self.source else []
            self._packed(layer, ROUTES, NO_EXPERT, [self._float(router), *shared], None)
        for expert in range(self.shape.experts.count if self.shape.experts else 0):
            if gate_up in names:
                self._packed(layer, GATE_UP, expert, self._float(gate_up, expert).chunk(2), None)
            if down in names:
                self._packed(layer, DOWN, expert, [self._float(down, expert)], None)

    def _pack(self, layer: int, slot: int, parts: Sequence[str]) -> None:
        beside = self.weights != "float32"
        weights = [self._float(f"{part}.weight") if beside else self._adapted(part) for part in parts]
        biases = [self.source.get(f"{part}.bias") for part in parts]
        bias = torch.cat([b.float() for b in biases if b is not None]).contiguous() if biases[0] is not None else None
        self._packed(layer, slot, NO_EXPERT, weights, bias)

    def _put_beside(self, layer: int, slot: int, names: Sequence[str]) -> None:
        """Hand over what the adapter adds to the parts of one matrix; where it adds nothing, nothing stays there."""
        found = [self.adapter.parts.get(name) if self.adapter else None for name in names]
        halves = [(part.down, (part.up * part.scale).contiguous()) if part else None for part in found]
        self._beside_bytes[layer, slot] = sum(4 * tensor.numel() for half in halves if half for tensor in half)
        several = ctypes.c_void_p * len(names)
        numbers = ctypes.c_int32 * len(names)
        shapes = [self.source[f"{name}.weight"].shape for name in names]
        self.c.srm_beside(
            self.handle,
            layer,
            slot,
            len(names),
            several(*(half and half[0].data_ptr() for half in halves)),
            several(*(half and half[1].data_ptr() for half in halves)),
            numbers(*(shape[0] for shape in shapes)),
            numbers(*(len(half[0]) if half else 0 for half in halves)),
            shapes[0][1],
        )

    def _form(self, slot: int) -> Weights:
        """Return how a matrix is kept: routers exactly (which expert!), the output head in no less than 8 bits."""
        if slot == ROUTES:
            return "float32"
        return "int8" if slot == HEAD and self.weights == "int4" else self.weights

    def _packed(
        self, layer: int, slot: int, expert: int, weights: Sequence[torch.Tensor], bias: torch.Tensor | None
    ) -> None:
        """Hand over the rows of one matrix, (outputs, inputs) in contiguous float32, in parts."""
        form = self._form(slot)
        if self.exact:
            weights, form = [rounded(form, w).contiguous() for w in weights], "float32"
        addresses = (ctypes.c_void_p * len(weights))(*(w.data_ptr() for w in weights))
        rows = (ctypes.c_int32 * len(weights))(*(len(w) for w in weights))
        self._bytes[layer, slot, expert] = sum(map(len, weights)) * row_bytes(form, weights[0].shape[1])
        self.c.srm_matrix(
            self.handle,
            layer,
            slot,
            expert,
            FORMATS.index(form),
            len(weights),
            addresses,
            rows,
            weights[0].shape[1],
            ctypes.c_void_p(bias.data_ptr() if bias is not None else None),
            torch.get_num_threads(),
        )

    def _adapted(self, part: str) -> torch.Tensor:
        """Return the weights of a linear layer with what the adapter adds."""
        weight = self._float(f"{part}.weight")
        added = self.adapter.parts.get(part) if self.adapter else None
        return weight if added is None else (weight + added.delta()).contiguous()

    def _norm(self, layer: int, which: int, name: str, names: set[str]) -> None:
        if name in names:
            weight = (self._float(name) + self.shape.norm_offset).contiguous()
            self.c.srm_norm(self.handle, layer, which, ctypes.c_void_p(weight.data_ptr()), len(weight))

    def _float(self, name: str, expert: int | None = None) -> torch.Tensor:
        tensor: torch.Tensor = self.source[name].detach()
        return (tensor if expert is None else tensor[expert]).float().contiguous()


def row_bytes(form: Weights, inputs: int) -> int:
    """Return the bytes of one output row: int8 with its scale, int4 with a scale and a least value for each group."""
    if form == "int4":
        return -(-inputs // GROUP) * (GROUP // 2 + 4)
    return {"float32": 4 * inputs, "bfloat16": 2 * inputs, "int8": inputs + 4}[form]


def _widest(shape: Architecture) -> int:
    """Return the largest inner width: of the dense layers, an expert, or the shared one."""
    experts = shape.experts
    return max(shape.inner, experts.inner, experts.shared) if experts else shape.inner


def _mixture(shape: Architecture) -> dict[str, int]:
    experts = shape.experts
    if experts is None:
        return {}
    return {
        "experts": experts.count,
        "active": experts.active,
        "normalized": int(experts.normalized),
        "shared": int(experts.shared > 0),
    }
