"""Ratios, clips, KL estimates, penalty, value loss and entropy against numbers worked out by hand."""

from __future__ import annotations

import math
from math import exp, log

import pytest
import torch

from srm_core.training.objectives.clipping import clipped, reinforced
from srm_core.training.objectives.entropy import entropy
from srm_core.training.objectives.kl import k1, k2, k3
from srm_core.training.objectives.overlong import soft_overlong_penalty
from srm_core.training.objectives.ratios import sequence_ratio, token_ratio
from srm_core.training.objectives.values import value_loss


def test_the_token_ratio_is_of_probabilities() -> None:
    new, old = torch.tensor([[0.5, 0.2]]).log(), torch.tensor([[0.25, 0.4]]).log()
    assert token_ratio(new, old)[0].tolist() == pytest.approx([2.0, 0.5])


def test_the_sequence_ratio_is_the_geometric_mean_over_counted_tokens() -> None:
    new, old = torch.tensor([[0.5, 0.9, 0.2]] * 2).log(), torch.tensor([[0.25, 0.1, 0.05]] * 2).log()
    mask = torch.tensor([[1, 0, 1], [0, 0, 0]])
    found = sequence_ratio(new, old, mask)
    assert found[0].tolist() == pytest.approx([math.sqrt(2 * 4)] * 3)
    assert found[1].tolist() == [1.0] * 3


def test_no_gradient_flows_through_the_old_policy() -> None:
    new, old = torch.zeros(1, 2, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    (token_ratio(new, old).sum() + sequence_ratio(new, old, torch.ones(1, 2)).sum()).backward()
    assert old.grad is None
    assert new.grad.tolist() == [[1 + 1, 1 + 1]]  # each of two tokens moves the mean by a half, twice


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "slope"),
    [
        (1.0, 2.0, -2.0, -2.0),
        (1.2, 2.0, -2.4, -2.0),
        (1.5, 2.0, -1.28 * 2, 0.0),  # beyond the upper limit, pushed further up
        (1.5, -2.0, 3.0, 2.0),  # beyond it, pushed back: not clipped
        (0.5, -2.0, 0.8 * 2, 0.0),  # beyond the lower limit, pushed further down
        (0.5, 2.0, -1.0, -2.0),
    ],
)
def test_the_clip_holds_only_what_would_move_further(ratio, advantage, loss, slope) -> None:
    r = torch.tensor([[ratio]], requires_grad=True)
    found = clipped(r, torch.tensor([[advantage]]), low=0.2, high=0.28)
    found.sum().backward()
    assert found.item() == pytest.approx(loss)
    assert r.grad.item() == pytest.approx(slope)


def test_the_upper_limit_alone_is_higher_in_dapo() -> None:
    ratio, one = torch.tensor([[1.26, 0.74]]), torch.tensor([[1.0, -1.0]])
    assert clipped(ratio, one, 0.2, 0.2)[0].tolist() == pytest.approx([-1.2, 0.8])
    assert clipped(ratio, one, 0.2, 0.28)[0].tolist() == pytest.approx([-1.26, 0.8])


def test_reinforce_is_the_likelihood_weighted_by_the_advantage() -> None:
    logprobs = torch.tensor([[-1.0, -3.0]], requires_grad=True)
    found = reinforced(logprobs, torch.tensor([[2.0, -0.5]]))
    assert found[0].tolist() == [2.0, -1.5]
    found.sum().backward()
    assert logprobs.grad[0].tolist() == [-2.0, 0.5]


def test_the_three_estimates_of_one_token() -> None:
    policy, reference = torch.tensor([0.5]).log(), torch.tensor([0.25]).log()
    assert k1(policy, reference).item() == pytest.approx(log(2))
    assert k2(policy, reference).item() == pytest.approx(log(2) ** 2 / 2)
    assert k3(policy, reference).item() == pytest.approx(0.5 - 1 + log(2))


def test_k1_and_k3_have_the_divergence_as_their_mean_and_k2_has_not() -> None:
    """Over both tokens of a vocabulary of two, each as often as the policy draws it."""
    p, q = torch.tensor([0.8, 0.2]), torch.tensor([0.6, 0.4])
    divergence = 0.8 * log(0.8 / 0.6) + 0.2 * log(0.2 / 0.4)
    for estimate in (k1, k3):
        assert float((p * estimate(p.log(), q.log())).sum()) == pytest.approx(divergence, rel=1e-5)
    second = 0.8 * log(0.8 / 0.6) ** 2 / 2 + 0.2 * log(0.2 / 0.4) ** 2 / 2
    assert float((p * k2(p.log(), q.log())).sum()) == pytest.approx(second, rel=1e-5)
    assert abs(second - divergence) > 0.001
    assert float(k1(p.log(), q.log())[1]) < 0 < float(k3(p.log(), q.log())[1])


def test_the_penalty_grows_by_one_part_a_token() -> None:
    lengths = torch.tensor([0, 16384, 16385, 18432, 20480, 20481, 99999])
    expected = [0.0, 0.0, -1 / 4096, -0.5, -1.0, -1.0, -1.0]
    assert soft_overlong_penalty(lengths, 20480, 4096).tolist() == pytest.approx(expected)


def test_the_penalty_is_trl_s() -> None:
    from trl.rewards import get_soft_overlong_punishment

    theirs = get_soft_overlong_punishment(10, 4)(completion_ids=[[1] * n for n in range(14)])
    assert soft_overlong_penalty(torch.arange(14), 10, 4).tolist() == pytest.approx(theirs)


@pytest.mark.parametrize("cache", [0, 11])
def test_a_penalty_that_begins_nowhere_is_refused(cache: int) -> None:
    with pytest.raises(ValueError, match=f"begins {cache} tokens before 10"):
        soft_overlong_penalty(torch.tensor([1]), 10, cache)


def test_the_value_loss_takes_the_worse_of_both_errors() -> None:
    values, old = torch.tensor([[2.0, 1.1, 50.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    returns, mask = torch.tensor([[2.0, 3.0, 0.0]]), torch.tensor([[1, 1, 0]])
    found = value_loss(values, old, returns, mask, clip=0.2)
    assert found.item() == pytest.approx(((1.2 - 2.0) ** 2 + (1.1 - 3.0) ** 2) / 2 / 2)
    plain = value_loss(values, old, returns, mask, clip=None)
    assert plain.item() == pytest.approx((0.0 + (1.1 - 3.0) ** 2) / 2 / 2)
    assert value_loss(values, old, returns, torch.zeros(1, 3)).item() == 0


def test_a_value_that_moved_too_far_towards_its_return_has_no_gradient() -> None:
    values = torch.tensor([[2.0, 1.1]], requires_grad=True)
    value_loss(values, torch.ones(1, 2), torch.tensor([[2.0, 3.0]]), torch.ones(1, 2), clip=0.2).backward()
    assert values.grad[0].tolist() == pytest.approx([0.0, (1.1 - 3.0) / 2])


def test_the_entropy_of_known_distributions() -> None:
    uniform, two = torch.zeros(5), torch.tensor([log(0.75), log(0.25), -math.inf])
    assert entropy(uniform).item() == pytest.approx(log(5))
    assert entropy(two).item() == pytest.approx(-0.75 * log(0.75) - 0.25 * log(0.25))
    weights = [1.0, exp(2.0)]  # softmax of logits 0 and 2
    shares = [w / sum(weights) for w in weights]
    assert entropy(torch.tensor([[0.0, 2.0]])).tolist() == pytest.approx([-sum(s * log(s) for s in shares)])
