"""The inner activation, SiLU and GELU."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch


@pytest.mark.filterwarnings("ignore:overflow encountered in exp")  # numpy says so, a GPU goes on with infinity
@pytest.mark.parametrize(("rows", "width"), [(1, 1), (17, 37), (2, 1030)])
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_and_plain_torch_agree(kernels: Any, close: Any, rows: int, width: int, gelu: bool, dtype: Any) -> None:
    from srm_core.inference.kernels.gpu.gating import plain_gated

    torch.manual_seed(0)
    both = (3 * torch.randn(rows, 2 * width)).to(dtype)
    gate, up = both.chunk(2, dim=-1)  # rows of a wider matrix
    close(kernels.gated(gate, up, gelu), plain_gated(gate, up, gelu))
    close(kernels.gated(gate.contiguous(), up, gelu), plain_gated(gate, up, gelu))


def test_by_hand(operations: Any) -> None:
    gate, up = torch.tensor([[0.0, 2.0, -1.0]]), torch.tensor([[5.0, 3.0, 4.0]])
    silu = [0.0, 2 / (1 + math.exp(-2)) * 3, -1 / (1 + math.exp(1)) * 4]
    assert operations.gated(gate, up, gelu=False)[0].tolist() == pytest.approx(silu)
    inner = [math.sqrt(2 / math.pi) * (x + 0.044715 * x**3) for x in (2.0, -1.0)]
    gelu = [0.0, 0.5 * 2 * (1 + math.tanh(inner[0])) * 3, 0.5 * -1 * (1 + math.tanh(inner[1])) * 4]
    assert operations.gated(gate, up, gelu=True)[0].tolist() == pytest.approx(gelu, rel=1e-5)
