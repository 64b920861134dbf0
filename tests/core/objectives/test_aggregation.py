"""What a token of a long answer weighs under each rule, by hand."""

from __future__ import annotations

import pytest
import torch

from srm_core.training.objectives.aggregation import (
    AGGREGATIONS,
    constant_length,
    sequence_mean,
    sequence_sum,
    token_mean,
)

LOSS = torch.tensor([[1.0, 2.0, 6.0, 9.0], [4.0, 7.0, 7.0, 7.0]])
MASK = torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]])  # 1 + 2 + 6 over three tokens, 4 over one


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sequence-mean", (9 / 3 + 4 / 1) / 2),
        ("token-mean", (9 + 4) / 4),
        ("constant-length", (9 + 4) / (2 * 10)),
        ("sequence-sum", (9 + 4) / 2),
    ],
)
def test_each_rule_by_hand(name: str, expected: float) -> None:
    assert (LOSS * AGGREGATIONS[name](MASK, 10)).sum().item() == pytest.approx(expected)


def _weights(rule, lengths: tuple[int, int]) -> list[float]:
    """Return the weight of one token of each of two answers."""
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    weights = rule(mask, 2000)
    assert not weights[~mask].any()
    return [weights[0, 0].item(), weights[1, 0].item()]


def test_tokens_of_ten_and_of_a_thousand_weigh_alike_by_token_and_unlike_by_sequence() -> None:
    assert _weights(token_mean, (10, 1000)) == pytest.approx([1 / 1010, 1 / 1010])
    assert _weights(sequence_mean, (10, 1000)) == pytest.approx([1 / 10 / 2, 1 / 1000 / 2])
    assert _weights(constant_length, (10, 1000)) == pytest.approx([1 / 4000, 1 / 4000])
    assert _weights(sequence_sum, (10, 1000)) == pytest.approx([1 / 2, 1 / 2])


def test_an_answer_without_a_counted_token_adds_nothing() -> None:
    nothing = torch.zeros(2, 4)
    for rule in AGGREGATIONS.values():
        assert not rule(nothing, 10).any()
    first_only = MASK * torch.tensor([[1], [0]])
    assert (LOSS * sequence_mean(first_only, 10)).sum().item() == pytest.approx((9 / 3 + 0) / 2)
