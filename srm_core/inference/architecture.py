"""What the engine knows of a model: its shape and the names of its weights, read from a transformers model.

A model with anything that is not listed here is refused with the reason, and transformers itself generates instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

KNOWN = ("llama", "mistral", "qwen2", "qwen3", "smollm3", "gemma")
ACTIVATIONS: Mapping[str, Literal["silu", "gelu_tanh"]] = {"silu": "silu", "gelu_pytorch_tanh": "gelu_tanh"}
ROTARY = ("default", "linear", "llama3", "yarn")  # one fixed table of angles for every length


class Unknown(Exception):
    """The engine does not know this kind of model; the message says what it does not know."""


@dataclass(frozen=True)
class Architecture:
    """The shape of a dense decoder. Widths are in floats; a window of 0 sees everything before it."""

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

    @property
    def attention_scale(self) -> float:
        """The factor of the scores, 1 / sqrt(width of a head)."""
        return 1.0 / math.sqrt(self.head_width)


def architecture_of(model: Any) -> Architecture:
    """Return the shape of a transformers causal language model.

    Raises:
        Unknown: the kind of model, or something in its settings or weights, is none the engine computes.
    """
    config = getattr(model, "config", None)
    kind = getattr(config, "model_type", None)
    if kind not in KNOWN:
        raise Unknown(f"models of type {kind!r}")
    assert config is not None
    activation = getattr(config, "hidden_activation", None) or config.hidden_act
    if activation not in ACTIVATIONS:
        raise Unknown(f"the activation {activation!r}")
    rotary = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if rotary not in ROTARY:
        raise Unknown(f"rotary embeddings of type {rotary!r}")
    if (getattr(config, "rope_parameters", None) or {}).get("partial_rotary_factor", 1.0) != 1.0:
        raise Unknown("rotary embeddings of a part of each head")
    layers = config.num_hidden_layers
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
        embedding_scale=math.sqrt(config.hidden_size) if kind == "gemma" else 1.0,
        norm_offset=1.0 if kind == "gemma" else 0.0,
        windows=_windows(config, layers),
        rotates=tuple(bool(x) for x in getattr(config, "no_rope_layers", None) or [1] * layers),
    )
    strange = sorted(set(model.state_dict()) - set(weight_names(found, model.state_dict())))
    if strange:
        raise Unknown(f"the weights {', '.join(strange[:3])}")
    return found


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
        names += [f"{prefix(layer)}{part}.weight" for part in (*NORMS, *PROJECTIONS)]
        optional = [f"self_attn.{x}_proj.bias" for x in "qkv"] + ["self_attn.q_norm.weight", "self_attn.k_norm.weight"]
        names += [prefix(layer) + part for part in optional if prefix(layer) + part in there]
    return names


NORMS = ("input_layernorm", "post_attention_layernorm")
PROJECTIONS = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)


def prefix(layer: int) -> str:
    """Return how the names of a layer's weights begin."""
    return f"model.layers.{layer}."


def angles(model: Any, shape: Architecture) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosine and sine of every position, (context, head width / 2), as the model itself computes them."""
    positions = torch.arange(shape.context)[None]
    cosine, sine = model.model.rotary_emb(torch.zeros(1, 1, shape.hidden), positions)
    half = shape.head_width // 2
    if cosine.shape[-1] != shape.head_width or not torch.equal(cosine[..., :half], cosine[..., half:]):
        raise Unknown("rotary embeddings of this form")
    return cosine[0, :, :half].float().contiguous(), sine[0, :, :half].float().contiguous()
