"""How much better a sample was than it was to be expected: one number a sample, or a token, without a value model.

A reward that is NaN is that of a sample nobody could score: it is no part of any mean or deviation, and its advantage
is 0. A group whose rewards are all equal has advantage 0 exactly; plain subtraction would leave rounding errors, which
division by a small number makes large.
"""

# G groups (problems), K samples of each, B = G * K sequences, T tokens

from __future__ import annotations

import torch

from .dynamic_sampling import informative

EPSILON = 1e-4  # added to a group's deviation; the paper has none, TRL has this one
TINY = 1e-8  # the same for a whole batch, whose deviation is never that of two or three samples


def group_relative(rewards_GK: torch.Tensor) -> torch.Tensor:
    """Return (r - mean) / (std + 1e-4) within each group, shape (G, K), no unit.

    ``std`` is that of a sample: squares are divided by the number of scored samples less one. Shao et al. 2024
    (DeepSeekMath), section 4.1.2, and Yu et al. 2025 (DAPO), eq. 9. They leave the divisor open; it is TRL's here.
    """
    centred_GK = centred(rewards_GK)
    counted_G1 = (~rewards_GK.isnan()).sum(dim=1, keepdim=True)
    variance_G1 = centred_GK.square().sum(dim=1, keepdim=True) / (counted_G1 - 1).clamp(min=1)
    return centred_GK / (variance_G1.sqrt() + EPSILON)


def centred(rewards_GK: torch.Tensor) -> torch.Tensor:
    """Return r - mean within each group, shape (G, K), in the unit of the reward.

    Liu et al. 2025 (Dr. GRPO), section 3.2: the deviation is left out, for it weighs questions by their difficulty.
    """
    scored_GK = ~rewards_GK.isnan()
    known_GK = rewards_GK.nan_to_num(nan=0.0)
    mean_G1 = known_GK.sum(dim=1, keepdim=True) / scored_GK.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.where(scored_GK & informative(rewards_GK)[:, None], known_GK - mean_G1, torch.zeros_like(known_GK))


def leave_one_out(rewards_GK: torch.Tensor) -> torch.Tensor:
    """Return r less the mean of the group's other samples, shape (G, K), in the unit of the reward.

    Ahmadian et al. 2024 (RLOO), section on REINFORCE leave-one-out, after Kool et al. 2019. Computed as n / (n - 1)
    times `centred`, which is the same number. A sample that is the only scored one has no others: advantage 0.
    """
    counted_G1 = (~rewards_GK.isnan()).sum(dim=1, keepdim=True)
    return centred(rewards_GK) * counted_G1 / (counted_G1 - 1).clamp(min=1)


def globally_normalized(advantages_BT: torch.Tensor, mask_BT: torch.Tensor) -> torch.Tensor:
    """Return (A - mean) / (std + 1e-8) over all counted tokens of the batch, shape (B, T), 0 elsewhere; no unit.

    ``mask_BT`` is true where a token counts. The divisor of the variance is the number of those tokens. Hu et al. 2025
    (REINFORCE++), the equation of the normalized advantage. TRL has no such method: its ``scale_rewards="batch"``
    divides by one deviation of all rewards, but subtracts the mean of each group.
    """
    mask_BT = mask_BT.bool()
    counted_N = advantages_BT[mask_BT]
    if not len(counted_N) or bool(counted_N.max() == counted_N.min()):
        return torch.zeros_like(advantages_BT)
    mean = counted_N.mean()
    deviation = (counted_N - mean).square().mean().sqrt()
    return torch.where(mask_BT, (advantages_BT - mean) / (deviation + TINY), torch.zeros_like(advantages_BT))
