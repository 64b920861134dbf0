"""What the engine knows of a model: its shape and the names of its weights, read from a transformers model.

A model with anything that is not listed here is refused with the reason, and transformers itself generates instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

GEMMA = ("gemma", "gemma2", "gemma3_text")
DENSE = ("llama", "mistral", "qwen2", "qwen3", "smollm3", *GEMMA)
SPARSE = ("mixtral", "qwen2_moe", "qwen3_moe", "olmoe")
ACTIVATIONS: Mapping[str, Literal["silu", "gelu_tanh"]] = {"silu": "silu", "gelu_pytorch_tanh": "gelu_tanh"}
ROTARY = ("default", "linear", "llama3", "yarn")  # one fixed table of angles for every length


class Unknown(Exception):
    """The engine does not know this kind of model; the message says what it does not know."""


@dataclass(frozen=True)
class Experts:
    """The mixture of experts that stands for the inner part of some layers. Widths are in floats.

    A token goes through the ``active`` experts of ``count`` that the router prefers; their shares are the router's
    softmax over all experts, ``normalized``: divided by their sum. ``shared`` is the width of one more expert that
    every token goes through, times the sigmoid of a gate; 0 if there is none.
    """

    count: int
    active: int
    inner: int
    normalized: bool
    shared: int
    layers: tuple[bool, ...]  # which layers have them


@dataclass(frozen=True)
class Architecture:
    """The shape of a decoder. Widths are in floats; a window of 0 sees everything before it."""

    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_width: int
    inner: int
    vocabulary: int
    context: int
    epsilon: float
    activation: Literal["silu", "gelu_tanh"]
    embedding_scale: float
    norm_offset: float  # added to the weights of every norm (Gemma: 1)
    windows: tuple[int, ...]
    rotates: tuple[bool, ...]
    wide_norms: bool = False  # norms of queries and keys go over all heads at once (OLMoE), not head by head
    clip: float = 0.0  # queries, keys and values are held within plus and minus this (OLMoE); 0 leaves them
    experts: Experts | None = None
    turns: tuple[int, ...] = ()  # which table of `angles` each layer turns by; empty: all by the first
    query_scalar: float = 0.0  # scores are divided by its root; 0: the width of a head
    score_cap: float = 0.0  # scores and logits are held within plus and minus these, by tanh (Gemma 2); 0 leaves them
    logit_cap: float = 0.0
    after_norms: bool = False  # norms also after attention and after the inner part (Gemma 2 and 3)

    @property
    def before_inner(self) -> str:
        """The name of the norm before the inner part of a layer."""
        return "pre_feedforward_layernorm" if self.after_norms else "post_attention_layernorm"

    def turn(self, layer: int) -> int:
        """Return which table of `angles` a layer turns by."""
        return self.turns[layer] if self.turns else 0

    def sparse(self, layer: int) -> bool:
        """Whether a layer has experts."""
        return self.experts is not None and self.experts.layers[layer]

    @property
    def attention_scale(self) -> float:
        """The factor of the scores, 1 / sqrt(width of a head) in most models."""
        return 1.0 / math.sqrt(self.query_scalar or self.head_width)


def architecture_of(model: Any) -> Architecture:
    """Return the shape of a transformers causal language model.

    Raises:
        Unknown: the kind of model, or something in its settings or weights, is none the engine computes.
    """
    config = getattr(model, "config", None)
    kind = getattr(config, "model_type", None)
    if kind not in (*DENSE, *SPARSE):
        raise Unknown(f"models of type {kind!r}")
    assert config is not None
    activation = getattr(config, "hidden_activation", None) or config.hidden_act
    if activation not in ACTIVATIONS:
        raise Unknown(f"the activation {activation!r}")
    _check_rotary(getattr(config, "rope_parameters", None) or {})
    if getattr(config, "use_bidirectional_attention", None):
        raise Unknown("attention in both directions")
    layers = config.num_hidden_layers
    there = model.state_dict()
    found = Architecture(
        layers=layers,
        hidden=config.hidden_size,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
        head_width=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        inner=config.intermediate_size,
        vocabulary=config.vocab_size,
        context=config.max_position_embeddings,
        epsilon=config.rms_norm_eps,
        activation=ACTIVATIONS[activation],
        embedding_scale=math.sqrt(config.hidden_size) if kind in GEMMA else 1.0,
        norm_offset=1.0 if kind in GEMMA else 0.0,
        windows=_windows(config, layers),
        rotates=tuple(bool(x) for x in getattr(config, "no_rope_layers", None) or [1] * layers),
        wide_norms=kind == "olmoe",
        clip=getattr(config, "clip_qkv", None) or 0.0,
        experts=_experts(config, kind, there) if kind in SPARSE else None,
        turns=_turns(config),
        query_scalar=float(getattr(config, "query_pre_attn_scalar", None) or 0.0),
        score_cap=getattr(config, "attn_logit_softcapping", None) or 0.0,
        logit_cap=getattr(config, "final_logit_softcapping", None) or 0.0,
        after_norms=kind in GEMMA[1:],
    )
    strange = sorted(set(there) - set(weight_names(found, there)))
    if strange:
        raise Unknown(f"the weights {', '.join(strange[:3])}")
    return found


def _check_rotary(parameters: Mapping[str, Any]) -> None:
    for each in [p for p in parameters.values() if isinstance(p, Mapping)] or [parameters]:
        if each.get("rope_type", "default") not in ROTARY:
            raise Unknown(f"rotary embeddings of type {each['rope_type']!r}")
        if each.get("partial_rotary_factor", 1.0) != 1.0:
            raise Unknown("rotary embeddings of a part of each head")


def _turns(config: Any) -> tuple[int, ...]:
    """Return the table of angles of each layer, where kinds of layers turn differently (Gemma 3)."""
    kinds = _rotary_kinds(config)
    return tuple(kinds.index(kind) for kind in config.layer_types) if kinds else ()


def _rotary_kinds(config: Any) -> list[str]:
    parameters = getattr(config, "rope_parameters", None) or {}
    return sorted(kind for kind in set(getattr(config, "layer_types", None) or ()) if kind in parameters)


def _experts(config: Any, kind: str, there: Mapping[str, Any]) -> Experts:
    return Experts(
        count=config.num_experts,
        active=config.num_experts_per_tok,
        inner=getattr(config, "moe_intermediate_size", None) or config.intermediate_size,
        normalized=kind == "mixtral" or config.norm_topk_prob,
        shared=config.shared_expert_intermediate_size if kind == "qwen2_moe" else 0,
        layers=tuple(f"{prefix(i)}{EXPERTS[0]}" in there for i in range(config.num_hidden_layers)),
    )


def _windows(config: Any, layers: int) -> tuple[int, ...]:
    window = getattr(config, "sliding_window", None) or 0
    if not getattr(config, "use_sliding_window", True):
        window = 0
    kinds = getattr(config, "layer_types", None) or (["sliding_attention"] * layers)
    return tuple(window if kind == "sliding_attention" else 0 for kind in kinds)


def weight_names(shape: Architecture, there: Mapping[str, Any]) -> list[str]:
    """Return the names of the weights the engine reads, as transformers spells them; optional ones if ``there``."""
    names = ["model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"]
    for layer in range(shape.layers):
        names += [f"{prefix(layer)}{part}.weight" for part in (*NORMS, *ATTENTION)]
        names += [f"{prefix(layer)}{part}.weight" for part in INNER_NORMS if shape.after_norms]
        names += [prefix(layer) + part for part in inner_names(shape, layer)]
        optional = [f"self_attn.{x}_proj.bias" for x in "qkv"] + ["self_attn.q_norm.weight", "self_attn.k_norm.weight"]
        names += [prefix(layer) + part for part in optional if prefix(layer) + part in there]
    return names


def inner_names(shape: Architecture, layer: int) -> list[str]:
    """Return the names, after the layer's `prefix`, of the weights behind its second norm."""
    if not shape.sparse(layer):
        return [f"{part}.weight" for part in DENSE_INNER]
    assert shape.experts is not None
    shared = [f"{part}.weight" for part in (*SHARED, SHARED_GATE)] if shape.experts.shared else []
    return [ROUTER, *EXPERTS, *shared]


