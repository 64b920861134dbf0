"""Models with int8 and int4 weights: what transformers computes with the same rounding, alone as in any company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from srm_core.config import AuditPolicy
from srm_core.errors import ModelError
from srm_core.inference.architecture import architecture_of
from srm_core.inference.engines import ROUNDED, VARIABLE, engine_for, error_of
from srm_core.inference.kernels import reference
from srm_core.inference.kernels.compiled import CompiledDecoder
from srm_core.inference.kernels.reference import ReferenceDecoder
from srm_core.inference.kernels.rounding import rounded, rounded_rows
from srm_core.inference.paged import PagedEngine
from srm_core.inference.pages import PagePool
from srm_core.records import Sampling, Weights

from .test_architectures import _batch, _logits, model_of
from .test_engine import _prompt

WHOLE: tuple[Weights, ...] = ("int8", "int4")


def rounding(model: Any, weights: Weights) -> None:
    """Make transformers compute with rounded weights (the head in 8 bits) and rounded inputs of every linear layer."""
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())  # the embedding is not rounded
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear):
            form = "int8" if name == "lm_head" else weights
            with torch.no_grad():
                layer.weight.copy_(rounded(form, layer.weight))
            layer.register_forward_pre_hook(lambda _, given: (rounded_rows(given[0].flatten(0, -2)).view_as(given[0]),))


def errors_of(decoder: Any, model: Any) -> list[float]:
    """Return the largest difference of a logit from transformers' of each token of a text, as a share of their spread."""
    ids = np.arange(40, dtype=np.int32) * 13 % 131
    pool = PagePool(decoder.shape)
    ours = decoder.forward(_batch(ids, 0, np.array([[pool.take() for _ in range(3)]], np.int32)), pool.slabs)
    with torch.no_grad():
        theirs = model(torch.from_numpy(ids).long()[None]).logits[0]
    return ((ours - theirs).abs().amax(-1) / theirs.std()).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("tier", ["native", "portable"])
