"""Generalized advantage estimation, for PPO with a value head."""

# B sequences, T tokens

from __future__ import annotations

import torch


def generalized_advantages(
    rewards_BT: torch.Tensor,
    values_BT: torch.Tensor,
    mask_BT: torch.Tensor,
    *,
    gamma: float = 1.0,
    lam: float = 0.95,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return (advantages, returns), both (B, T) and 0 where a token does not count; the unit is that of the reward.

    delta_t = r_t + gamma V(t+1) - V(t) and A_t = delta_t + gamma lam A_(t+1), from the end; the value after the last
    token is 0 and the return is A_t + V(t). Schulman et al. 2016 (GAE), eq. 16; Schulman et al. 2017 (PPO), eq. 11, 12.
    ``gamma`` and ``lam`` lie in [0, 1]. Tokens that do not count (padding, the calculator's) are no actions: the one
    after a counted token is the next counted token.
    """
    mask_BT = mask_BT.bool()
    advantages_BT = torch.zeros_like(rewards_BT)
    next_value_B = torch.zeros_like(rewards_BT[:, 0])
    next_advantage_B = torch.zeros_like(rewards_BT[:, 0])
    for t in reversed(range(rewards_BT.shape[1])):
        counts_B = mask_BT[:, t]
        delta_B = rewards_BT[:, t] + gamma * next_value_B - values_BT[:, t]
        advantage_B = delta_B + gamma * lam * next_advantage_B
        advantages_BT[:, t] = torch.where(counts_B, advantage_B, torch.zeros_like(advantage_B))
        next_advantage_B = torch.where(counts_B, advantage_B, next_advantage_B)
        next_value_B = torch.where(counts_B, values_BT[:, t], next_value_B)
    return advantages_BT, (advantages_BT + values_BT) * mask_BT
