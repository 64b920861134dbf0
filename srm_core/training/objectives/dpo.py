"""Direct preference optimization: a pair of answers as a classification by the policy's own likelihoods."""

# N pairs

from __future__ import annotations

import torch


def dpo_loss(
    chosen_N: torch.Tensor,
    rejected_N: torch.Tensor,
    reference_chosen_N: torch.Tensor,
    reference_rejected_N: torch.Tensor,
    beta: float,
) -> torch.Tensor:
    """Return -log sigmoid(beta (log ratio of the chosen - log ratio of the rejected)) of each pair, shape (N,), nats.

    All inputs are log-probabilities (nats) of whole answers: sums over their counted tokens. ``beta > 0`` is the
    strength of the hold on the reference. Rafailov et al. 2023 (DPO), eq. 7. One of our two source surveys prints it
    without the reference and with beta as a margin, which is another loss. TRL's ``sigmoid`` is equal.
    """
    return -torch.nn.functional.logsigmoid(
        beta * margins(chosen_N, rejected_N, reference_chosen_N, reference_rejected_N)
    )


def margins(
    chosen_N: torch.Tensor,
    rejected_N: torch.Tensor,
    reference_chosen_N: torch.Tensor,
    reference_rejected_N: torch.Tensor,
) -> torch.Tensor:
    """Return by how much more the policy than the reference prefers the chosen answers, shape (N,), nats."""
    return (chosen_N - reference_chosen_N.detach()) - (rejected_N - reference_rejected_N.detach())