@pytest.mark.parametrize("weights", WHOLE)
@pytest.mark.parametrize("name", ["llama-untied", "qwen2", "qwen3", "smollm3", "gemma2"])
def test_a_rounded_model_is_what_transformers_computes_with_the_same_rounding(
    name: str, weights: Weights, tier: str
) -> None:
    model = model_of(name)
    shape = architecture_of(model)
    decoder = CompiledDecoder(model, shape, weights, tier)
    assert min(errors_of(decoder, model)) > 0.01
    rounding(model, weights)
    off = sorted(errors_of(decoder, model))
    # an activation halfway between two steps may fall to either side, and then some tokens differ by what a step makes
    assert off[len(off) // 2] < 1e-5
    assert off[-1] < 0.1


def rounded_mixed(
    y: torch.Tensor,
    shares: torch.Tensor,
    chosen: torch.Tensor,
    gate_up: torch.Tensor,
    down: torch.Tensor,
    activated: Any,
) -> torch.Tensor:
    """Do what `mixed` does, token by token, with rounded inputs of every product."""
    made = torch.zeros_like(y)
    for token, experts in enumerate(chosen.tolist()):
        for place, expert in enumerate(experts):
            gate, up = (rounded_rows(y[token : token + 1]) @ gate_up[expert].T).chunk(2, dim=-1)
            made[token] += shares[token, place] * (rounded_rows(activated(gate) * up) @ down[expert].T)[0]
    return made


@pytest.mark.parametrize("tier", ["native", "portable"])
@pytest.mark.parametrize("weights", WHOLE)
@pytest.mark.parametrize("name", ["mixtral", "qwen2-moe", "olmoe"])
def test_a_rounded_mixture_is_what_the_reference_computes_with_the_same_rounding(
    name: str, weights: Weights, tier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(name)
    shape = architecture_of(model)
    decoder, wanted = CompiledDecoder(model, shape, weights, tier), ReferenceDecoder(model, shape)
    for part, tensor in wanted.weights.items():
        kept = tensor.dim() == 1 or part.endswith(("mlp.gate.weight", "expert_gate.weight", "embed_tokens.weight"))
        form = "int8" if part == "lm_head.weight" else weights
        if not kept:
            wanted.weights[part] = rounded(form, tensor.flatten(0, -2)).view_as(tensor)
    linear = ReferenceDecoder._linear

    def rounding_rows(self: ReferenceDecoder, x: torch.Tensor, name: str) -> torch.Tensor:
        exact = name.endswith("shared_expert_gate")  # as the router
        return linear(self, x if exact else rounded_rows(x), name)

    monkeypatch.setattr(ReferenceDecoder, "_linear", rounding_rows)
    monkeypatch.setattr(reference, "mixed", rounded_mixed)
    # texts without a common beginning: an activation halfway between two steps is felt in its own text alone
    ids = [(np.arange(n, dtype=np.int32) + 5 * n) * 13 % 131 for n in range(1, 24)]
    pairs = zip(_logits(decoder, ids), _logits(wanted, ids), strict=True)
    off = sorted(float((ours - theirs).abs().max() / theirs.std()) for ours, theirs in pairs)
    assert off[len(off) // 2] < 1e-5
    assert off[-1] < 0.5  # or another expert is chosen


@pytest.mark.parametrize("weights", WHOLE)
@pytest.mark.parametrize("name", ["llama", "mistral", "gemma2", "mixtral", "qwen2-moe", "olmoe"])
def test_a_token_is_computed_the_same_alone_and_in_any_company(name: str, weights: Weights) -> None:
    model = model_of(name)
    decoder = CompiledDecoder(model, architecture_of(model), weights)
    ids = [np.arange(n, dtype=np.int32) * 13 % 131 for n in (1, 5, 30, 37)]
    alone = [_logits(decoder, [one])[0] for one in ids]
    for ours, theirs in zip(_logits(decoder, ids), alone, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("tier", ["native", "portable"])
@pytest.mark.parametrize("weights", WHOLE)
def test_answers_are_the_same_alone_and_in_a_batch(
    weights: Weights, tier: str, small_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, tier)
    monkeypatch.setitem(ROUNDED, "int4", 2.0)  # of a random model 4 bits leave little; what follows holds all the same
    engine = engine_for("small", small_model.model, small_model.tokenizer, weights)
    assert isinstance(engine, PagedEngine)
    prompts = [_prompt(small_model.tokenizer, number) for number in range(9)]
    settings = Sampling(n=2, max_tokens=12, temperature=1.0, seed=5)
    together = engine.generate(prompts, settings)
    assert [engine.generate([prompt], settings)[0] for prompt in prompts] == together


def test_a_model_of_which_rounding_leaves_too_little_is_refused(small_model: Any) -> None:
    # a student whose base was published in 4 bits: what it learned is less than half a step, and was rounded away
    with pytest.raises(ModelError, match=r"small: with int4 weights its logits are off by .* take int8, or bfloat16"):
        engine_for("small", small_model.model, small_model.tokenizer, "int4")


@pytest.mark.parametrize("name", ["llama", "qwen2-moe"])
def test_int4_matrices_take_five_bits_a_weight_and_the_head_eight(name: str) -> None:
    model = model_of(name)
    shape = architecture_of(model)
    sizes = {form: CompiledDecoder(model, shape, form).size for form in ("float32", "int4")}
    head = shape.vocabulary * (shape.hidden + 4)
    router = shape.layers * 7 * shape.hidden * 4 if shape.experts else 0  # six experts and the gate of the shared one
    inner = sizes["int4"] - head - router
    whole = sizes["float32"] - 4 * shape.vocabulary * shape.hidden - router
    filled = {48: 64, 100: 128, 36: 64, 120: 128}  # inputs: to whole groups of 32
    assert inner / whole < 5 / 32 * max(to / of for of, to in filled.items())
    assert inner / whole > 5 / 32


def test_products_with_exact_activations_show_what_rounding_them_adds() -> None:
    model = model_of("llama")
    shape = architecture_of(model)
    for weights in WHOLE:
        ours, exact = (CompiledDecoder(model, shape, weights, exact=exact) for exact in (False, True))
        by_weights, by_both = error_of(exact, model, shape), error_of(ours, model, shape)
        assert by_weights > 0.01
        ids = [np.arange(37, dtype=np.int32) * 13 % 131]
        off = (_logits(ours, ids)[0] - _logits(exact, ids)[0]).abs().max() / _logits(exact, ids)[0].std()
        assert 1e-4 < off < max(0.05, by_both)


def test_other_weights_are_refused_by_name(srm: Any) -> None:
    with pytest.raises(ValidationError, match="'float32', 'bfloat16', 'int8' or 'int4'"):
        AuditPolicy(weights="int3")
    for command in ("quantize", "ask", "serve"):
        refused = srm(command, "first", *(["?"] if command == "ask" else []), "--weights", "int3")
        assert refused.returncode == 2
        assert "'int3' is not one of 'float32', 'bfloat16', 'int8', 'int4'" in refused.stderr
