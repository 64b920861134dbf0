"""DPO and KTO by hand: value, gradient, and what an exchange of right and wrong does."""

from __future__ import annotations

from math import exp, log

import pytest
import torch

from srm_core.training.objectives.dpo import dpo_loss, margins
from srm_core.training.objectives.kto import balanced_weights, kto_loss, reference_point


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def t(*numbers: float) -> torch.Tensor:
    return torch.tensor(numbers, requires_grad=True)


def test_dpo_of_one_pair_by_hand() -> None:
    chosen, rejected = t(-5.0), t(-4.0)
    loss = dpo_loss(chosen, rejected, t(-7.0), t(-3.5), beta=0.1)
    margin = (-5 + 7) - (-4 + 3.5)
    assert loss.tolist() == pytest.approx([-log(sigmoid(0.1 * margin))])
    loss.sum().backward()
    slope = 0.1 * sigmoid(-0.1 * margin)  # eq. 7's gradient: beta times the weight of a wrong estimate
    assert chosen.grad.item() == pytest.approx(-slope)
    assert rejected.grad.item() == pytest.approx(slope)


def test_dpo_at_the_reference_is_log_two_and_the_reference_gets_no_gradient() -> None:
    reference = t(-2.0, -9.0)
    loss = dpo_loss(t(-2.0, -9.0), t(-1.0, -1.0), reference, t(-1.0, -1.0), beta=0.7)
    assert loss.tolist() == pytest.approx([log(2)] * 2)
    loss.sum().backward()
    assert reference.grad is None


def test_an_exchange_of_chosen_and_rejected_turns_the_margin_round() -> None:
    one, other = (t(-5.0), t(-4.0), t(-7.0), t(-3.5)), (t(-4.0), t(-5.0), t(-3.5), t(-7.0))
    assert margins(*one).item() == -margins(*other).item() == 2.5
    difference = dpo_loss(*other, beta=0.1) - dpo_loss(*one, beta=0.1)
    assert difference.item() == pytest.approx(0.1 * 2.5)  # -log s(-x) + log s(x) = x


def test_the_reference_point_is_the_mean_change_and_never_below_zero() -> None:
    moved = reference_point(t(-5.0, -3.0, -8.0), t(-6.0, -2.0, -9.5))
    assert moved.item() == pytest.approx((1.0 - 1.0 + 1.5) / 3)
    assert not moved.requires_grad
    assert reference_point(t(-5.0), t(-4.0)).item() == 0


def test_kto_of_a_right_and_a_wrong_answer_by_hand() -> None:
    logprobs = t(-5.0, -4.0)
    loss = kto_loss(
        logprobs,
        t(-7.0, -3.5),
        torch.tensor([True, False]),
        torch.tensor(0.4),
        beta=0.5,
        right_weight=0.75,
        wrong_weight=1.0,
    )
    right, wrong = sigmoid(0.5 * (2.0 - 0.4)), sigmoid(0.5 * (0.4 + 0.5))
    assert loss.tolist() == pytest.approx([0.75 * (1 - right), 1 - wrong])
    loss.sum().backward()
    assert logprobs.grad.tolist() == pytest.approx([-0.75 * 0.5 * right * (1 - right), 0.5 * wrong * (1 - wrong)])


def test_kto_pulls_the_other_way_when_right_and_wrong_are_exchanged() -> None:
    slopes = []
    for right in (True, False):
        logprobs = t(-5.0)
        kto_loss(logprobs, t(-5.0), torch.tensor([right]), torch.tensor(0.0), beta=0.5).sum().backward()
        slopes.append(logprobs.grad.item())
    assert slopes == pytest.approx([-0.5 / 4, 0.5 / 4])


def test_the_weights_give_both_kinds_the_same_total() -> None:
    assert balanced_weights(3, 1) == (1 / 3, 1.0)
    assert balanced_weights(2, 8) == (1.0, 0.25)
    with pytest.raises(ValueError, match="0 right and 4 wrong answers cannot be balanced"):
        balanced_weights(0, 4)
