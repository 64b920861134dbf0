"""The short text on which a decoder is compared with transformers, and how far its logits are off on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

TOKENS = 40  # three pages, the last one not full


def short_text(vocabulary: int) -> np.ndarray:
    """Return `TOKENS` ids spread over the vocabulary."""
    return np.arange(TOKENS, dtype=np.int32) * 7919 % vocabulary


def off_by(ours: torch.Tensor, model: Any, ids: np.ndarray, *, mean: bool) -> float:
    """Return how far ``ours`` (T, V) are from the logits of ``model`` on ``ids``, in shares of their spread.

    The largest difference, or with ``mean`` the root mean square.
    """
    given = torch.from_numpy(ids).long()[None].to(ours.device)
    theirs = model(given, use_cache=False).logits[0].float()
    off = (ours - theirs) / theirs.std().clamp(min=1e-6)
    return float(off.pow(2).mean().sqrt() if mean else off.abs().max())
