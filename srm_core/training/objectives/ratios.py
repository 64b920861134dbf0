"""Importance ratios: how much likelier a token, or a whole answer, is now than when it was sampled."""

# B sequences, T tokens

from __future__ import annotations

import torch


def token_ratio(logprobs_BT: torch.Tensor, old_BT: torch.Tensor) -> torch.Tensor:
    """Return exp(log pi - log pi_old) of each token, shape (B, T), above 0. Schulman et al. 2017 (PPO), section 3.

    ``old_BT`` are log-probabilities (nats) under the policy that sampled; no gradient flows through them.
    """
    return (logprobs_BT - old_BT.detach()).exp()


def sequence_ratio(logprobs_BT: torch.Tensor, old_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return exp of the mean of log pi - log pi_old over a sequence's counted tokens, for each token, shape (B, T).

    Zheng et al. 2025 (GSPO), eq. 7: the ratio of the sequence's probabilities to the power 1 / length. A sequence
    without a counted token has ratio 1.
    """
    mask_BT = mask_BT.to(logprobs_BT.dtype)
    change_B1 = ((logprobs_BT - old_BT.detach()) * mask_BT).sum(dim=1, keepdim=True)
    return (change_B1 / mask_BT.sum(dim=1, keepdim=True).clamp(min=1)).exp().expand_as(logprobs_BT)
