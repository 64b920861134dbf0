"""Parts of a batch: some of its rows, without the padding that none of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

SEEN = ("attention_mask", "seen")  # names of what is 1 where a token counts and 0 for padding on the right


def rows_of(inputs: Mapping[str, Any]) -> int:
    """Return the number of rows of a batch, the first dimension of each of its tensors."""
    return max(len(value) for value in inputs.values() if isinstance(value, torch.Tensor))


def part_of(inputs: Mapping[str, Any], start: int, stop: int) -> dict[str, Any]:
    """Return rows ``start`` to ``stop`` of a batch, without columns in which all of them are padding."""
    rows = rows_of(inputs)
    part = {
        name: value[start:stop] if isinstance(value, torch.Tensor) and len(value) == rows else value
        for name, value in inputs.items()
    }
    seen = next((part[name] for name in SEEN if name in part), None)
    if seen is None:
        return part
    width, used = seen.shape[1], int(seen.bool().any(dim=0).nonzero().max()) + 1
    return {
        name: value[:, :used] if isinstance(value, torch.Tensor) and value.shape[1:2] == (width,) else value
        for name, value in part.items()
    }
