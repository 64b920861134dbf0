"""Advantages against numbers worked out by hand; equal groups and unscored samples move nothing."""

from __future__ import annotations

import math

import pytest
import torch

from srm_core.training.objectives.advantages import centred, globally_normalized, group_relative, leave_one_out
from srm_core.training.objectives.dynamic_sampling import informative

NAN = math.nan
PAID = torch.tensor([[1.0, 0.0, 0.0, 1.0], [3.0, 1.0, 2.0, 6.0]])  # means 0.5 and 3


def near(found: torch.Tensor, expected: list[list[float]]) -> None:
    assert found.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]


def test_group_relative_divides_by_the_deviation_of_a_sample_plus_a_ten_thousandth() -> None:
    first = math.sqrt(4 * 0.25 / 3)  # four squares of 0.5, divided by 4 - 1
    second = math.sqrt((0 + 4 + 1 + 9) / 3)
    near(
        group_relative(PAID),
        [
            [0.5 / (first + 1e-4), -0.5 / (first + 1e-4), -0.5 / (first + 1e-4), 0.5 / (first + 1e-4)],
            [0.0, -2 / (second + 1e-4), -1 / (second + 1e-4), 3 / (second + 1e-4)],
        ],
    )


def test_dr_grpo_leaves_the_deviation_out() -> None:
    near(centred(PAID), [[0.5, -0.5, -0.5, 0.5], [0.0, -2.0, -1.0, 3.0]])


def test_leave_one_out_compares_with_the_mean_of_the_others() -> None:
    near(
        leave_one_out(PAID),
        [
            [1 - 1 / 3, 0 - 2 / 3, 0 - 2 / 3, 1 - 1 / 3],
            [3 - (1 + 2 + 6) / 3, 1 - (3 + 2 + 6) / 3, 2 - (3 + 1 + 6) / 3, 6 - (3 + 1 + 2) / 3],
        ],
    )


@pytest.mark.parametrize("estimate", [group_relative, centred, leave_one_out])
@pytest.mark.parametrize("reward", [0.0, 1.0, 1.1, 0.3])
def test_a_group_of_equal_rewards_has_advantage_zero_to_the_last_bit(estimate, reward: float) -> None:
    assert not estimate(torch.full((1, 7), reward)).any()


@pytest.mark.parametrize("estimate", [group_relative, centred, leave_one_out])
def test_an_unscored_sample_is_no_part_of_its_group(estimate) -> None:
    with_it = estimate(torch.tensor([[1.0, NAN, 0.0, 0.5]]))
    without = estimate(torch.tensor([[1.0, 0.0, 0.5]]))
    assert with_it[0, [0, 2, 3]].tolist() == pytest.approx(without[0].tolist())
    assert with_it[0, 1] == 0
    assert estimate(torch.tensor([[NAN, 1.0], [NAN, NAN]])).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_global_normalization_counts_each_token_once() -> None:
    mask = torch.tensor([[True, True, False], [True, False, False]])
    found = globally_normalized(torch.tensor([[1.0, 1.0, 99.0], [4.0, -7.0, 0.0]]), mask)
    mean, deviation = 2.0, math.sqrt((1 + 1 + 4) / 3)  # of 1, 1, 4
    near(found, [[-1 / deviation, -1 / deviation, 0.0], [2 / deviation, 0.0, 0.0]])
    assert mean == (1 + 1 + 4) / 3


def test_global_normalization_of_equal_or_no_advantages_is_zero() -> None:
    equal = torch.full((2, 3), 0.7)
    assert not globally_normalized(equal, torch.ones(2, 3)).any()
    assert not globally_normalized(equal, torch.zeros(2, 3)).any()


def test_only_groups_with_different_rewards_are_informative() -> None:
    groups = torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0], [NAN, 1.0], [NAN, NAN]])
    assert informative(groups).tolist() == [False, True, False, False, False]
    three = torch.tensor([[1.0, NAN, 0.0], [1.0, NAN, 1.0], [-1.0, NAN, -1.0], [-1.0, NAN, -2.0]])
    assert informative(three).tolist() == [True, False, False, True]
