"""Mixtures of experts: routed as transformers routes, and answered alike in every tier, alone and in company."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.inference.architecture import architecture_of
from srm_core.inference.engines import decoder_for, error_of
from srm_core.inference.kernels.compiled import CompiledDecoder
from srm_core.inference.kernels.mixture import mixed, routed
from srm_core.inference.kernels.rounding import rounded
from srm_core.records import Sampling

from .test_architectures import KINDS, MIXTURES, SMALL, model_of
from .test_equality import engine_of, equality, prompts_of

LENGTHS = (1, 3, 15, 16, 17, 40, 90)


@pytest.mark.parametrize("tier", ["native", "reference", "transformers"])
@pytest.mark.parametrize("name", MIXTURES)
def test_a_mixture_answers_as_transformers_does_alone_and_in_a_batch(name: str, tier: str, small_model: Any) -> None:
    model = model_of(name)
    engine = engine_of(model, small_model.tokenizer, tier)
    prompts = prompts_of(LENGTHS, SMALL["vocab_size"])
    greedy = Sampling(max_tokens=6, calculator=False)
    together = [c for (c,) in engine.generate(prompts, greedy)]
    found = equality.summary([equality.agreement(model, completion) for completion in together])
    assert (found["wrong"], found["within_bound"]) == (0, len(LENGTHS))
    for prompt, completion in zip(prompts, together, strict=True):
        (alone,) = engine.generate([prompt], greedy)[0]
        assert alone.token_ids == completion.token_ids
        assert alone.logprobs == pytest.approx(completion.logprobs, abs=1e-4)
    scores = engine.score(prompts[:3], [c.token_ids for c in together[:3]])
    assert [s for row in scores for s in row] == pytest.approx([p for c in together[:3] for p in c.logprobs], abs=1e-4)


def test_samples_of_a_mixture_depend_on_their_seed_alone(small_model: Any) -> None:
    engine = engine_of(model_of("qwen3-moe"), small_model.tokenizer)
    prompts = prompts_of((5, 9, 30), SMALL["vocab_size"])
    settings = Sampling(n=3, max_tokens=8, temperature=1.0, seed=2)
    together = engine.generate(prompts, settings)
    assert [engine.generate([prompt], settings)[0] for prompt in prompts] == together
    assert len({c.token_ids for cs in together for c in cs}) == 9


def rounded_as(weights: str, tensor: torch.Tensor) -> torch.Tensor:
    """Round a matrix (..., outputs, inputs): to bfloat16, to 255 steps of a scale for each output, or to int4."""
    if weights == "bfloat16":
        return tensor.bfloat16().float()
    if weights == "int4":
        return rounded("int4", tensor.flatten(0, -2)).view_as(tensor)
    scale = tensor.abs().amax(dim=-1, keepdim=True) / 127
    return (tensor / scale).round() * scale


@pytest.mark.parametrize("name", ["olmoe", "qwen2-moe"])
@pytest.mark.parametrize(("weights", "share"), [("bfloat16", 0.52), ("int8", 0.30), ("int4", 0.28)])
def test_experts_of_lower_precision_are_the_rounded_ones_and_routers_are_not_rounded(
    name: str, weights: Any, share: float
) -> None:
    model = model_of(name)
    model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())  # the embedding is not rounded
    shape = architecture_of(model)
    ours, exact = CompiledDecoder(model, shape, weights), CompiledDecoder(model, shape)
    of_rounded = CompiledDecoder(model, shape, weights, exact=True)
    assert ours.size < share * exact.size + sum(
        4 * m.weight.numel() for m in model.modules() if "Router" in str(type(m))
    )
    with torch.no_grad():
        for part, tensor in model.named_parameters():
            kept = tensor.dim() == 1 or part.endswith(("mlp.gate.weight", "expert_gate.weight", "embed_tokens.weight"))
            head = "int8" if part == "lm_head.weight" and weights == "int4" else weights
            tensor.copy_(tensor if kept else rounded_as(head, tensor))
    assert error_of(exact, model, shape) > 1e-3
    assert error_of(of_rounded, model, shape) < 5e-5
    if weights == "bfloat16":  # with the others activations are rounded too: test_rounded_models.py
        assert error_of(ours, model, shape) < 5e-5


@pytest.mark.parametrize(
    "part", ["mlp.gate.weight", "mlp.experts.gate_up_proj", "mlp.experts.down_proj", "mlp.shared_expert_gate.weight"]
)
def test_updated_experts_and_routers_are_used(part: str) -> None:
    model = model_of("qwen2-moe")
    decoder = decoder_for(model)
    assert isinstance(decoder, CompiledDecoder)
    with torch.no_grad():
        model.state_dict()[f"model.layers.1.{part}"].mul_(-2)
    assert error_of(decoder, model, decoder.shape) > 1e-3
    decoder.update({f"model.layers.1.{part}"})
    assert error_of(decoder, model, decoder.shape) < 2e-5


def test_which_layers_have_experts_is_read_off_the_weights() -> None:
    experts = architecture_of(model_of("qwen3-moe-and-dense-layers")).experts
    assert experts is not None
    assert experts.layers == (True, False, True)
    assert (experts.count, experts.active, experts.inner, experts.normalized, experts.shared) == (4, 4, 148, False, 0)
    shared = architecture_of(model_of("qwen2-moe")).experts
    assert shared is not None
    assert shared.shared == KINDS["qwen2-moe"][1]["shared_expert_intermediate_size"]
    assert architecture_of(model_of("llama")).experts is None


# ---- by hand


def test_shares_are_the_softmax_over_all_experts_or_over_the_chosen_ones() -> None:
    logits = torch.tensor([[1.0, 5.0, 2.0]]).log()  # of eight parts: 1/8, 5/8, 2/8
    shares, chosen = routed(logits, 2, normalized=False)
    assert chosen.tolist() == [[1, 2]]
    assert shares[0].tolist() == pytest.approx([5 / 8, 2 / 8])
    assert routed(logits, 2, normalized=True)[0][0].tolist() == pytest.approx([5 / 7, 2 / 7])


def test_what_the_experts_say_is_added_by_their_shares() -> None:
    gate_up = torch.tensor([[[1.0], [2.0]], [[3.0], [-1.0]], [[0.5], [4.0]]])  # three experts: gate and up of width 1
    down = torch.tensor([[[1.0]], [[2.0]], [[-1.0]]])
    y = torch.tensor([[2.0], [-1.0]])
    shares, chosen = torch.tensor([[0.75, 0.25], [1.0, 0.0]]), torch.tensor([[0, 2], [1, 0]])
    made = mixed(y, shares, chosen, gate_up, down, lambda x: x)
    first = 0.75 * (1 * (1 * 2) * (2 * 2)) + 0.25 * (-1 * (0.5 * 2) * (4 * 2))
    second = 1.0 * (2 * (3 * -1) * (-1 * -1)) + 0.0
    assert made[:, 0].tolist() == pytest.approx([first, second])
