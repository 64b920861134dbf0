"""LoRA on experts: every expert's factors get gradient, nothing else moves, and merging computes the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError
from srm_core.models.load import load_weights
from srm_core.moe.adapters import trainable, with_expert_adapters
from srm_core.training.experts.blocks import moe_blocks

IDS = torch.arange(80).reshape(2, 40) * 13 % 60 + 3


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def step(model: Any) -> None:
    named = dict(model.named_parameters())
    optimizer = torch.optim.AdamW([named[name] for name in trainable(model)], lr=1e-2, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(IDS, labels=IDS).loss.backward()
        optimizer.step()


@pytest.mark.parametrize("kind", ["mixtral", "qwen3_moe", "olmoe"])
def test_a_fresh_adapter_changes_nothing_and_b_gets_gradient_for_every_expert(family: Any, kind: str) -> None:
    model = family(kind)
    said = logits(model)
    adapted = with_expert_adapters(model, r=3, alpha=6)
    assert torch.equal(logits(adapted), said)
    assert all(".experts." in name and "lora_" in name for name in trainable(adapted))
    assert len(trainable(adapted)) == 2 * 2 * 2  # layers, matrices, factors
    # a layer: A (3 * 4, 32) and B (48, 3 * 4) on gate_up; A (3 * 4, 24) and B (32, 3 * 4) on down
    assert sum(p.numel() for p in adapted.parameters() if p.requires_grad) == 2 * 12 * (32 + 48 + 24 + 32)
    adapted(IDS, labels=IDS).loss.backward()
    for name, tensor in adapted.named_parameters():
        if "lora_A" in name:
            assert not tensor.grad.any()  # B is still zero
        if "lora_B" in name:  # columns of one expert: every fourth
            assert all(tensor.grad.reshape(tensor.shape[0], 3, 4)[:, :, e].any() for e in range(4)), name


def test_training_moves_the_factors_alone_and_merging_equals_the_adapted_model(family: Any) -> None:
    model = family("mixtral")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    adapted = with_expert_adapters(model, r=2, alpha=8)
    step(adapted)
    for name, tensor in adapted.named_parameters():
        plain = name.replace("base_model.model.", "").replace("base_layer.", "")
        if plain in before:
            assert torch.equal(tensor, before[plain]), name
    said = logits(adapted)
    factors = {
        block.layer: [
            (w.lora_A["default"].weight, w.lora_B["default"].weight) for w in (block.experts.base_layer, block.experts)
        ]
        for block in moe_blocks(adapted)
    }
    merged = adapted.merge_and_unload()
    torch.testing.assert_close(logits(merged), said, atol=1e-5, rtol=0)
    assert merged.state_dict().keys() == before.keys()
    for block in moe_blocks(merged):
        for name, (a, b) in zip(("gate_up_proj", "down_proj"), factors[block.layer], strict=True):
            now = getattr(block.experts, name)
            for expert in range(4):  # W + (alpha / r) B A, the factors of an expert taken out by hand
                mine = b.reshape(b.shape[0], 2, 4)[:, :, expert] @ a.reshape(4, 2, -1)[expert]
                old = before[f"{block.name}.experts.{name}"][expert]
                assert mine.abs().max() > 0
                torch.testing.assert_close(now[expert], old + 8 / 2 * mine, atol=1e-5, rtol=1e-5)


def test_the_start_depends_on_the_seed_alone(family: Any) -> None:
    def start(seed: int) -> torch.Tensor:
        torch.rand(3)  # whatever was drawn before
        adapted = with_expert_adapters(family("mixtral"), r=2, alpha=4, seed=seed)
        return next(t for n, t in adapted.named_parameters() if "lora_A" in n).detach()

    assert torch.equal(start(1), start(1))
    assert not torch.equal(start(1), start(2))


def test_attention_is_adapted_only_if_asked(family: Any) -> None:
    names = trainable(with_expert_adapters(family("mixtral"), r=2, alpha=4, attention=True))
    assert {name.split(".lora_")[0].rsplit(".", 1)[-1] for name in names if "self_attn" in name} == {
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
    }
    assert not [name for name in names if ".gate." in name]  # the router


def test_an_adapter_is_saved_and_loaded_on_an_upcycled_base(upcycled: Path, tmp_path: Path) -> None:
    from srm_core.training.lora import merge, with_adapter

    adapted = with_expert_adapters(load_weights(upcycled), r=2, alpha=4, attention=True)
    step(adapted)
    adapted.save_pretrained(tmp_path / "adapter")
    said = logits(adapted)
    torch.testing.assert_close(logits(with_adapter(upcycled, tmp_path / "adapter", trainable=False)), said)
    merge(upcycled, tmp_path / "adapter", tmp_path / "merged")
    torch.testing.assert_close(logits(load_weights(tmp_path / "merged")), said, atol=1e-5, rtol=0)
    assert not torch.equal(said, logits(load_weights(upcycled)))


def test_a_dense_model_is_refused(tiny_folder: Path) -> None:
    with pytest.raises(ModelError, match="has no routers"):
        with_expert_adapters(load_weights(tiny_folder), r=2, alpha=4)
