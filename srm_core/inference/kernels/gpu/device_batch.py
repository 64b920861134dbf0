"""A batch on the device: where each token stands, which tokens attend together, and where the pages lie."""

# N tokens, S sequences, W pages of a table, O outputs, P pieces, B rows of a decode step

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from ..batch import Batch

NOBODY = -1  # the position of a row that only fills a batch up: nothing is read or written for it
MOST_SLABS = 1 << 16
PIECE_ROWS = 64  # query rows (tokens times heads of a group) that look at the same keys together


@dataclass(frozen=True)
class DeviceBatch:
    """N tokens and their pages. A piece is a run of tokens of one sequence, at most ``longest``."""

    ids: torch.Tensor  # (N,) int64
    positions: torch.Tensor  # (N,) int32, or NOBODY
    sequence: torch.Tensor  # (N,) int32, row of ``tables``
    tables: torch.Tensor  # (S, W) int32
    outputs: torch.Tensor  # (O,) int64
    firsts: torch.Tensor  # (P,) int32, the first token of each piece
    counts: torch.Tensor  # (P,) int32, its tokens
    longest: int
    slabs: Sequence[torch.Tensor]  # as the pool holds them, for the plain operations
    addresses: torch.Tensor  # (MOST_SLABS,) int64, where they begin, for the kernels


class SlabAddresses:
    """Where the slabs of a pool begin, in a tensor that stays where it is: a captured graph goes on reading it."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.tensor = torch.zeros(MOST_SLABS, dtype=torch.int64, device=device)
        self.dtype = dtype
        self._known: list[int] = []

    def follow(self, slabs: Sequence[torch.Tensor]) -> None:
        """Write down where the slabs are, if that has changed."""
        for slab in slabs[len(self._known) :]:
            assert (slab.device, slab.dtype) == (self.tensor.device, self.dtype), "the pool is made by the decoder"
        found = [slab.data_ptr() for slab in slabs]
        if found != self._known:
            self.tensor[: len(found)] = torch.tensor(found, dtype=torch.int64).to(self.tensor.device)
            self._known = found


def pieces(batch: Batch, most: int) -> tuple[list[int], list[int]]:
    """Return first token and length of each run of tokens that follow each other in a sequence, cut to ``most``."""
    follows = (np.diff(batch.sequence) == 0) & (np.diff(batch.positions) == 1)
    starts = [0, *(np.flatnonzero(~follows) + 1).tolist(), len(batch.ids)]
    firsts, counts = [], []
    for start, end in pairwise(starts):
        for first in range(start, end, most):
            firsts.append(first)
            counts.append(min(most, end - first))
    return firsts, counts


def on_device(batch: Batch, group: int, slabs: Sequence[torch.Tensor], addresses: SlabAddresses) -> DeviceBatch:
    """Return the batch on the device of ``addresses``; ``group`` heads share a head of keys."""
    addresses.follow(slabs)
    device = addresses.tensor.device
    firsts, counts = pieces(batch, max(1, PIECE_ROWS // group))

    def there(array: np.ndarray, dtype: torch.dtype = torch.int32) -> torch.Tensor:
        return torch.from_numpy(array).to(device, dtype)

    return DeviceBatch(
        ids=there(batch.ids, torch.int64),
        positions=there(batch.positions),
        sequence=there(batch.sequence),
        tables=there(batch.tables),
        outputs=there(batch.outputs, torch.int64),
        firsts=there(np.array(firsts, np.int32)),
        counts=there(np.array(counts, np.int32)),
        longest=1 if max(counts) == 1 else max(1, PIECE_ROWS // group),
        slabs=slabs,
        addresses=addresses.tensor,
    )


def is_decode(batch: Batch) -> bool:
    """Whether every sequence gives one token and asks for what comes after it."""
    rows = np.arange(len(batch.tables), dtype=np.int32)
    return np.array_equal(batch.sequence, rows) and np.array_equal(batch.outputs, rows)


class DecodeBuffers:
    """A decode step of ``rows`` rows in tensors that stay where they are; rows that are not filled are nobody's."""

    def __init__(self, rows: int, width: int, slabs: Sequence[torch.Tensor], addresses: SlabAddresses) -> None:
        device = addresses.tensor.device
        numbers = torch.arange(rows, dtype=torch.int32, device=device)
        self.batch = DeviceBatch(
            ids=torch.zeros(rows, dtype=torch.int64, device=device),
            positions=torch.full_like(numbers, NOBODY),
            sequence=numbers,
            tables=torch.zeros(rows, width, dtype=torch.int32, device=device),
            outputs=numbers.long(),
            firsts=numbers,
            counts=torch.ones_like(numbers),
            longest=1,
            slabs=slabs,
            addresses=addresses.tensor,
        )

    def fill(self, batch: Batch) -> None:
        """Put a decode step of at most as many rows in."""
        rows, width = batch.tables.shape
        self.batch.ids[:rows].copy_(torch.from_numpy(batch.ids))
        self.batch.positions[:rows].copy_(torch.from_numpy(batch.positions))
        self.batch.positions[rows:].fill_(NOBODY)
        self.batch.tables[:rows, :width].copy_(torch.from_numpy(batch.tables))
