"""The loss of one token by its advantage, with or without a limit on how far one batch may move the policy."""

# B sequences, T tokens

from __future__ import annotations

import torch


def clipped(ratio_BT: torch.Tensor, advantage_BT: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Return -min(ratio A, clip(ratio, 1 - low, 1 + high) A), shape (B, T).

    With ``low == high`` it is PPO's clip (Schulman et al. 2017, eq. 7); with ``high > low`` the clip-higher of DAPO
    (Yu et al. 2025, eq. 10), which lets unlikely tokens grow. Both lie in [0, 1). Beyond the limit, on the side to
    which the advantage pushes, the gradient is 0.
    """
    limited_BT = ratio_BT.clamp(1 - low, 1 + high)
    return -torch.minimum(ratio_BT * advantage_BT, limited_BT * advantage_BT)


def reinforced(logprobs_BT: torch.Tensor, advantage_BT: torch.Tensor) -> torch.Tensor:
    """Return -A log pi, shape (B, T): the policy gradient without a ratio. Williams 1992 (REINFORCE).

    Ahmadian et al. 2024 (RLOO) train so: one step a batch, so that there is no older policy to be held to. TRL's RLOO
    clips the ratio of whole sequences instead, whose gradient at ratio 1 is the same.
    """
    return -advantage_BT.detach() * logprobs_BT
