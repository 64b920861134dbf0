"""Queries and keys turned, keys and values in their pages."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

RUNS = ([(0, 1)], [(15, 1), (16, 1), (31, 2)], [(0, 17), (40, 1)])
SHAPES = {
    "one head": {"heads": 1, "kv_heads": 1},
    "no groups": {"heads": 3, "kv_heads": 3, "head_width": 2},
    "a wide group": {"heads": 7, "kv_heads": 1, "head_width": 6},
    "clipped": {"clip": 0.5, "head_width": 16},
    "not turned": {"rotates": (True, False), "head_width": 40},
}


def _angles(shape: Any) -> tuple[torch.Tensor, torch.Tensor]:
    turn = torch.outer(torch.arange(shape.context), torch.linspace(0.1, 1.0, shape.head_width // 2))
    return turn.cos(), turn.sin()


@pytest.mark.parametrize("runs", RUNS)
@pytest.mark.parametrize("changes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_and_plain_torch_agree(
    kernels: Any, close: Any, paged: Any, shape_of: Any, runs: Any, changes: Any, dtype: Any
) -> None:
    from srm_core.inference.kernels.gpu.rotary import plain_placed

    shape = shape_of(**changes)
    batch, other = (paged(shape, runs, dtype=dtype, nobody=2) for _ in range(2))
    rows = len(batch.positions)
    torch.manual_seed(1)
    q, k, v = (torch.randn(rows, heads, shape.head_width).to(dtype) for heads in (shape.heads, *[shape.kv_heads] * 2))
    ours = kernels.placed(q, k, v, _angles(shape), batch, 1, shape)
    theirs = plain_placed(q, k, v, _angles(shape), other, 1, shape)
    close(ours[:-2], theirs[:-2])
    for one, two in zip(batch.slabs, other.slabs, strict=True):
        assert torch.equal(one.isnan(), two.isnan())  # every slot written, and no other
        close(one.nan_to_num(), two.nan_to_num())
    written = sum(count for _, count in runs) * 2 * shape.kv_heads * shape.head_width
    before = paged(shape, runs, dtype=dtype, nobody=2)
    assert sum(int(slab.isnan().sum()) for slab in before.slabs) == written + sum(
        int(slab.isnan().sum()) for slab in batch.slabs
    )


def test_by_hand(operations: Any, paged: Any, shape_of: Any) -> None:
    shape = shape_of(heads=1, kv_heads=1, head_width=2)
    batch = paged(shape, [(18, 1)])
    quarter = torch.full((shape.context, 1), math.pi / 2)
    q, k, v = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[5.0, 6.0]]])
    turned = operations.placed(q, k, v, (quarter.cos(), quarter.sin()), batch, 0, shape)
    assert turned.flatten().tolist() == pytest.approx([-4.0, 3.0], abs=1e-6)
    page = int(batch.tables[0, 1])  # positions 16 to 31
    keys, values = batch.slabs[page // 64][0, page % 64].view(2, 16, 16)
    assert keys[:2, 2].tolist() == pytest.approx([-2.0, 1.0], abs=1e-6)
    assert values[2, :2].tolist() == [5.0, 6.0]
