"""Tokens that all rows share pass once; hidden states, loss and gradients are those of passing them row by row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.models.load import load_weights
from srm_core.training import shared_prefix
from srm_core.training.head import project_labels_only
from srm_core.training.shared_prefix import LEAST, last_hidden_state, shared_columns

PROMPT, REST = 20, 11


def _group(left: int = 0, right: tuple[int, ...] = (0, 3, 7)) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids, seen and labels of three completions of one prompt, ``left`` padding before and ``right`` after."""
    draw = torch.Generator().manual_seed(3)
    prompt = torch.randint(3, 250, (1, PROMPT), generator=draw).expand(3, -1)
    rest = torch.randint(3, 250, (3, REST), generator=draw)
    rest[:, 0] = torch.tensor([5, 6, 7])  # so that the shared part ends with the prompt
    ids = torch.cat([torch.zeros(3, left, dtype=torch.long), prompt, rest], dim=1)
    seen = torch.ones_like(ids)
    seen[:, :left] = 0
    for row, pad in enumerate(right):
        seen[row, ids.shape[1] - pad :] = 0
    labels = ids.masked_fill(seen == 0, -100)
    labels[:, : left + PROMPT] = -100
    return ids * seen, seen, labels


def _passed(model: Any, ids: torch.Tensor, seen: torch.Tensor, labels: torch.Tensor) -> tuple[Any, dict[str, Any], int]:
    """Return the output, the gradients of a weighted sum of log-probabilities, and the tokens that passed."""
    tokens = 0

    def count(_module: Any, _args: Any, kwargs: Any) -> None:
        nonlocal tokens
        tokens += kwargs["input_ids"].numel()

    handle = model.base_model.register_forward_pre_hook(count, with_kwargs=True)
    output = model(input_ids=ids, attention_mask=seen, labels=labels, fused_lm_head=True)
    handle.remove()
    weights = torch.tensor([[1.0], [-0.5], [2.0]])  # advantages: completions pull in different directions
    (output.log_probs * weights).sum().backward()
    gradients = {name: tensor.grad.clone() for name, tensor in model.named_parameters()}
    return output, gradients, tokens


@pytest.mark.parametrize("left", [0, 5])
def test_loss_and_gradients_equal_those_of_unshared_rows(
    small_base: Path, left: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = _group(left)
    ours, plain = load_weights(small_base), load_weights(small_base)
    project_labels_only(ours)
    project_labels_only(plain)
    one, got, few = _passed(ours, *batch)
    monkeypatch.setattr(shared_prefix, "LEAST", 10_000)
    other, expected, many = _passed(plain, *batch)
    assert few == PROMPT + 3 * REST
    assert many == 3 * (left + PROMPT + REST)
    assert torch.allclose(one.log_probs, other.log_probs, rtol=0, atol=1e-5)
    assert torch.allclose(one.entropy, other.entropy, rtol=0, atol=1e-5)
    assert max(float(each.abs().max()) for each in expected.values()) > 0.1
    for name, gradient in got.items():
        scale = max(1.0, float(expected[name].abs().max()))
        assert torch.allclose(gradient, expected[name], rtol=0, atol=1e-5 * scale), name


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda ids, seen: None, (0, PROMPT)),
        (lambda ids, seen: ids[1, 12:].add_(1), (0, 12)),
        (lambda ids, seen: ids.copy_(ids[:1].expand(3, -1)), (0, PROMPT + REST - 7)),  # up to the shortest row's end
        (lambda ids, seen: ids[2, 0].add_(1), (0, 0)),
        (lambda ids, seen: seen[1, 0].zero_(), (0, 0)),  # padding on the left of one row alone
        (lambda ids, seen: seen[:, 4].zero_(), (0, 0)),  # a hole
    ],
)
def test_what_counts_as_shared(change: Callable[[Any, Any], Any], expected: tuple[int, int]) -> None:
    ids, seen, _ = _group()
    change(ids, seen)
    assert shared_columns(ids, seen) == expected


def test_one_token_of_each_row_stays_unshared() -> None:
    ids = torch.arange(12).expand(4, -1)
    assert shared_columns(ids, None) == (0, 11)
    assert shared_columns(ids[:1], None) == (0, 0)


def test_a_model_that_looks_back_only_so_far_is_not_shared(small_base: Path) -> None:
    model = load_weights(small_base)
    ids, seen, _ = _group()
    with torch.no_grad():
        usual = last_hidden_state(model.base_model, ids, seen)
        model.config.layer_types = ["sliding_attention"] * model.config.num_hidden_layers
        assert not shared_prefix._plain_attention(model.config)
        assert torch.allclose(
            usual[seen.bool()], last_hidden_state(model.base_model, ids, seen)[seen.bool()], atol=1e-5
        )
    assert LEAST <= PROMPT
