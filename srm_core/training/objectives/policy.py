"""The loss of a reinforcement method, put together from the functions of this room as its row of the table says."""

# B = G * K sequences (K samples of one problem stand together), T tokens

from __future__ import annotations

import torch

from .advantages import centred, globally_normalized, group_relative, leave_one_out
from .aggregation import AGGREGATIONS
from .clipping import clipped, reinforced
from .kl import k1, k3
from .methods import PolicyMethod
from .overlong import soft_overlong_penalty
from .ratios import sequence_ratio, token_ratio
from .token_rewards import to_go, token_rewards

_WITHIN_GROUP = {"group-relative": group_relative, "centred": centred, "leave-one-out": leave_one_out}


def policy_loss(
    method: PolicyMethod,
    logprobs_BT: torch.Tensor,
    old_BT: torch.Tensor,
    reference_BT: torch.Tensor | None,
    mask_BT: torch.Tensor,
    rewards_B: torch.Tensor,
    *,
    group: int,
    beta: float,
    max_tokens: int,
) -> torch.Tensor:
    """Return the loss of one batch, a scalar with the gradient of ``logprobs_BT``.

    ``logprobs_BT``, ``old_BT`` and ``reference_BT`` are log-probabilities (nats) of the same tokens under the policy,
    the policy that sampled and the reference (None: without KL term); ``mask_BT`` is true for the tokens that the
    policy chose itself; ``rewards_B`` is as paid (see `paid`), NaN for a sample nobody could score, which is left out.
    ``group`` is K, ``beta`` the weight of the KL term, ``max_tokens`` the longest answer allowed.

    Raises:
        ValueError: the batch is no whole number of groups, or a KL term is asked for that cannot be had.
    """
    check_kl(method, beta, has_reference=reference_BT is not None)
    advantages_BT = advantages(method, old_BT, reference_BT, mask_BT, rewards_B, group=group, beta=beta)
    loss_BT = token_losses(method, logprobs_BT, old_BT, reference_BT, mask_BT, advantages_BT, beta=beta)
    return (loss_BT * token_weights(method, mask_BT, rewards_B, max_tokens)).sum()


def token_weights(
    method: PolicyMethod, mask_BT: torch.Tensor, rewards_B: torch.Tensor, max_tokens: int
) -> torch.Tensor:
    """Return what each token's loss counts in the loss of the batch, shape (B, T): 0 in a sample nobody could score."""
    scored_B = ~rewards_B.isnan()
    weights_BT = torch.zeros(mask_BT.shape)
    weights_BT[scored_B] = AGGREGATIONS[method.aggregation](mask_BT[scored_B], max_tokens)
    return weights_BT


def advantages(
    method: PolicyMethod,
    old_BT: torch.Tensor,
    reference_BT: torch.Tensor | None,
    mask_BT: torch.Tensor,
    rewards_B: torch.Tensor,
    *,
    group: int,
    beta: float,
) -> torch.Tensor:
    """Return the advantage of each token, shape (B, T), without gradient; arguments as in `policy_loss`."""
    if method.advantage == "critic":
        raise ValueError(f"the advantages of {method.paper} need the values of a critic: see training.ppo")
    if len(rewards_B) % group:
        raise ValueError(f"{len(rewards_B)} samples are no whole number of groups of {group}")
    by_token_BT = torch.zeros_like(old_BT)  # what each token costs or pays, if the KL term is part of the reward
    if method.kl == "reward" and beta and reference_BT is not None:
        by_token_BT = k1(old_BT, reference_BT).detach() * mask_BT
    if method.advantage == "global":
        scored_BT = mask_BT.bool() & ~rewards_B.isnan()[:, None]
        paid_BT = token_rewards(rewards_B.nan_to_num(nan=0.0), by_token_BT, mask_BT, beta)
        return globally_normalized(to_go(paid_BT), scored_BT)
    paid_B = (rewards_B - beta * by_token_BT.sum(dim=1)).detach()
    return _WITHIN_GROUP[method.advantage](paid_B.view(-1, group)).view(-1, 1).expand_as(old_BT)


def token_losses(
    method: PolicyMethod,
    logprobs_BT: torch.Tensor,
    old_BT: torch.Tensor,
    reference_BT: torch.Tensor | None,
    mask_BT: torch.Tensor,
    advantages_BT: torch.Tensor,
    *,
    beta: float,
) -> torch.Tensor:
    """Return the loss of each token before it is summed up, shape (B, T): any part of a batch gives its own rows."""
    if method.clip is None:
        loss_BT = reinforced(logprobs_BT, advantages_BT)
    else:
        is_token = method.ratio == "token"
        ratio_BT = token_ratio(logprobs_BT, old_BT) if is_token else sequence_ratio(logprobs_BT, old_BT, mask_BT)
        loss_BT = clipped(ratio_BT, advantages_BT, *method.clip)
    if method.kl == "loss" and beta and reference_BT is not None:
        loss_BT = loss_BT + beta * k3(logprobs_BT, reference_BT.detach())
    return loss_BT


def paid(method: PolicyMethod, rewards_B: torch.Tensor, lengths_B: torch.Tensor, max_tokens: int) -> torch.Tensor:
    """Return the rewards with the method's penalty for overlong answers, shape (B,); lengths are in tokens."""
    cache = max(1, round(method.overlong * max_tokens))
    return rewards_B + soft_overlong_penalty(lengths_B, max_tokens, cache) if method.overlong else rewards_B


def check_kl(method: PolicyMethod, beta: float, *, has_reference: bool) -> None:
    """Raise `ValueError` if ``beta`` asks for a KL term that the method has not, or that lacks its reference."""
    if beta and method.kl == "none":
        raise ValueError(f"the method of {method.paper} has no KL term: set beta = {beta} to 0")
    if beta and not has_reference:
        raise ValueError(f"beta = {beta} holds the policy to a reference, but no reference was given")