NORMS = ("input_layernorm", "post_attention_layernorm")
INNER_NORMS = ("pre_feedforward_layernorm", "post_feedforward_layernorm")
ATTENTION = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj")
DENSE_INNER = ("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")
ROUTER = "mlp.gate.weight"  # (E, hidden)
EXPERTS = ("mlp.experts.gate_up_proj", "mlp.experts.down_proj")  # (E, 2 inner, hidden) and (E, hidden, inner)
SHARED = ("mlp.shared_expert.gate_proj", "mlp.shared_expert.up_proj", "mlp.shared_expert.down_proj")
SHARED_GATE = "mlp.shared_expert_gate"  # (1, hidden)


def prefix(layer: int) -> str:
    """Return how the names of a layer's weights begin."""
    return f"model.layers.{layer}."


def angles(model: Any, shape: Architecture) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosine and sine of every position, (tables, context, head width / 2), as the model itself computes them.

    There is one table for all layers, or one for each kind of layer.
    """
    positions = torch.arange(shape.context)[None]
    nothing, half = torch.zeros(1, 1, shape.hidden), shape.head_width // 2
    kinds = _rotary_kinds(model.config)
    given: list[tuple[str, ...]] = [(kind,) for kind in kinds] or [()]
    found = [model.model.rotary_emb(nothing, positions, *kind) for kind in given]
    for cosine, _ in found:
        if cosine.shape[-1] != shape.head_width or not torch.equal(cosine[..., :half], cosine[..., half:]):
            raise Unknown("rotary embeddings of this form")
    cosines, sines = (torch.cat([pair[side][:, :, :half] for pair in found]).float().contiguous() for side in (0, 1))
    return cosines, sines
