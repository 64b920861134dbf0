"""The loss of a value head: how far its predictions lie from the returns."""

# B sequences, T tokens

from __future__ import annotations

import torch


def value_loss(
    values_BT: torch.Tensor,
    old_BT: torch.Tensor,
    returns_BT: torch.Tensor,
    mask_BT: torch.Tensor,
    *,
    clip: float | None = 0.2,
) -> torch.Tensor:
    """Return half the mean over counted tokens of max((V - R)^2, (V clipped to old +- clip - R)^2), a scalar.

    The squared error is Schulman et al. 2017 (PPO), eq. 9. Clipping is not in the paper; it is in the authors' code
    (Engstrom et al. 2020, section 3) and ``clip=None`` leaves it out. ``old_BT`` are the values when the batch was
    sampled; no gradient flows through them or the returns. Without any counted token the loss is 0.
    """
    old_BT, returns_BT = old_BT.detach(), returns_BT.detach()
    error_BT = (values_BT - returns_BT).square()
    if clip is not None:
        held_BT = old_BT + (values_BT - old_BT).clamp(-clip, clip)
        error_BT = torch.maximum(error_BT, (held_BT - returns_BT).square())
    return (error_BT * mask_BT).sum() / mask_BT.sum().clamp(min=1) / 2
