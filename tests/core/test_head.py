"""Projecting the labelled positions alone gives the loss, the gradients and the figures of projecting them all."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from trl.trainer.utils import add_fused_lm_head

from srm_core.models.load import load_weights
from srm_core.training.head import project_labels_only

FIELDS = ("log_probs", "entropy", "is_top1")


def _batch(padding: str) -> dict[str, torch.Tensor]:
    """Return three sequences of different lengths; half of the second part of each is labelled."""
    draw = torch.Generator().manual_seed(5)
    ids = torch.randint(3, 250, (3, 24), generator=draw)
    labels = torch.full_like(ids, -100)
    labels[:, 10:] = torch.where(torch.rand(3, 14, generator=draw) < 0.5, ids[:, 10:], -100)
    seen = torch.ones_like(ids)
    for row, pad in enumerate((0, 4, 9)):
        if padding == "right" and pad:
            seen[row, -pad:] = 0
            labels[row, -pad:] = -100
        elif padding == "left" and pad:
            seen[row, :pad] = 0
    return {"input_ids": ids * seen, "attention_mask": seen, "labels": labels}


def _gradients(model: Any, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    loss.backward()
    return {name: tensor.grad.clone() for name, tensor in model.named_parameters()}


@pytest.mark.parametrize("padding", ["none", "right", "left"])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("counted", [None, 50])
def test_it_equals_trl_s_head_and_cross_entropy(
    small_base: Path, padding: str, temperature: float, counted: int | None
) -> None:
    batch = _batch(padding)
    ours, theirs, plain = (load_weights(small_base) for _ in range(3))
    add_fused_lm_head(theirs, temperature=temperature, outputs=FIELDS)
    add_fused_lm_head(ours, temperature=temperature, outputs=FIELDS)
    assert project_labels_only(ours, temperature)
    one = ours(**batch, fused_lm_head=True, num_items_in_batch=counted)
    other = theirs(**batch, fused_lm_head=True, num_items_in_batch=counted)
    assert torch.equal(one.label_mask, other.label_mask)
    assert one.label_mask.sum() > 10
    for field in FIELDS:
        assert torch.allclose(getattr(one, field).float(), getattr(other, field).float(), rtol=0, atol=1e-5), field

    logits = plain(batch["input_ids"], attention_mask=batch["attention_mask"]).logits[:, :-1] / temperature
    entropies = torch.nn.functional.cross_entropy(
        logits.transpose(1, 2), batch["labels"][:, 1:], ignore_index=-100, reduction="sum"
    )
    loss = entropies / (counted or int((batch["labels"][:, 1:] != -100).sum()))
    assert float(one.loss.detach()) == pytest.approx(float(loss.detach()), abs=1e-5)
    assert float(one.loss.detach()) == pytest.approx(float(other.loss.detach()), abs=1e-5)
    expected, wanted = _gradients(plain, loss), _gradients(theirs, other.loss)
    for name, gradient in _gradients(ours, one.loss).items():
        scale = max(1.0, float(expected[name].abs().max()))
        assert torch.allclose(gradient, expected[name], rtol=0, atol=1e-5 * scale), name
        assert torch.allclose(gradient, wanted[name], rtol=0, atol=1e-5 * scale), name


def test_a_batch_without_labels_has_a_loss_of_zero_that_can_be_differentiated(small_base: Path) -> None:
    model = load_weights(small_base)
    project_labels_only(model)
    batch = _batch("right")
    output = model(**batch | {"labels": torch.full_like(batch["labels"], -100)}, fused_lm_head=True)
    assert float(output.loss.detach()) == 0
    assert all(not gradient.any() for gradient in _gradients(model, output.loss).values())


def test_without_the_fused_head_the_model_answers_as_before(small_base: Path) -> None:
    model, usual = load_weights(small_base), load_weights(small_base)
    assert project_labels_only(model)
    batch = _batch("left")
    with torch.no_grad():
        one, other = model(**batch), usual(**batch)
    assert torch.equal(one.logits, other.logits)
    assert torch.equal(one.loss, other.loss)


@pytest.mark.parametrize(
    ("setting", "value", "replaced"),
    [
        ("final_logit_softcapping", 30.0, False),
        ("logit_scale", 0.5, False),
        ("logits_scaling", 8.0, False),
        ("num_experts", 4, False),
        ("logit_scale", 1.0, True),
        ("final_logit_softcapping", None, True),
    ],
)
def test_a_head_that_does_more_than_project_is_left_to_trl(setting: str, value: Any, replaced: bool) -> None:
    text = SimpleNamespace(**{setting: value})
    model = SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: text), forward=len)
    assert project_labels_only(model) == replaced
    assert (model.forward is len) != replaced
