"""Kernels run here under Triton's interpreter, which must be asked for before they are loaded: in a process of its own
(test_interpreter.py starts it). Here without it: the plain torch beside the kernels, and the decoder made of that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from srm_core.inference.architecture import Architecture
from srm_core.inference.kernels.batch import Batch
from srm_core.inference.kernels.gpu.device_batch import DeviceBatch, SlabAddresses, on_device
from srm_core.inference.kernels.gpu.language import INTERPRETED, triton
from srm_core.inference.kernels.gpu.operations import KERNELS, PLAIN, Operations
from srm_core.inference.kernels.gpu.paging import page_sides
from srm_core.inference.pages import BLOCK, PagePool

SHAPE = Architecture(
    layers=2,
    hidden=16,
    heads=4,
    kv_heads=2,
    head_width=8,
    inner=16,
    vocabulary=50,
    context=200,
    epsilon=1e-5,
    activation="silu",
    embedding_scale=1.0,
    norm_offset=0.0,
    windows=(0, 0),
    rotates=(True, True),
)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _skip_without_kernels() -> None:
    if triton is None:
        pytest.skip("triton is not installed (extra `gpu`)")
    if not INTERPRETED:
        pytest.skip(
            "kernels need TRITON_INTERPRET=1 from the start: test_interpreter.py runs this test in a process so"
        )


@pytest.fixture
def kernels() -> Operations:
    """The Triton kernels."""
    _skip_without_kernels()
    return KERNELS


@pytest.fixture(params=["plain", "kernels"])
def operations(request: pytest.FixtureRequest) -> Operations:
    """The operations in plain torch, and the kernels."""
    if request.param == "kernels":
        _skip_without_kernels()
        return KERNELS
    return PLAIN


@pytest.fixture
def shape_of() -> Callable[..., Architecture]:
    """Return the function that changes the small architecture."""
    return lambda **changes: replace(SHAPE, **changes)


def _paged(
    shape: Architecture, runs: Sequence[tuple[int, int]], *, dtype: torch.dtype = torch.float32, nobody: int = 0
) -> DeviceBatch:
    """Return a batch of ``runs``: (first position, tokens) of each sequence, over random pages out of order.

    Slots no token of the sequence has written are not a number. ``nobody`` more rows fill the batch up.
    """
    torch.manual_seed(len(runs))
    pool = PagePool(shape, dtype=dtype)
    pages = [pool.take() for _ in range(70)][::-1]  # two slabs
    for slab in pool.slabs:
        slab.fill_(float("nan"))
    width = max(-(-(start + count) // BLOCK) for start, count in runs) + 2
    tables = np.zeros((len(runs) + nobody, width), np.int32)
    for row, (start, count) in enumerate(runs):
        used = -(-(start + count) // BLOCK) + 1  # the last one is empty
        tables[row, :used] = [pages.pop(0 if i % 2 else -1) for i in range(used)]
        for layer in range(shape.layers):
            for position in range(start):
                keys, values = page_sides(pool.slabs, layer, int(tables[row, position // BLOCK]), shape)
                keys[:, : shape.head_width, position % BLOCK] = torch.randn(shape.kv_heads, shape.head_width)
                values[:, position % BLOCK, : shape.head_width] = torch.randn(shape.kv_heads, shape.head_width)
    sequence = [np.full(count, row) for row, (_, count) in enumerate(runs)] + [np.arange(nobody) + len(runs)]
    positions = [np.arange(start, start + count) for start, count in runs] + [np.full(nobody, -1)]
    flat = np.concatenate(sequence).astype(np.int32)
    batch = Batch(
        np.zeros_like(flat), np.concatenate(positions).astype(np.int32), flat, tables, np.arange(0, dtype=np.int32)
    )
    addresses = SlabAddresses(torch.device("cpu"), dtype)
    return on_device(batch, shape.heads // shape.kv_heads, pool.slabs, addresses)


@pytest.fixture
def paged() -> Callable[..., DeviceBatch]:
    """Return the function that makes a batch of tokens over pages."""
    return _paged


def _close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert ours.dtype == theirs.dtype
    bound = 2e-5 if ours.dtype == torch.float32 else 2e-2
    torch.testing.assert_close(ours, theirs, rtol=bound, atol=bound)


@pytest.fixture
def close() -> Callable[[Any, Any], None]:
    """Return the function that asserts that two tensors are equal, rounding apart."""
    return _close
