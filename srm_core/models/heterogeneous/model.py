"""The decoder: Mixtral of transformers, attention and norms and all, with unequal experts in its layers."""

from __future__ import annotations

from torch import nn
from transformers.models.mixtral.modeling_mixtral import (
    MixtralAttention,
    MixtralDecoderLayer,
    MixtralForCausalLM,
    MixtralModel,
    MixtralRMSNorm,
    MixtralRotaryEmbedding,
)
from transformers.utils.output_capturing import OutputRecorder

from .configuration import HeterogeneousConfig
from .experts import HeterogeneousBlock, HeterogeneousRouter


class HeterogeneousLayer(MixtralDecoderLayer):  # type: ignore[misc]
    """A layer of Mixtral with a sparse block of unequal experts."""

    def __init__(self, config: HeterogeneousConfig, layer_idx: int) -> None:
        super().__init__(config, layer_idx)
        self.mlp = HeterogeneousBlock(config)


RECORDED = {
    "router_logits": OutputRecorder(HeterogeneousRouter, index=0),
    "hidden_states": HeterogeneousLayer,
    "attentions": MixtralAttention,
}


class HeterogeneousModel(MixtralModel):  # type: ignore[misc]
    """The decoder without its head."""

    config_class = HeterogeneousConfig
    _no_split_modules = ["HeterogeneousLayer"]
    _can_record_outputs = RECORDED

    def __init__(self, config: HeterogeneousConfig) -> None:
        super(MixtralModel, self).__init__(config)  # not Mixtral's own: it would make its own layers first
        self.padding_idx = config.pad_token_id
        self.vocab_size = config.vocab_size
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, self.padding_idx)
        self.layers = nn.ModuleList(HeterogeneousLayer(config, number) for number in range(config.num_hidden_layers))
        self.norm = MixtralRMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.rotary_emb = MixtralRotaryEmbedding(config=config)
        self.gradient_checkpointing = False
        self.post_init()


class HeterogeneousForCausalLM(MixtralForCausalLM):  # type: ignore[misc]
    """The causal language model."""

    config_class = HeterogeneousConfig
    _no_split_modules = ["HeterogeneousLayer"]
    _can_record_outputs = RECORDED

    def __init__(self, config: HeterogeneousConfig) -> None:
        super(MixtralForCausalLM, self).__init__(config)
        self.model = HeterogeneousModel(config)
        self.vocab_size = config.vocab_size
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.router_aux_loss_coef = config.router_aux_loss_coef
        self.num_experts = config.num_local_experts
        self.num_experts_per_tok = config.num_experts_per_tok
        self.post_init()
