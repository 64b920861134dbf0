"""Beside rounded weights an adapter stays what it was: what was learned in less than a step of theirs is not lost."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from srm_core.errors import ModelError
from srm_core.inference.adapters import Adapter, Part, adapter_within, read_adapter, take_out
from srm_core.inference.architecture import architecture_of
from srm_core.inference.engines import VARIABLE
from srm_core.inference.kernels.compiled import CompiledDecoder
from srm_core.inference.kernels.reference import ReferenceDecoder
from srm_core.inference.kernels.rounding import rounded
from srm_core.inference.local import TransformersModel
from srm_core.records import Weights
from srm_core.training.lora import merged

from .test_adapters import said, written
from .test_architectures import _logits, model_of

ROUNDINGS: tuple[Weights, ...] = ("bfloat16", "int8", "int4")
IDS = [np.arange(n, dtype=np.int32) * 13 % 131 for n in (1, 5, 17, 37)]


def learned(model: Any, rank: int = 3, size: float = 0.1, *, only: str = "") -> Adapter:
    """Return random halves for the linear layers of ``model`` whose name holds ``only``."""
    draw = torch.Generator().manual_seed(7)
    parts = {}
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear) and name != "lm_head" and only in name:
            down = torch.randn(rank, layer.in_features, generator=draw) * size
            parts[name] = Part(down, torch.randn(layer.out_features, rank, generator=draw) * size, 0.5)
    return Adapter("learned", parts)


def rounded_reference(model: Any, weights: Weights) -> ReferenceDecoder:
    """Return the decoder in plain torch with the matrices that ``weights`` keep, and nothing else rounded."""
    made = ReferenceDecoder(model, architecture_of(model))
    for part, tensor in made.weights.items():
        kept = tensor.dim() == 1 or part.endswith(("mlp.gate.weight", "expert_gate.weight", "embed_tokens.weight"))
        form = "int8" if part == "lm_head.weight" and weights == "int4" else weights
        if not kept:
            made.weights[part] = rounded(form, tensor.flatten(0, -2)).view_as(tensor)
    return made


def off(ours: Any, theirs: Any) -> float:
    """Return the largest difference of a logit in shares of their spread."""
    pairs = zip(_logits(ours, IDS), _logits(theirs, IDS), strict=True)
    return max(float((a - b).abs().max() / b.std()) for a, b in pairs)


@pytest.mark.parametrize("tier", ["native", "portable"])
@pytest.mark.parametrize("weights", ROUNDINGS)
@pytest.mark.parametrize("name", ["llama-untied", "qwen2", "gemma2", "qwen2-moe"])
def test_logits_are_those_of_the_rounded_weights_and_the_whole_adapter(name: str, weights: Weights, tier: str) -> None:
    model = model_of(name)
    adapter = learned(model)
    ours = CompiledDecoder(model, architecture_of(model), weights, tier, exact=True)
    theirs = rounded_reference(model, weights)
    bare = off(ours, theirs)
    size = ours.size
    for decoder in (ours, theirs):
        decoder.adapt(adapter)
    assert off(ours, theirs) < max(1e-4, 3 * bare)
    theirs.adapt(None)
    assert off(ours, theirs) > 0.05  # it is no small change
    shared = {name for name in adapter.parts if name.endswith("shared_expert_gate")}
    halves = [half for n, part in adapter.parts.items() if n not in shared for half in (part.down, part.up)]
    assert ours.size - size == 4 * sum(half.numel() for half in halves)
    ours.adapt(None)
    assert off(ours, theirs) == bare
    assert ours.size == size


@pytest.mark.parametrize("only", ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj", "layers.1.self_attn.k_proj"])
def test_an_adapter_of_some_layers_alone_comes_to_those_alone(only: str) -> None:
    model = model_of("llama-untied")
    ours, theirs = CompiledDecoder(model, architecture_of(model), "int8", exact=True), rounded_reference(model, "int8")
    for decoder in (ours, theirs):
        decoder.adapt(learned(model, only=only, size=0.3))
    assert off(ours, theirs) < 1e-4
    ours.adapt(learned(model, rank=5, only="gate_proj"))  # instead: nothing of the one before stays
    theirs.adapt(learned(model, rank=5, only="gate_proj"))
    assert off(ours, theirs) < 1e-4


@pytest.mark.parametrize("kind", ["float32", *ROUNDINGS])
def test_the_gate_of_a_shared_expert_takes_its_part_too(kind: Weights) -> None:
    model = model_of("qwen2-moe")
    ours = CompiledDecoder(model, architecture_of(model), kind, exact=True)
    theirs = rounded_reference(model, kind)
    adapter = learned(model, only="shared_expert_gate", size=2.0)
    assert adapter.parts
    ours.adapt(adapter)
    assert off(ours, theirs) > 1e-2
    theirs.adapt(adapter)
    assert off(ours, theirs) < 1e-4


@pytest.mark.parametrize("weights", ROUNDINGS)
def test_a_token_with_an_adapter_is_computed_the_same_alone_and_in_any_company(weights: Weights) -> None:
    model = model_of("llama")
    decoder = CompiledDecoder(model, architecture_of(model), weights)
    decoder.adapt(learned(model))
    alone = [_logits(decoder, [one])[0] for one in IDS]
    for ours, theirs in zip(_logits(decoder, IDS), alone, strict=True):
        assert torch.equal(ours, theirs)


def on_the_grid(base: Path, adapter: Path) -> tuple[Any, Any]:
    """Return a student of a base that was published in 4 bits, and what was learned."""
    model = merged(base, adapter)
    found = read_adapter(adapter, model)
    take_out(found, model)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() == 2 and "embed" not in name and "lm_head" not in name:
                tensor.copy_(
                    rounded("int4", tensor) + (found.parts[n].delta() if (n := name[:-7]) in found.parts else 0)
                )
    return model, found


def test_what_was_learned_in_less_than_a_step_survives_four_bits(
    small_base: Path, small_model: Any, tmp_path: Path
) -> None:
    folder = written(small_base, tmp_path / "learned", 3, lora_alpha=2)
    student, adapter = on_the_grid(small_base, folder)
    tokenizer = small_model.tokenizer
    expected, _ = said(TransformersModel("student", student, tokenizer))
    with pytest.raises(ModelError, match=r"its logits are off by .* what it learned may be lost"):
        TransformersModel("together", student, tokenizer, weights="int4")
    kept = {name: tensor.clone() for name, tensor in student.state_dict().items()}
    apart = TransformersModel("apart", student, tokenizer, weights="int4", within=adapter)
    scores, _ = said(apart)
    assert max(abs(a - b) for a, b in zip(scores, expected, strict=True)) < 0.3
    apart.update_adapter(None)
    bare, _ = said(apart)
    assert max(abs(a - b) for a, b in zip(bare, expected, strict=True)) > 0.3
    moved = {name for name, tensor in student.state_dict().items() if not torch.equal(tensor, kept[name])}
    assert moved == adapter.names  # the model is left with the weights of its base


def test_what_cannot_stand_beside_is_rounded_with_its_base_and_said(
    small_base: Path, small_model: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = written(small_base, tmp_path / "dora", 4, use_dora=True)
    with caplog.at_level(logging.WARNING):
        assert adapter_within(folder, merged(small_base, folder)) is None
    assert "what was learned is rounded together with the base: " in caplog.text
    assert "uses use_dora" in caplog.text


def test_on_the_plain_torch_tier_nothing_is_rounded(
    small_base: Path, small_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(small_base, tmp_path / "learned", 3)
    monkeypatch.setenv(VARIABLE, "reference")
    student = merged(small_base, folder)
    with pytest.raises(ModelError, match="int8 weights need the compiled kernels"):
        TransformersModel("s", student, small_model.tokenizer, weights="int8", within=read_adapter(folder, student))
