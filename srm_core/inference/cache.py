"""A key/value cache of fixed size: written in place, read as a view, rows copied or dropped in one step."""

# R rows, H key/value heads, L slots, D head width

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, DynamicLayer


class SlottedLayer(DynamicLayer):  # type: ignore[misc]
    """One layer's keys and values ``(R, H, L, D)``; `update` writes the next slots and returns a view of the used ones.

    A `DynamicLayer` copies everything at every token; this one copies nothing.
    """

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots
        self.used = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Reserve the slots when the shapes are known."""
        self.dtype, self.device = key_states.dtype, key_states.device
        rows, heads, _, width = key_states.shape
        self.keys = torch.zeros(rows, heads, self.slots, width, dtype=self.dtype, device=self.device)
        self.values = torch.zeros(rows, heads, self.slots, value_states.shape[-1], dtype=self.dtype, device=self.device)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the new states after the used slots; return all used keys and values."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.used + key_states.shape[-2]
        self.keys[:, :, self.used : end] = key_states
        self.values[:, :, self.used : end] = value_states
        self.used = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        """Return how many slots are used."""
        return self.used

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return (key/value length after this step, offset), as the mask builder wants them."""
        return self.used + query_length, 0

    def get_max_length(self) -> int:
        """Return how many slots there are."""
        return self.slots

    def select(self, rows_R: torch.Tensor) -> None:
        """Keep (or repeat) the given rows."""
        self.keys = self.keys.index_select(0, rows_R)
        self.values = self.values.index_select(0, rows_R)


class SlottedCache(Cache):  # type: ignore[misc]
    """A cache of ``layers`` slotted layers for one batch."""

    def __init__(self, layers: int, slots: int) -> None:
        super().__init__(layers=[SlottedLayer(slots) for _ in range(layers)])

    def select(self, rows_R: torch.Tensor) -> None:
        """Keep (or repeat) the given rows in every layer."""
        for layer in self.layers:
            layer.select(rows_R)
