"""Every kind of model the engine knows is computed as transformers computes it; any other is refused with the reason."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from srm_core.inference.architecture import Unknown, architecture_of
from srm_core.inference.engines import TOLERANCE, decoder_for, engine_for, error_of
from srm_core.inference.kernels.batch import Batch
from srm_core.inference.kernels.compiled import FORMATS, CompiledDecoder
from srm_core.inference.kernels.reference import ReferenceDecoder
from srm_core.inference.padded import PaddedEngine
from srm_core.inference.pages import PagePool

SMALL: dict[str, Any] = {
    "vocab_size": 131,
    "hidden_size": 48,
    "intermediate_size": 100,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "llama-one-head": ("Llama", {"num_attention_heads": 1, "num_key_value_heads": 1, "head_dim": 48}),
    "llama-no-groups": ("Llama", {"num_key_value_heads": 6}),
    "llama-wide-group": ("Llama", {"hidden_size": 140, "num_attention_heads": 7, "num_key_value_heads": 1}),
    "llama-wide-head": ("Llama", {"num_attention_heads": 2, "head_dim": 128}),
    "llama-untied": ("Llama", {"tie_word_embeddings": False}),
    "llama3-angles": (
        "Llama",
        {
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 10000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            }
        },
    ),
    "mistral": ("Mistral", {"sliding_window": 9}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 16}),
    "smollm3": ("SmolLM3", {"no_rope_layers": [1, 0, 1], "pad_token_id": 0}),
    "gemma": ("Gemma", {"head_dim": 16}),
    "gemma2": (
        "Gemma2",
        {
            "head_dim": 16,
            "query_pre_attn_scalar": 24,
            "sliding_window": 9,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
        },
    ),
    "gemma3": (
        "Gemma3Text",
        {
            "head_dim": 16,
            "query_pre_attn_scalar": 30,
            "sliding_window": 9,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
        },
    ),
    "mixtral": ("Mixtral", {"num_local_experts": 5, "num_experts_per_tok": 2}),
    "mixtral-window": ("Mixtral", {"num_local_experts": 3, "num_experts_per_tok": 1, "sliding_window": 9}),
    "qwen2-moe": (
        "Qwen2Moe",
        {
            "num_experts": 6,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 36,
            "shared_expert_intermediate_size": 120,
        },
    ),
    "qwen3-moe": (
        "Qwen3Moe",
        {
            "num_experts": 7,
            "num_experts_per_tok": 3,
            "moe_intermediate_size": 36,
            "head_dim": 16,
            "norm_topk_prob": True,
        },
    ),
    "qwen3-moe-and-dense-layers": (
        "Qwen3Moe",
        {"num_experts": 4, "num_experts_per_tok": 4, "moe_intermediate_size": 148, "mlp_only_layers": [1]},
    ),
    "olmoe": ("Olmoe", {"num_experts": 8, "num_experts_per_tok": 4}),
    "olmoe-clipped": (
        "Olmoe",
        {"num_experts": 4, "num_experts_per_tok": 2, "norm_topk_prob": True, "clip_qkv": 0.5, "num_key_value_heads": 6},
    ),
}
MIXTURES = tuple(name for name in KINDS if "moe" in name or "mixtral" in name)


def model_of(name: str) -> Any:
    kind, settings = KINDS[name]
    torch.manual_seed(1)
    config = getattr(transformers, f"{kind}Config")(**(SMALL | settings))
    model = getattr(transformers, f"{kind.removesuffix('Text')}ForCausalLM")(config).eval()
    with torch.no_grad():
        for weight in model.parameters():  # norms of one and biases of zero would hide mistakes
            weight.add_(0.1 * torch.randn_like(weight))
    return model


@pytest.mark.parametrize("tier", ["native", "portable", "reference"])
@pytest.mark.parametrize("name", KINDS)
def test_logits_are_those_of_transformers(name: str, tier: str) -> None:
    model = model_of(name)
    decoder = decoder_for(model, tier)
    assert isinstance(decoder, ReferenceDecoder if tier == "reference" else CompiledDecoder)
    assert error_of(decoder, model, decoder.shape) < 2e-5


@pytest.mark.parametrize("name", ["llama", "mistral", "gemma", "gemma2", "gemma3", "mixtral", "qwen2-moe", "olmoe"])
def test_a_token_is_computed_the_same_alone_and_in_any_company(name: str) -> None:
    decoder = decoder_for(model_of(name))
    ids = [np.arange(n, dtype=np.int32) * 13 % 131 for n in (1, 5, 30, 37)]
    alone = [_logits(decoder, [one])[0] for one in ids]
    for ours, theirs in zip(_logits(decoder, ids), alone, strict=True):
        assert torch.equal(ours, theirs)


def test_a_prompt_read_in_pieces_gives_the_same_bits() -> None:
    decoder = decoder_for(
        model_of("qwen3")
    )  # heads of 16 fill their place in a page; nobody writes to what pads others
    ids = np.arange(40, dtype=np.int32) * 13 % 131
    pool = PagePool(decoder.shape)
    tables = np.array([[pool.take() for _ in range(3)]], np.int32)
    whole = decoder.forward(_batch(ids, 0, tables), pool.slabs).clone()
    for slab in pool.slabs:
        slab.fill_(float("nan"))  # what an earlier user left in a page is never looked at
    pieces = [decoder.forward(_batch(ids[a:b], a, tables), pool.slabs).clone() for a, b in ((0, 7), (7, 8), (8, 40))]
    assert torch.equal(torch.cat(pieces), whole)


def _batch(ids: np.ndarray, start: int, tables: np.ndarray) -> Batch:
    places = np.arange(len(ids), dtype=np.int32)
    return Batch(np.ascontiguousarray(ids), places + np.int32(start), np.zeros(len(ids), np.int32), tables, places)


def _logits(decoder: Any, sequences: list[np.ndarray]) -> list[torch.Tensor]:
    """Return the logits of the last token of each sequence, all read in one pass."""
    pool = PagePool(decoder.shape)
    tables = np.array([[pool.take() for _ in range(3)] for _ in sequences], np.int32)
    ends = np.cumsum([len(s) for s in sequences])
    batch = Batch(
        np.concatenate(sequences),
        np.concatenate([np.arange(len(s), dtype=np.int32) for s in sequences]),
        np.concatenate([np.full(len(s), n, np.int32) for n, s in enumerate(sequences)]),
        tables,
        (ends - 1).astype(np.int32),
    )
    return list(decoder.forward(batch, pool.slabs).clone())


@pytest.mark.parametrize(("weights", "bound"), [("bfloat16", 0.06), ("int8", 0.12), ("int4", 1.0)])
def test_lower_precision_stays_within_its_bound(weights: Any, bound: float) -> None:
    model = model_of("llama")
    shape = architecture_of(model)
    exact, rounded = CompiledDecoder(model, shape), CompiledDecoder(model, shape, weights=weights)
    assert weights in FORMATS
    ids = [np.arange(37, dtype=np.int32) * 13 % 131]
    ours, theirs = _logits(rounded, ids)[0], _logits(exact, ids)[0]
    off = float((ours - theirs).abs().max() / theirs.std())
    assert 1e-4 < off < bound


def test_updated_weights_are_used_and_only_then() -> None:
    model = model_of("llama")
    decoder = decoder_for(model)
    name = "model.layers.1.self_attn.k_proj.weight"
    with torch.no_grad():
        model.state_dict()[name].mul_(2)
    assert error_of(decoder, model, decoder.shape) > 1e-3
    decoder.update({name})
    assert error_of(decoder, model, decoder.shape) < 2e-5


def test_what_the_engine_does_not_know_is_refused_with_the_reason() -> None:
    torch.manual_seed(0)
    gpt2 = transformers.GPT2LMHeadModel(transformers.GPT2Config(n_layer=1, n_embd=16, n_head=2, vocab_size=50))
    with pytest.raises(Unknown, match="models of type 'gpt2'"):
        architecture_of(gpt2)
    llama = model_of("llama")
    llama.config.hidden_act = "relu"
    with pytest.raises(Unknown, match="the activation 'relu'"):
        architecture_of(llama)
    biased = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SMALL, mlp_bias=True))
    with pytest.raises(Unknown, match=r"the weights model\.layers\.0\.mlp\.down_proj\.bias"):
        architecture_of(biased)
    partial = model_of("llama")
    partial.config.rope_parameters = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
    with pytest.raises(Unknown, match="rotary embeddings of type 'dynamic'"):
        architecture_of(partial)


def test_a_model_that_would_be_computed_wrongly_is_left_to_transformers(
    small_model: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model = model_of("llama")
    model.model.layers[1].mlp.register_forward_hook(lambda module, given, made: made * 1.01)  # unlike its settings
    with pytest.raises(Unknown, match="its logits are off by"):
        decoder_for(model)
    with caplog.at_level(logging.WARNING):
        engine = engine_for("odd", model, small_model.tokenizer)
    assert isinstance(engine, PaddedEngine)
    assert "odd: the engine does not know this model well enough" in caplog.text
    assert TOLERANCE <= 1e-3
