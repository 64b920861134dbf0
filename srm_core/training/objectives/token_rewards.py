"""The reward of a sequence laid on its tokens, where the distance to a reference is paid for token by token."""

# B sequences, T tokens

from __future__ import annotations

import torch


def token_rewards(score_B: torch.Tensor, kl_BT: torch.Tensor, mask_BT: torch.Tensor, beta: float) -> torch.Tensor:
    """Return -beta KL at each counted token, the score added at the last one; shape (B, T), 0 elsewhere.

    ``kl_BT`` is k1 of each token (nats), taken with the policy that sampled; no gradient flows through the result.
    Ouyang et al. 2022 (InstructGPT), eq. 2 without its last term. A sequence without a counted token gets nothing.
    """
    mask_BT = mask_BT.bool()
    is_last_BT = mask_BT & (mask_BT.flip(1).cumsum(1).flip(1) == 1)
    return (is_last_BT * score_B[:, None] - beta * kl_BT * mask_BT).detach()


def to_go(rewards_BT: torch.Tensor) -> torch.Tensor:
    """Return what is still to come at each token, its own reward included: the sum over i >= t, shape (B, T).

    With `token_rewards` it is r - beta (KL at t and after), the advantage of Hu et al. 2025 (REINFORCE++) before it is
    normalized.
    """
    return rewards_BT.flip(1).cumsum(1).flip(1)
