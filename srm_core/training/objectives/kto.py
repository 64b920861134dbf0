"""Kahneman-Tversky optimization: right and wrong answers that need not come in pairs."""

# N answers, M mismatched answers

from __future__ import annotations

import torch


def reference_point(mismatched_M: torch.Tensor, reference_M: torch.Tensor) -> torch.Tensor:
    """Return max(0, mean of log pi - log pi_ref) over answers put to other prompts, a scalar (nats) without gradient.

    It estimates how far the policy has moved from the reference. Ethayarajh et al. 2024 (KTO), section 4.1: the
    estimate is biased, and the loss is not propagated through it. The paper puts answer i + 1 of a batch to prompt i,
    TRL answer i - 1; either way each answer of the batch is used once.
    """
    return (mismatched_M - reference_M).mean().clamp(min=0).detach()


def kto_loss(
    logprobs_N: torch.Tensor,
    reference_N: torch.Tensor,
    right_N: torch.Tensor,
    point: torch.Tensor,
    beta: float,
    *,
    right_weight: float = 1.0,
    wrong_weight: float = 1.0,
) -> torch.Tensor:
    """Return the loss of each answer, shape (N,): weight less value, in [0, weight].

    A right answer has value weight * sigmoid(beta (log ratio - point)), a wrong one weight * sigmoid(beta (point - log
    ratio)). Inputs are log-probabilities (nats) of whole answers; ``right_N`` is bool. Ethayarajh et al. 2024 (KTO),
    eq. 7. TRL's is equal, summed over right and wrong answers and divided by all.
    """
    ratio_N = logprobs_N - reference_N.detach()
    right_N = right_N.bool()
    signed_N = torch.where(right_N, ratio_N - point, point - ratio_N)
    weight_N = torch.where(right_N, right_weight, wrong_weight)
    return weight_N * (1 - torch.sigmoid(beta * signed_N))


def balanced_weights(right: int, wrong: int) -> tuple[float, float]:
    """Return the weights of right and wrong answers that give both kinds the same total, the larger weight being 1.

    Ethayarajh et al. 2024 (KTO), eq. 8, ask that weight * number of the right be 1 to 4/3 times that of the wrong.

    Raises:
        ValueError: there is none of one kind.
    """
    if not right or not wrong:
        raise ValueError(f"{right} right and {wrong} wrong answers cannot be balanced; there must be some of both")
    return min(1.0, wrong / right), min(1.0, right / wrong)
