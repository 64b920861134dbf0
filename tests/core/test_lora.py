"""An adapter starts as nothing, and merging it gives what the adapted model says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import TrainConfig
from srm_core.inference.local import open_local
from srm_core.models.load import load_weights, locate
from srm_core.training.lora import merge, merged_weights, with_adapter, with_new_adapter

from .killing import save_moved_adapter

CONFIG = TrainConfig(lora_r=4, lora_alpha=8, seed=3)
IDS = torch.tensor([[7, 70, 71, 90, 40, 12, 13, 200]])


@pytest.fixture(scope="module")
def adapter(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that changes a lot: its B matrices are drawn at random."""
    folder = tmp_path_factory.mktemp("adapter")
    save_moved_adapter(small_base, CONFIG, folder, size=0.1)
    return folder


def _logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(IDS).logits


def test_a_is_random_and_b_is_zero_at_the_start_so_nothing_changes(small_base: Path) -> None:
    model = with_new_adapter(small_base, CONFIG)
    a = {name: t for name, t in model.named_parameters() if "lora_A" in name}
    b = {name: t for name, t in model.named_parameters() if "lora_B" in name}
    assert len(a) == len(b) == 2 * 7  # every linear layer of both blocks, the head left out
    assert all(tensor.std() > 0.01 for tensor in a.values())
    assert not any(tensor.any() for tensor in b.values())
    assert {name for name, t in model.named_parameters() if t.requires_grad} == {*a, *b}
    assert all(tensor.dtype == torch.float32 for tensor in [*a.values(), *b.values()])
    assert torch.equal(_logits(model), _logits(load_weights(small_base)))


def test_the_start_depends_on_the_seed_alone(small_base: Path) -> None:
    def start(seed: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(77 + seed)  # whatever was drawn before
        model = with_new_adapter(small_base, CONFIG.model_copy(update={"seed": seed}))
        return {name: tensor for name, tensor in model.named_parameters() if "lora_A" in name}

    one, again, other = start(3), start(3), start(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not any(torch.equal(one[name], other[name]) for name in one)


def test_the_first_step_moves_b_and_not_a(small_base: Path) -> None:
    model = with_new_adapter(small_base, CONFIG)
    model(IDS, labels=IDS).loss.backward()
    for name, tensor in model.named_parameters():
        if "lora_B" in name:
            assert tensor.grad.abs().max() > 0, name
        elif "lora_A" in name:
            assert not tensor.grad.any(), name
        else:
            assert tensor.grad is None


def test_merged_weights_are_those_of_peft_and_w_plus_alpha_over_r_times_b_a(small_base: Path, adapter: Path) -> None:
    ours = merged_weights(with_adapter(small_base, adapter, trainable=False))
    theirs = with_adapter(small_base, adapter, trainable=False).merge_and_unload().state_dict()
    assert len(ours) == 14
    for name, tensor in ours.items():
        assert torch.allclose(tensor, theirs[name], rtol=0, atol=1e-6), name
    saved, base = load_file(adapter / "adapter_model.safetensors"), load_weights(small_base).state_dict()
    name = "model.layers.1.mlp.down_proj"
    a, b = (saved[f"base_model.model.{name}.lora_{part}.weight"] for part in "AB")
    assert torch.allclose(ours[f"{name}.weight"], base[f"{name}.weight"] + 8 / 4 * b @ a, rtol=0, atol=1e-6)
    untouched = {name for name in base if name not in ours}
    assert all(torch.equal(base[name], theirs[name]) for name in untouched)


def test_computing_them_again_and_again_changes_nothing(small_base: Path, adapter: Path) -> None:
    model = with_adapter(small_base, adapter, trainable=False)
    before = _logits(model)
    first = merged_weights(model)
    for _ in range(3):
        again = merged_weights(model)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(_logits(model), before)


def test_the_merged_checkpoint_and_updated_weights_say_what_the_adapted_model_says(
    small_base: Path, adapter: Path, tmp_path: Path
) -> None:
    adapted = with_adapter(small_base, adapter, trainable=False)
    expected = _logits(adapted)
    assert (expected - _logits(load_weights(small_base))).abs().max() > 0.1
    merge(small_base, adapter, tmp_path / "merged")
    assert torch.allclose(_logits(load_weights(tmp_path / "merged")), expected, rtol=0, atol=1e-4)
    assert locate(f"dir:{tmp_path / 'merged'}").folder == tmp_path / "merged"  # with tokenizer and template, and safe
    updated = open_local(f"dir:{small_base}")
    updated.update_weights(merged_weights(adapted))
    assert torch.allclose(_logits(updated.model), expected, rtol=0, atol=1e-4)


def test_an_adapter_is_loaded_to_be_used_or_to_be_trained_on(small_base: Path, adapter: Path) -> None:
    for trainable in (False, True):
        model = with_adapter(small_base, adapter, trainable=trainable)
        assert any(tensor.requires_grad for tensor in model.parameters()) == trainable


def test_a_half_precision_base_keeps_its_precision_and_the_adapter_its_own(small_base: Path, adapter: Path) -> None:
    model = with_adapter(small_base, adapter, trainable=True, dtype="bfloat16")
    assert {t.dtype for t in model.parameters() if t.requires_grad} == {torch.float32}
    assert {t.dtype for t in merged_weights(model).values()} == {torch.bfloat16}
