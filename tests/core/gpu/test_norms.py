"""RMSNorm, with the addition before it."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch


@pytest.mark.parametrize("form", [(1, 1), (17, 7), (3, 2, 48), (1, 130)])
@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_and_plain_torch_agree(kernels: Any, close: Any, form: Any, adds: bool, dtype: Any) -> None:
    from srm_core.inference.kernels.gpu.norms import plain_normed

    torch.manual_seed(0)
    x, made = torch.randn(form).to(dtype), torch.randn(form).to(dtype)
    weight = torch.randn(form[-1]).to(dtype)
    given = (x, weight, 1e-5, 1.0, made if adds else None)
    for ours, theirs in zip(kernels.normed(*given), plain_normed(*given), strict=True):
        close(ours, theirs)


def test_by_hand(operations: Any) -> None:
    x, made = torch.tensor([[1.0, 2.0]]), torch.tensor([[2.0, 2.0]])
    total, out = operations.normed(x, torch.tensor([2.0, -1.0]), 0.5, 1.0, made)
    assert total.tolist() == [[3.0, 4.0]]
    root = math.sqrt((3 * 3 + 4 * 4) / 2 + 0.5)
    assert out[0].tolist() == pytest.approx([3 / root * (2 + 1), 4 / root * (-1 + 1)])
    same, out = operations.normed(x, torch.tensor([2.0, -1.0]), 0.0, 0.0)
    assert same is x
    assert out[0].tolist() == pytest.approx([2 / math.sqrt(2.5), -2 / math.sqrt(2.5)])
