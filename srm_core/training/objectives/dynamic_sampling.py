"""Which groups of samples can teach anything."""

# G groups (problems), K samples of each

from __future__ import annotations

import torch


def informative(rewards_GK: torch.Tensor) -> torch.Tensor:
    """Say of each group whether two of its scored samples were paid differently, shape (G,), bool.

    A group of equal rewards has advantage 0 everywhere and moves nothing. Yu et al. 2025 (DAPO), eq. 11, keeps groups
    with 0 < number correct < K; for a reward of 0 or 1 that is the same, and with several terms this keeps the groups
    that have a gradient. NaN is an unscored sample and not looked at.
    """
    unscored_GK = rewards_GK.isnan()
    return rewards_GK.masked_fill(unscored_GK, -torch.inf).amax(dim=1) > rewards_GK.masked_fill(
        unscored_GK, torch.inf
    ).amin(dim=1)
