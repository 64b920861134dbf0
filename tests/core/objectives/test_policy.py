"""Whole losses of two groups of two, put together by hand; every method of the table, and what is refused."""

from __future__ import annotations

import math
from math import exp, sqrt

import pytest
import torch

from srm_core.config import POLICY_METHODS
from srm_core.training.objectives.dynamic_sampling import informative
from srm_core.training.objectives.methods import METHODS, POLICIES
from srm_core.training.objectives.policy import advantages, paid, policy_loss, token_losses

# four answers of 2, 1, 2 and 3 tokens; the third token of the last is the calculator's
MASK = torch.tensor([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0]])
OLD = torch.tensor([[-1.0, -2.0, 0.0], [-1.5, 0.0, 0.0], [-0.5, -1.0, 0.0], [-2.0, -1.0, -4.0]])
CHANGE = [[0.1, 0.3], [-0.1], [0.0, 0.2], [-0.4, 0.05]]  # log pi - log pi_old of the counted tokens
NEW = OLD + torch.tensor([[0.1, 0.3, 0.0], [-0.1, 0.0, 0.0], [0.0, 0.2, 0.0], [-0.4, 0.05, 9.0]])
AWAY = [[0.2, -0.1], [0.4], [0.0, 0.1], [0.3, 0.3]]  # log pi_old - log pi_ref
REFERENCE = OLD - torch.tensor([[0.2, -0.1, 0.0], [0.4, 0.0, 0.0], [0.0, 0.1, 0.0], [0.3, 0.3, 9.0]])
REWARDS = torch.tensor([1.0, 0.0, 1.2, 0.2])


def loss_of(name: str, rewards: torch.Tensor = REWARDS, beta: float = 0.0, new: torch.Tensor = NEW) -> torch.Tensor:
    reference = REFERENCE if beta else None
    return policy_loss(METHODS[name], new, OLD, reference, MASK, rewards, group=2, beta=beta, max_tokens=10)


def one(change: float, advantage: float, low: float, high: float) -> float:
    """PPO's clipped loss of one token, in words of the paper."""
    ratio = exp(change)
    return -min(ratio * advantage, min(max(ratio, 1 - low), 1 + high) * advantage)


def k3(change: float) -> float:
    return exp(-change) - 1 + change


A = 0.5 / (sqrt(0.5) + 1e-4)  # rewards differ by 1 in both groups: +-0.5, squares sum to 0.5, divided by 2 - 1
GROUPED = [A, -A, A, -A]


def test_grpo_by_hand() -> None:
    sums = [sum(one(c, a, 0.2, 0.2) for c in row) / len(row) for row, a in zip(CHANGE, GROUPED, strict=True)]
    assert loss_of("grpo").item() == pytest.approx(sum(sums) / 4, rel=1e-5)


def test_grpo_with_its_kl_term_by_hand() -> None:
    total = 0.0
    for changes, away, a in zip(CHANGE, AWAY, GROUPED, strict=True):
        losses = [one(c, a, 0.2, 0.2) + 0.04 * k3(c + d) for c, d in zip(changes, away, strict=True)]
        total += sum(losses) / len(losses)
    assert loss_of("grpo", beta=0.04).item() == pytest.approx(total / 4, rel=1e-5)


def test_dr_grpo_by_hand() -> None:
    total = sum(one(c, 2 * h, 0.2, 0.2) for row, h in zip(CHANGE, (0.25, -0.25, 0.25, -0.25), strict=True) for c in row)
    assert loss_of("dr-grpo").item() == pytest.approx(total / (4 * 10), rel=1e-5)


def test_dapo_by_hand() -> None:
    total = sum(one(c, a, 0.2, 0.28) for row, a in zip(CHANGE, GROUPED, strict=True) for c in row)
    assert loss_of("dapo").item() == pytest.approx(total / 7, rel=1e-5)


def test_dapo_pays_less_near_the_longest_answer_and_drops_groups_of_equal_reward() -> None:
    """Longest 10, the penalty grows over 2 tokens: 8 costs nothing, 9 a half, 10 and more 1."""
    rewards, lengths = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([8, 9, 3, 4])
    found = paid(METHODS["dapo"], rewards, lengths, 10)
    assert found.tolist() == [1.0, 0.5, 1.0, 1.0]
    kept = informative(found.view(2, 2))
    assert kept.tolist() == [True, False]
    rows = kept.repeat_interleave(2)
    loss = policy_loss(
        METHODS["dapo"], NEW[rows], OLD[rows], None, MASK[rows], found[rows], group=2, beta=0, max_tokens=10
    )
    a = 0.25 / (sqrt(2 * 0.25**2) + 1e-4)
    total = sum(one(c, s, 0.2, 0.28) for row, s in zip(CHANGE[:2], (a, -a), strict=True) for c in row)
    assert loss.item() == pytest.approx(total / 3, rel=1e-5)
    assert paid(METHODS["grpo"], rewards, lengths, 10).tolist() == [1.0] * 4


def test_rloo_by_hand_with_the_distance_in_the_reward() -> None:
    beta = 0.1
    r = [reward - beta * sum(away) for reward, away in zip((1.0, 0.0, 1.2, 0.2), AWAY, strict=True)]
    others = [r[0] - r[1], r[1] - r[0], r[2] - r[3], r[3] - r[2]]
    logprobs = [(-0.9) + (-1.7), -1.6, (-0.5) + (-0.8), (-2.4) + (-0.95)]  # old + change, counted tokens
    total = sum(-a * lp for a, lp in zip(others, logprobs, strict=True))
    assert loss_of("rloo", beta=beta).item() == pytest.approx(total / 4, rel=1e-5)


