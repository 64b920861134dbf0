"""The parameter penalty of unequal experts, and the parameters a token uses, against numbers worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from srm_core.models.load import load_weights
from srm_core.training.experts.active import (
    active_in_experts,
    active_parameters,
    expert_parameters,
    shared_parameters,
    widths_of,
)
from srm_core.training.experts.balance import switch_loss
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.penalty import parameter_penalty
from srm_core.training.experts.routing import Decisions

LOG3 = math.log(3)
LOGITS = torch.tensor([[LOG3, 0.0], [LOG3, 0.0], [0.0, LOG3]])  # p = (3/4, 1/4) twice, (1/4, 3/4)
CHOSEN = torch.tensor([[0], [0], [1]])


def test_the_penalty_by_hand() -> None:
    # f = (2/3, 1/3), widths 1 and 3 of a mean of 2, P = ((3 + 3 + 1) / 12, (1 + 1 + 3) / 12)
    wanted = 2 * (2 / 3 * 1 / 2 * 7 / 12 + 1 / 3 * 3 / 2 * 5 / 12)
    assert parameter_penalty(LOGITS, CHOSEN, [1, 3]).item() == pytest.approx(wanted)


def test_the_paper_s_equation_as_printed_is_k_times_the_mean_width_of_ours() -> None:
    # eq. 4 with widths 10 and 30: M = (2/3 * 10, 1/3 * 30); N * sum of M_i P_i; K = 1, mean width 20
    printed = 2 * (2 / 3 * 10 * 7 / 12 + 1 / 3 * 30 * 5 / 12)
    assert parameter_penalty(LOGITS, CHOSEN, [10, 30]).item() == pytest.approx(printed / (1 * 20))
    # both experts of each token, K = 2: shares of tokens are (1, 1)
    pairs = torch.tensor([[0, 1], [0, 1], [1, 0]])
    printed = 2 * (1 * 10 * 7 / 12 + 1 * 30 * 5 / 12)
    assert parameter_penalty(LOGITS, pairs, [10, 30]).item() == pytest.approx(printed / (2 * 20))


@pytest.mark.parametrize("top_k", [1, 2, 3])
def test_of_equal_experts_it_is_the_switch_loss(top_k: int) -> None:
    logits = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
    chosen = logits.topk(top_k, dim=-1).indices
    assert parameter_penalty(logits, chosen, [7] * 6).item() == pytest.approx(switch_loss(logits, chosen).item())


def test_even_routing_costs_one_and_a_single_expert_n_times_its_relative_width() -> None:
    even = torch.zeros(4, 4), torch.tensor([[0], [1], [2], [3]])
    assert parameter_penalty(*even, [1, 2, 4, 9]).item() == pytest.approx(1)
    for expert, width in enumerate([1, 2, 4, 9]):  # their mean is 4
        logits = torch.full((5, 4), -100.0).index_fill(1, torch.tensor([expert]), 100.0)
        chosen = torch.full((5, 1), expert)
        assert parameter_penalty(logits, chosen, [1, 2, 4, 9]).item() == pytest.approx(4 * width / 4)


def test_the_gradient_of_the_penalty_by_hand() -> None:
    logits = torch.zeros(1, 2, requires_grad=True)
    parameter_penalty(logits, torch.tensor([[1]]), [1, 3]).backward()
    # f = (0, 1), so it is 2 * 3/2 * p_1; dp_1/dx_1 = 1/4, dp_1/dx_0 = -1/4
    torch.testing.assert_close(logits.grad, torch.tensor([[-0.75, 0.75]]))


def test_active_parameters_by_hand(unequal: Path, upcycled: Path) -> None:
    model = load_weights(unequal)
    assert widths_of(model) == {0: (16, 32, 64, 128), 1: (16, 32, 64, 128)}
    assert widths_of(load_weights(upcycled)) == {}
    small, second, third, large = (3 * 64 * width for width in (16, 32, 64, 128))  # three matrices, 64 wide
    assert [expert_parameters(block) for block in moe_blocks(model)] == [[small, second, third, large]] * 2
    # embeddings (tied), 2 layers of queries, keys, values, outputs, norms and a router, the last norm
    shared = 259 * 64 + 2 * (64 * 64 + 2 * 64 * 32 + 64 * 64 + 2 * 64 + 4 * 64) + 64
    assert shared_parameters(model) == shared
    first = Decisions(torch.zeros(2, 4), torch.tensor([[0, 3], [0, 1]]), torch.ones(2, 2))
    last = Decisions(torch.zeros(2, 4), torch.tensor([[1, 2], [1, 2]]), torch.ones(2, 2))
    in_experts = (small + large + small + second) / 2 + (second + third)
    each = {0: (small, second, third, large), 1: (small, second, third, large)}
    assert active_in_experts({0: first, 1: last}, each) == pytest.approx(in_experts)
    assert active_parameters(model, {0: first, 1: last}) == pytest.approx(shared + in_experts)
