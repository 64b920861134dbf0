"""Decode steps recorded once and replayed: a step of few rows costs more in launches than in arithmetic."""

# O outputs, V vocabulary

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ..batch import Batch
from .device_batch import DecodeBuffers, DeviceBatch, SlabAddresses

SIZES = (1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256)  # rows; a step is padded to the next of them
Step = Callable[[], torch.Tensor]


class DecodeGraphs:
    """Replays decode steps. ``run`` is the forward pass, ``record`` makes of it a step that reads the same buffers.

    Slabs may be added in between, since kernels find them by ``addresses``, and weights change where they are. With
    another adapter the pass is another: call `forget`.
    """

    def __init__(
        self,
        run: Callable[[DeviceBatch], torch.Tensor],
        width: int,
        addresses: SlabAddresses,
        record: Callable[[Step], Step] | None = None,
    ) -> None:
        self.run = run
        self.width = width  # pages of the longest sequence
        self.addresses = addresses
        self.record = record or _recorded
        self._steps: dict[int, tuple[DecodeBuffers, Step]] = {}

    def forget(self) -> None:
        """Record every step anew when it is next wanted."""
        self._steps.clear()

    def logits(self, batch: Batch, slabs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the logits (O, V) of a decode step of at most ``SIZES[-1]`` rows, valid until the next one."""
        self.addresses.follow(slabs)
        rows = len(batch.ids)
        size = next(size for size in SIZES if size >= rows)
        if size not in self._steps:
            buffers = DecodeBuffers(size, self.width, slabs, self.addresses)
            self._steps[size] = buffers, self.record(lambda: self.run(buffers.batch))
        buffers, step = self._steps[size]
        buffers.fill(batch)
        return step()[:rows]


def _recorded(step: Step) -> Step:
    """Return the step as a CUDA graph; it is run before on rows that are nobody's, so that everything is compiled."""
    aside: torch.cuda.Stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(2):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        made = step()

    def replayed() -> torch.Tensor:
        graph.replay()
        return made

    return replayed
