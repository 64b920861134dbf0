"""The MoE class that computes what a dense architecture computes, and a model of it put together from dense weights.

Llama and Mistral become Mixtral, Qwen3 becomes Qwen3-MoE: attention and norms are the same there, and the weights of
the chosen experts can be made to sum to one.
"""

# N experts, D hidden width, I inner width

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..errors import ConfigError, ModelError

State = Mapping[str, torch.Tensor]
TARGETS = {"llama": "mixtral", "mistral": "mixtral", "qwen3": "qwen3_moe"}
SHARED = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "head_dim",
    "hidden_act",
    "max_position_embeddings",
    "initializer_range",
    "rms_norm_eps",
    "attention_dropout",
    "rope_parameters",
    "tie_word_embeddings",
    "pad_token_id",
    "bos_token_id",
    "eos_token_id",
)


def moe_config(dense: Any, experts: int, top_k: int) -> Any:
    """Return the settings of the MoE with ``experts`` copies of the dense feed-forward, ``top_k`` of them a token.

    The weights of the chosen experts are normalised to sum to one.

    Raises:
        ConfigError: not 1 <= top_k <= experts, or fewer than two experts.
        ModelError: no MoE class of transformers computes what the dense architecture computes.
    """
    from transformers import AutoConfig

    require_choice(experts, top_k)
    kind = dense.model_type
    if kind not in TARGETS:
        raise ModelError(
            f"models of type {kind!r} cannot become a mixture of experts here; bases of the types "
            f"{', '.join(TARGETS)} can, because a MoE class of transformers computes the same attention"
        )
    if strange := beyond(dense):
        raise ModelError(f"this {kind} model has {strange}, which {TARGETS[kind]} cannot compute; choose another base")
    fields = {name: getattr(dense, name) for name in SHARED}
    if TARGETS[kind] == "mixtral":
        fields |= {"num_local_experts": experts, "sliding_window": getattr(dense, "sliding_window", None)}
    else:
        fields |= {
            "num_experts": experts,
            "moe_intermediate_size": dense.intermediate_size,
            "norm_topk_prob": True,
            "decoder_sparse_step": 1,
            "attention_bias": dense.attention_bias,
        }
    return AutoConfig.for_model(TARGETS[kind], **fields, num_experts_per_tok=top_k)


def require_choice(experts: int, top_k: int) -> None:
    """Raise `ConfigError` if a token cannot go to ``top_k`` of ``experts`` experts, or there are fewer than two."""
    if experts < 2:
        raise ConfigError(f"{experts} expert(s): a mixture needs at least two")
    if not 1 <= top_k <= experts:
        raise ConfigError(f"top-k {top_k} of {experts} experts: a token goes to 1 to {experts} of them")


def beyond(dense: Any) -> str:
    """Return what a dense model has that its MoE class has not, or nothing."""
    if dense.model_type != "qwen3" and getattr(dense, "attention_bias", False):
        return "biases in its attention"
    if getattr(dense, "mlp_bias", False):
        return "biases in its feed-forward"
    if "sliding_attention" in (getattr(dense, "layer_types", None) or []) and dense.model_type == "qwen3":
        return "layers with a sliding window"
    return ""


def assembled(config: Any, shared: State, experts: Sequence[State], routers: Sequence[torch.Tensor]) -> Any:
    """Return the MoE model of ``config``, expert e made of ``experts[e]``, all but the feed-forward of ``shared``.

    ``shared`` and ``experts`` are states of dense models, ``routers`` one matrix (N, D) a layer. The model shares its
    storage with ``shared``, keeps its dtype, and is meant to be written, not run: tables of rotary angles are not made.

    Raises:
        ModelError: a weight is missing, is one too many, or has another shape.
    """
    state = {name: tensor for name, tensor in shared.items() if ".mlp." not in name}
    for layer, router in enumerate(routers):
        home = f"model.layers.{layer}.mlp."
        gates, ups, downs = (
            [dense[f"{home}{part}_proj.weight"] for dense in experts] for part in ("gate", "up", "down")
        )
        state[f"{home}gate.weight"] = router.to(gates[0].dtype)
        state[f"{home}experts.gate_up_proj"] = torch.stack([torch.cat(pair) for pair in zip(gates, ups, strict=True)])
        state[f"{home}experts.down_proj"] = torch.stack(downs)
    return holding(config, state)


def holding(config: Any, state: State) -> Any:
    """Return the model of ``config`` with the weights in ``state``, sharing their storage; it is meant to be written.

    Raises:
        ModelError: a weight is missing, is one too many, or has another shape.
    """
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=state["model.embed_tokens.weight"].dtype)
    try:
        model.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise ModelError(f"the weights do not fit a {config.model_type} model: {_second_line(error)}") from None
    model.tie_weights()
    return model


def fresh_routers(config: Any, experts: int, seed: int) -> list[torch.Tensor]:
    """Return a random router (N, D) for each layer, normal with the standard deviation the model starts with."""
    draw = torch.Generator().manual_seed(seed)
    shape = (experts, config.hidden_size)
    return [torch.randn(shape, generator=draw) * config.initializer_range for _ in range(config.num_hidden_layers)]


def _second_line(error: Exception) -> str:
    return " ".join(str(error).split("\n")[1:2]).strip() or str(error)
