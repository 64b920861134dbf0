"""What a forward pass is given: tokens of several sequences side by side, each with its place and its pages."""

# N tokens, S sequences, W pages of a table, O outputs, V vocabulary

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ..adapters import Adapter
from ..architecture import Architecture
from ..choosing import Asked

MOST_TOKENS = 512  # of one pass; longer prompts are read in pieces
MOST_OUTPUTS = 256  # rows of logits of one pass


@dataclass(frozen=True)
class Batch:
    """N tokens, those of a sequence in order; all keys and values are written before any token looks at them.

    ``outputs`` are the places (0..N-1) of the tokens whose logits are wanted.
    """

    ids: np.ndarray  # (N,) int32
    positions: np.ndarray  # (N,) int32
    sequence: np.ndarray  # (N,) int32, row of ``tables``
    tables: np.ndarray  # (S, W) int32, the pages of each sequence in order
    outputs: np.ndarray  # (O,) int32


class Decoder(Protocol):
    """A model's weights, ready for forward passes over the pages of a pool."""

    shape: Architecture

    def forward(self, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        """Return the logits (O, V), valid until the next pass."""
        ...

    def choose(self, logits_RV: torch.Tensor, asked: Asked) -> tuple[list[int], list[float]]:
        """Return (token, its log-probability in nats under the tempered distribution) of each row."""
        ...

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew from the model they came from."""
        ...

    def adapt(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        ...
