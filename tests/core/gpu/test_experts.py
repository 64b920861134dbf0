"""The grouped products of a mixture of experts."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.inference.kernels.gpu.experts import plain_mixed, tiles
from srm_core.inference.kernels.mixture import routed


@pytest.mark.parametrize(
    ("tokens", "experts", "active", "hidden", "inner", "gelu"),
    [(1, 5, 2, 48, 37, False), (17, 3, 1, 1, 1, True), (9, 8, 8, 33, 70, False), (70, 2, 2, 40, 9, True)],
)
def test_kernel_and_plain_torch_agree(
    kernels: Any, close: Any, tokens: int, experts: int, active: int, hidden: int, inner: int, gelu: bool
) -> None:
    torch.manual_seed(0)
    y = torch.randn(tokens, hidden)
    gate_up = torch.randn(experts, 2 * inner, hidden) / hidden**0.5
    down = torch.randn(experts, hidden, inner) / inner**0.5
    shares, chosen = routed(torch.randn(tokens, experts), active, normalized=True)
    given = (y, shares, chosen, gate_up, down, gelu)
    close(kernels.mixed(*given), plain_mixed(*given))


def test_they_agree_in_half_precision(kernels: Any, close: Any) -> None:
    torch.manual_seed(0)  # the interpreter multiplies no matrices of bfloat16
    y, gate_up, down = (torch.randn(*form).half() / 6 for form in ((5, 40), (4, 24, 40), (4, 40, 12)))
    shares, chosen = routed(torch.randn(5, 4), 2, normalized=False)
    given = (y, shares, chosen, gate_up, down, False)
    close(kernels.mixed(*given), plain_mixed(*given))


def test_pairs_are_ordered_by_expert_and_padded_to_whole_tiles() -> None:
    chosen = torch.tensor([[2, 0], [2, 3], [3, 2]])  # of four experts; pairs 0 to 5
    pairs, experts = tiles(chosen, experts=4, rows=2)
    assert experts.tolist() == [0, 2, 2, 3, 4, 4, 4]  # at the worst 4 + 6 // 2 tiles; expert 4 is none
    assert pairs.tolist() == [[1, -1], [0, 2], [5, -1], [3, 4], [-1, -1], [-1, -1], [-1, -1]]


def test_by_hand(operations: Any) -> None:
    gate_up = torch.tensor([[[1.0], [2.0]], [[3.0], [-1.0]]])  # two experts: gate and up of width 1
    down = torch.tensor([[[1.0]], [[2.0]]])
    y = torch.tensor([[2.0], [-1.0]])
    shares, chosen = torch.tensor([[0.75, 0.25], [0.5, 0.5]]), torch.tensor([[0, 1], [1, 0]])

    def silu(x: float) -> float:
        return x / (1 + 2.718281828459045**-x)

    first = 0.75 * silu(2 * 1) * (2 * 2) * 1 + 0.25 * silu(2 * 3) * (2 * -1) * 2
    second = 0.5 * silu(-1 * 3) * (-1 * -1) * 2 + 0.5 * silu(-1 * 1) * (-1 * 2) * 1
    made = operations.mixed(y, shares, chosen, gate_up, down, False)
    assert made[:, 0].tolist() == pytest.approx([first, second], rel=1e-5)
