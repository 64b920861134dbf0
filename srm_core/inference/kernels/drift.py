"""The short text on which a decoder is compared with transformers, and how far its logits are off on it."""

# T tokens, V vocabulary

from __future__ import annotations

from typing import Any

import numpy as np
import torch

TOKENS = 40  # three pages, the last one not full


def short_text(vocabulary: int) -> np.ndarray:
    """Return `TOKENS` ids spread over the vocabulary."""
    return np.arange(TOKENS, dtype=np.int32) * 7919 % vocabulary


@torch.no_grad()
def logits_of(model: Any, ids: np.ndarray) -> torch.Tensor:
    """Return what a transformers model says (T, V) of the ids of a text."""
    given = torch.from_numpy(ids).long()[None].to(next(model.parameters()).device)
    logits: torch.Tensor = model(given, use_cache=False).logits[0].float()
    return logits


def off_by(ours: torch.Tensor, theirs: torch.Tensor, *, mean: bool) -> float:
    """Return how far logits (T, V) are from others, in shares of the others' spread.

    The largest difference, or with ``mean`` the root mean square.
    """
    off = (ours - theirs) / theirs.std().clamp(min=1e-6)
    return float(off.pow(2).mean().sqrt() if mean else off.abs().max())
