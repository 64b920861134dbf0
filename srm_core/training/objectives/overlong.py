"""A soft penalty for answers that near the longest allowed, instead of a sudden one for being cut."""

# B sequences

from __future__ import annotations

import torch


def soft_overlong_penalty(lengths_B: torch.Tensor, longest: int, cache: int) -> torch.Tensor:
    """Return 0 up to ``longest - cache`` tokens, then (longest - cache - length) / cache, -1 beyond ``longest``.

    Shape (B,), in [-1, 0], float32; to be added to the reward. ``lengths_B`` counts all tokens of an answer, the
    calculator's and the end token included. Yu et al. 2025 (DAPO), eq. 13; TRL's is equal.

    Raises:
        ValueError: not 0 < cache <= longest.
    """
    if not 0 < cache <= longest:
        raise ValueError(f"the penalty begins {cache} tokens before {longest}: it must begin 1 to {longest} before it")
    return ((longest - cache - lengths_B.float()) / cache).clamp(-1.0, 0.0)
