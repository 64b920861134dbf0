"""Weights of 4 bits: rounded, packed, multiplied."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.inference.kernels.gpu.four_bit import GROUP, MOST_ROWS, packed, plain_product, unpacked


@pytest.mark.parametrize(("outputs", "inputs"), [(1, 1), (17, 33), (5, 64), (40, 300)])
@pytest.mark.parametrize("rows", [1, MOST_ROWS, MOST_ROWS + 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_and_plain_torch_agree(
    kernels: Any, close: Any, outputs: int, inputs: int, rows: int, dtype: Any
) -> None:
    torch.manual_seed(0)
    weight = packed(torch.randn(outputs, inputs) / inputs**0.5)
    x = torch.randn(rows, inputs).to(dtype)
    close(kernels.product(x, weight), plain_product(x, weight))


def test_a_weight_is_off_by_at_most_half_a_step_of_its_group() -> None:
    torch.manual_seed(0)
    weight = torch.randn(9, 2 * GROUP + 5)
    weight[3, :GROUP] = 0.0
    off = (unpacked(packed(weight)) - weight).abs()
    for start in range(0, weight.shape[1], GROUP):
        group = weight[:, start : start + GROUP]
        step = group.abs().amax(dim=1, keepdim=True) / 7
        assert (off[:, start : start + GROUP] <= step * (0.5 + 7 * 2**-11) + 1e-9).all()  # the scale has 11 bits


def test_by_hand() -> None:
    weight = packed(torch.tensor([[0.75, -1.75, 0.0, 1.0]]))  # the step is 1.75 / 7 = 0.25
    assert weight.scales.tolist() == [[0.25]]
    assert weight.packed[0, :2].tolist() == [(3 + 8) + 16 * (-7 + 8), (0 + 8) + 16 * (4 + 8)]
    assert unpacked(weight).tolist() == [[0.75, -1.75, 0.0, 1.0]]
    assert (weight.inputs, weight.packed.shape) == (4, (1, GROUP // 2))
