"""Attention over pages out of order, of one token or of many."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from srm_core.inference.kernels.gpu.attention import plain_attended
from srm_core.inference.kernels.gpu.paging import page_sides

RUNS = {
    "the first token": [(0, 1)],
    "decode at page boundaries": [(15, 1), (16, 1), (31, 1), (32, 1), (33, 1)],
    "seventeen rows": [(n, 1) for n in range(17)],
    "a whole prompt": [(0, 40)],
    "pieces of prompts": [(7, 20), (16, 16), (0, 17), (60, 1)],
}
SHAPES = {
    "one head": {"heads": 1, "kv_heads": 1},
    "no groups": {"heads": 3, "kv_heads": 3, "head_width": 2},
    "a wide group": {"heads": 7, "kv_heads": 1, "head_width": 20},
    "a window of one": {"windows": (0, 1)},
    "a window": {"windows": (0, 9), "head_width": 40},
    "a cap": {"score_cap": 0.7, "query_scalar": 2.0},
}


def _written(batch: Any, shape: Any) -> Any:
    """Fill the slots that the batch's own tokens would have written; those of nobody stay not a number."""
    for row, position in zip(batch.sequence.tolist(), batch.positions.tolist(), strict=True):
        if position >= 0:
            keys, values = page_sides(batch.slabs, 1, int(batch.tables[row, position // 16]), shape)
            keys[:, : shape.head_width, position % 16] = torch.randn(shape.kv_heads, shape.head_width)
            values[:, position % 16, : shape.head_width] = torch.randn(shape.kv_heads, shape.head_width)
    return batch


def _agree(kernels: Any, close: Any, batch: Any, shape: Any, dtype: torch.dtype) -> None:
    q = torch.randn(len(batch.positions), shape.heads, shape.head_width).to(dtype)
    ours = kernels.attended(q, _written(batch, shape), 1, shape)
    assert not ours.isnan().any()
    close(ours, plain_attended(q, batch, 1, shape))
    assert not ours[-2:].any()  # nobody's rows


@pytest.mark.parametrize("runs", RUNS.values(), ids=RUNS)
@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
def test_kernel_and_plain_torch_agree(
    kernels: Any, close: Any, paged: Any, shape_of: Any, runs: Any, changes: Any
) -> None:
    shape = shape_of(**changes)
    _agree(kernels, close, paged(shape, runs, nobody=2), shape, torch.float32)


def test_they_agree_in_half_precision(kernels: Any, close: Any, paged: Any, shape_of: Any) -> None:
    shape, dtype = shape_of(), torch.float16  # the interpreter multiplies no matrices of bfloat16
    _agree(kernels, close, paged(shape, RUNS["pieces of prompts"], dtype=dtype, nobody=2), shape, dtype)


def test_by_hand(operations: Any, paged: Any, shape_of: Any) -> None:
    shape = shape_of(heads=2, kv_heads=1, head_width=2, query_scalar=1.0, windows=(0, 2))
    batch = paged(shape, [(16, 1)])
    for position, (key, value) in {15: (1.0, 10.0), 16: (3.0, 20.0)}.items():
        keys, values = page_sides(batch.slabs, 1, int(batch.tables[0, position // 16]), shape)
        keys[0, :2, position % 16] = torch.tensor([key, 7.0])
        values[0, position % 16, :2] = torch.tensor([value, -value])
    q = torch.tensor([[[1.0, 0.0], [-2.0, 0.0]]])  # two heads of one group; position 14 is out of the window
    made = operations.attended(q, batch, 1, shape)
    first = (10 * math.exp(1) + 20 * math.exp(3)) / (math.exp(1) + math.exp(3))
    second = (10 * math.exp(-2) + 20 * math.exp(-6)) / (math.exp(-2) + math.exp(-6))
    assert made.flatten().tolist() == pytest.approx([first, -first, second, -second], rel=1e-5)
