"""Rewards by token, what is to come of them, and generalized advantage estimation, by hand."""

from __future__ import annotations

import pytest
import torch

from srm_core.training.objectives.gae import generalized_advantages
from srm_core.training.objectives.token_rewards import to_go, token_rewards


def test_the_score_comes_with_the_last_token_and_the_distance_costs_at_each() -> None:
    mask = torch.tensor([[True, True, False, True, False], [True, False, False, False, False], [False] * 5])
    kl = torch.tensor([[0.5, -1.0, 9.0, 2.0, 9.0], [0.0, 9.0, 9.0, 9.0, 9.0], [9.0] * 5])
    found = token_rewards(torch.tensor([1.0, 0.25, 3.0]), kl, mask, beta=0.1)
    assert found[0].tolist() == pytest.approx([-0.05, 0.1, 0.0, 1 - 0.2, 0.0])
    assert found[1].tolist() == pytest.approx([0.25, 0.0, 0.0, 0.0, 0.0])
    assert not found[2].any()


def test_what_is_to_come_is_the_sum_from_there_on() -> None:
    assert to_go(torch.tensor([[1.0, -2.0, 4.0]])).tolist() == [[3.0, 2.0, 4.0]]


def test_advantages_of_three_steps_by_hand() -> None:
    rewards, values = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[0.5, 1.5, 1.0]])
    advantages, returns = generalized_advantages(rewards, values, torch.ones(1, 3), gamma=0.9, lam=0.8)
    last = 2.0 + 0.9 * 0.0 - 1.0
    middle = (1.0 + 0.9 * 1.0 - 1.5) + 0.9 * 0.8 * last
    first = (0.0 + 0.9 * 1.5 - 0.5) + 0.9 * 0.8 * middle
    assert advantages[0].tolist() == pytest.approx([first, middle, last])
    assert returns[0].tolist() == pytest.approx([first + 0.5, middle + 1.5, last + 1.0])


def test_lambda_one_gives_reward_to_come_less_value_and_lambda_zero_one_step() -> None:
    rewards, values = torch.tensor([[0.0, 1.0, 2.0]]), torch.tensor([[0.5, 1.5, 1.0]])
    all_steps, _ = generalized_advantages(rewards, values, torch.ones(1, 3), gamma=1.0, lam=1.0)
    assert all_steps[0].tolist() == pytest.approx([3 - 0.5, 3 - 1.5, 2 - 1.0])
    one_step, _ = generalized_advantages(rewards, values, torch.ones(1, 3), gamma=1.0, lam=0.0)
    assert one_step[0].tolist() == pytest.approx([0 + 1.5 - 0.5, 1 + 1.0 - 1.5, 2 - 1.0])


def test_tokens_that_do_not_count_are_passed_over() -> None:
    """Row 0 with a calculator token inside and padding behind is row 1 without them."""
    rewards = torch.tensor([[0.0, 0.0, 2.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    values = torch.tensor([[0.5, 77.0, 1.0, 55.0], [0.5, 1.0, 33.0, 22.0]])
    mask = torch.tensor([[1, 0, 1, 0], [1, 1, 0, 0]])
    advantages, returns = generalized_advantages(rewards, values, mask, gamma=0.9, lam=0.5)
    last = 2.0 - 1.0
    first = (0.9 * 1.0 - 0.5) + 0.9 * 0.5 * last
    assert advantages[0].tolist() == pytest.approx([first, 0, last, 0])
    assert advantages[1].tolist() == pytest.approx([first, last, 0, 0])
    assert returns[0].tolist() == pytest.approx([first + 0.5, 0, last + 1.0, 0])
