"""Balancing losses and the bias on selection, against numbers worked out by hand and against transformers."""

from __future__ import annotations

import math

import pytest
import torch
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

from srm_core.training.experts.balance import select_with_bias, switch_loss, updated_bias, z_loss

LOG3 = math.log(3)


def test_switch_loss_by_hand() -> None:
    logits = torch.tensor([[LOG3, 0.0], [LOG3, 0.0], [0.0, LOG3]])  # p = (3/4, 1/4) twice, (1/4, 3/4)
    chosen = torch.tensor([[0], [0], [1]])
    # f = (2/3, 1/3), P = ((3 + 3 + 1) / 12, (1 + 1 + 3) / 12); 2 * (2/3 * 7/12 + 1/3 * 5/12)
    assert switch_loss(logits, chosen).item() == pytest.approx(2 * (2 / 3 * 7 / 12 + 1 / 3 * 5 / 12))


def test_switch_loss_is_one_when_even_and_n_when_one_takes_all() -> None:
    even = torch.zeros(4, 4), torch.tensor([[0], [1], [2], [3]])
    assert switch_loss(*even).item() == pytest.approx(1)
    assert switch_loss(
        torch.tensor([[100.0, 0, 0, 0]] * 4), torch.zeros(4, 1, dtype=torch.long)
    ).item() == pytest.approx(4)
    pairs = torch.zeros(2, 4), torch.tensor([[0, 1], [2, 3]])
    assert switch_loss(*pairs).item() == pytest.approx(1)


def test_the_gradient_of_the_switch_loss_by_hand() -> None:
    logits = torch.zeros(1, 2, requires_grad=True)
    switch_loss(logits, torch.tensor([[0]])).backward()
    # f = (1, 0), so the loss is 2 * p_0; dp_0/dx_0 = p_0 (1 - p_0) = 1/4, dp_0/dx_1 = -p_0 p_1 = -1/4
    torch.testing.assert_close(logits.grad, torch.tensor([[0.5, -0.5]]))


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_of_one_layer_transformers_says_k_times_as_much(top_k: int) -> None:
    logits = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    chosen = logits.topk(top_k, dim=-1).indices
    theirs = load_balancing_loss_func((logits,), 6, top_k)
    assert float(theirs) == pytest.approx(top_k * switch_loss(logits, chosen).item(), rel=1e-5)


def test_two_layers_that_are_uneven_in_opposite_ways_do_not_cancel_as_they_do_in_transformers() -> None:
    one, other = torch.tensor([[9.0, 0.0]] * 4), torch.tensor([[0.0, 9.0]] * 4)
    assert float(load_balancing_loss_func((one, other), 2, 1)) == pytest.approx(1, abs=1e-3)
    ours = [switch_loss(logits, logits.topk(1, dim=-1).indices).item() for logits in (one, other)]
    assert ours == pytest.approx([2, 2], abs=1e-3)


def test_z_loss_by_hand() -> None:
    logits = torch.tensor([[LOG3, 0.0], [0.0, 0.0]])  # sums of exponentials: 4 and 2
    assert z_loss(logits).item() == pytest.approx((math.log(4) ** 2 + math.log(2) ** 2) / 2)


def test_the_gradient_of_the_z_loss_by_hand() -> None:
    logits = torch.zeros(1, 2, requires_grad=True)
    z_loss(logits).backward()
    torch.testing.assert_close(logits.grad, torch.full((1, 2), 2 * math.log(2) * 0.5))


def test_a_bias_decides_who_is_chosen_and_not_how_much_it_counts() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.2]])
    plain = select_with_bias(scores, torch.zeros(3), 2)
    assert plain[0].tolist() == [[0, 1]]
    torch.testing.assert_close(plain[1], torch.tensor([[5 / 8, 3 / 8]]))
    chosen, weights = select_with_bias(scores, torch.tensor([0.0, -0.2, 0.4]), 2)  # 0.5, 0.1, 0.6
    assert chosen.tolist() == [[2, 0]]
    torch.testing.assert_close(weights, torch.tensor([[2 / 7, 5 / 7]]))
    _, raw = select_with_bias(scores, torch.tensor([0.0, -0.2, 0.4]), 2, normalise=False)
    torch.testing.assert_close(raw, torch.tensor([[0.2, 0.5]]))


def test_a_bias_brings_no_gradient_of_its_own() -> None:
    scores = torch.tensor([[0.5, 0.3, 0.2]], requires_grad=True)
    bias = torch.tensor([0.0, 0.0, 1.0], requires_grad=True)
    _, weights = select_with_bias(scores, bias, 1, normalise=False)
    weights.sum().backward()
    assert bias.grad is None
    assert scores.grad.tolist() == [[0, 0, 1]]


def test_the_bias_rises_where_load_is_low_by_hand() -> None:
    bias = updated_bias(torch.tensor([0.0, 0.1, 0.0, -0.1]), [10, 2, 4, 0], rate=0.01)  # mean 4
    torch.testing.assert_close(bias, torch.tensor([-0.01, 0.11, 0.0, -0.09]))


def test_repeated_updates_even_out_a_lopsided_router() -> None:
    draw = torch.Generator().manual_seed(0)
    scores = torch.softmax(torch.randn(400, 4, generator=draw) + torch.tensor([2.0, 0, 0, 0]), dim=-1)
    bias = torch.zeros(4)
    loads = []
    for _ in range(300):
        chosen, _ = select_with_bias(scores, bias, 1)
        loads.append(torch.bincount(chosen.reshape(-1), minlength=4).tolist())
        bias = updated_bias(bias, loads[-1], rate=0.01)
    assert max(loads[0]) > 250
    assert max(loads[-1]) < 130  # 100 would be even