def test_reinforce_plus_plus_by_hand_with_the_distance_in_the_reward() -> None:
    beta, scores = 0.1, (1.0, 0.0, 1.2, 0.2)
    to_come = [[s - beta * sum(away[t:]) for t in range(len(away))] for s, away in zip(scores, AWAY, strict=True)]
    flat = [a for row in to_come for a in row]
    mean = sum(flat) / 7
    deviation = sqrt(sum((a - mean) ** 2 for a in flat) / 7)
    total = sum(
        one(c, (a - mean) / (deviation + 1e-8), 0.2, 0.2)
        for changes, row in zip(CHANGE, to_come, strict=True)
        for c, a in zip(changes, row, strict=True)
    )
    assert loss_of("reinforce++", beta=beta).item() == pytest.approx(total / 7, rel=1e-5)


def test_gspo_by_hand() -> None:
    means = [sum(row) / len(row) for row in CHANGE]
    total = sum(one(m, a, 3e-4, 4e-4) for m, a in zip(means, GROUPED, strict=True))
    assert loss_of("gspo").item() == pytest.approx(total / 4, abs=2e-7)  # ratios of nearly 1 in float32
    assert abs(total / 4) > 2e-4


@pytest.mark.parametrize("name", METHODS)
def test_the_gradient_lies_on_the_policy_s_own_tokens_alone(name: str) -> None:
    new = OLD.clone().requires_grad_()  # ratio 1: no clip holds
    loss_of(name, new=new).backward()
    assert (new.grad != 0).tolist() == MASK.bool().tolist()
    assert torch.equal(new.grad < 0, (MASK * torch.tensor([[1], [0], [1], [0]])).bool())  # what was paid grows


@pytest.mark.parametrize("name", METHODS)
def test_equal_rewards_move_nothing(name: str) -> None:
    new = NEW.clone().requires_grad_()
    loss_of(name, rewards=torch.full((4,), 1.1), new=new).backward()
    assert not new.grad.any()


@pytest.mark.parametrize("name", METHODS)
def test_an_unscored_sample_is_left_out_of_everything(name: str) -> None:
    beta = 0.1 if METHODS[name].kl != "none" else 0.0
    new = NEW.clone().requires_grad_()
    rewards = torch.tensor([1.0, 0.0, math.nan, 0.2])
    loss = loss_of(name, rewards=rewards, beta=beta, new=new)
    assert loss.isfinite()
    loss.backward()
    assert not new.grad[2].any()
    found = advantages(METHODS[name], OLD, REFERENCE, MASK, rewards, group=2, beta=beta)
    assert found[:2].isfinite().all()
    assert not found[2].any()
    if METHODS[name].advantage != "global":
        assert not found[3].any()  # alone in its group


def test_k3_pulls_towards_the_reference_even_where_nothing_is_to_be_gained() -> None:
    new = OLD.clone().requires_grad_()
    loss_of("grpo", rewards=torch.ones(4), beta=1.0, new=new).backward()
    away = [0.2, -0.1, 0.4, 0.1, 0.3, 0.3]  # the tokens that the policy finds likelier (or less likely, once)
    lengths = [2, 2, 1, 2, 2, 2]
    expected = [(1 - exp(-d)) / n / 4 for d, n in zip(away, lengths, strict=True)]
    counted = MASK.bool() & (OLD != REFERENCE)
    assert new.grad[counted].tolist() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_the_losses_of_a_part_of_a_batch_are_its_rows_of_the_whole(name: str) -> None:
    method, beta = METHODS[name], 0.1 if METHODS[name].kl != "none" else 0.0
    a = advantages(method, OLD, REFERENCE, MASK, REWARDS, group=2, beta=beta)
    whole = token_losses(method, NEW, OLD, REFERENCE, MASK, a, beta=beta)
    for rows in (slice(0, 1), slice(1, 4)):
        part = token_losses(method, NEW[rows], OLD[rows], REFERENCE[rows], MASK[rows], a[rows], beta=beta)
        assert torch.equal(part, whole[rows])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"DAPO.* has no KL term: set beta = 0.1 to 0"):
        policy_loss(METHODS["dapo"], NEW, OLD, REFERENCE, MASK, REWARDS, group=2, beta=0.1, max_tokens=10)
    with pytest.raises(ValueError, match=r"beta = 0.1 holds the policy to a reference, but no reference was given"):
        policy_loss(METHODS["grpo"], NEW, OLD, None, MASK, REWARDS, group=2, beta=0.1, max_tokens=10)
    with pytest.raises(ValueError, match="4 samples are no whole number of groups of 3"):
        policy_loss(METHODS["grpo"], NEW, OLD, None, MASK, REWARDS, group=3, beta=0, max_tokens=10)


def test_every_part_of_every_row_of_the_table_is_chosen_by_some_method() -> None:
    assert {m.advantage for m in METHODS.values()} == {"group-relative", "centred", "leave-one-out", "global"}
    assert {m.ratio for m in METHODS.values()} == {"token", "sequence"}
    assert {m.kl for m in METHODS.values()} == {"none", "loss", "reward"}
    assert len({m.aggregation for m in METHODS.values()}) == 4
    assert tuple(POLICIES) == POLICY_METHODS == (*METHODS, "ppo")
    with pytest.raises(ValueError, match="need the values of a critic"):
        advantages(POLICIES["ppo"], OLD, None, MASK, REWARDS, group=2, beta=0)
