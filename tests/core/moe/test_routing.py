"""What routers decide is recorded as it is, and counted by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError
from srm_core.models.load import load_weights
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.routing import (
    Decisions,
    counts_of,
    dropped_at,
    entropy,
    recorded,
    routing_of,
    stacked,
    variation,
)

IDS = torch.arange(20).reshape(2, 10) % 60 + 3


@pytest.mark.parametrize("kind", ["mixtral", "qwen3_moe", "olmoe"])
def test_what_is_recorded_is_what_transformers_reports_and_what_the_experts_get(family: Any, kind: str) -> None:
    model = family(kind)
    given: list[tuple[Any, ...]] = []
    blocks = moe_blocks(model)
    handles = [b.experts.register_forward_pre_hook(lambda _, args: given.append(args)) for b in blocks]
    with torch.no_grad(), recorded(model) as seen:
        said = model(IDS, output_router_logits=True)
    assert [block.layer for block in blocks] == sorted(seen) == [0, 1]
    for layer, logits in enumerate(said.router_logits):
        (rows,) = seen[layer]
        assert torch.equal(rows.logits, logits)
        assert torch.equal(rows.chosen, given[layer][1])
        assert torch.equal(rows.weights, given[layer][2])
        assert rows.chosen.shape == (20, 2)
    for handle in handles:
        handle.remove()
    with torch.no_grad():
        model(IDS)
    assert len(seen[0]) == 1  # nothing is recorded outside the block


def test_a_sparse_layer_in_the_middle_keeps_its_number(family: Any) -> None:
    model = family("qwen3_moe", num_hidden_layers=3, mlp_only_layers=[0])
    assert [block.layer for block in moe_blocks(model)] == [1, 2]


def test_gradients_reach_the_router_only_if_asked(family: Any) -> None:
    model = family("mixtral")
    with recorded(model, with_gradients=True) as seen:
        model(IDS)
    seen[1][0].logits.square().sum().backward()
    assert moe_blocks(model)[1].router.weight.grad.abs().sum() > 0
    with recorded(model) as seen:
        model(IDS)
    assert not seen[0][0].logits.requires_grad


def test_a_dense_model_is_refused_with_the_way_out(tiny_folder: Any) -> None:
    with (
        pytest.raises(ModelError, match=r"type 'llama' has no routers .*`srm moe upcycle`"),
        recorded(load_weights(tiny_folder)),
    ):
        pass


def decisions(chosen: list[list[int]], experts: int) -> Decisions:
    picks = torch.tensor(chosen)
    return Decisions(torch.zeros(len(chosen), experts), picks, torch.full(picks.shape, 1 / picks.shape[1]))


def test_measures_by_hand() -> None:
    seen = decisions([[0, 1], [0, 2], [0, 1], [0, 1]], experts=4)
    (layer,) = routing_of({7: seen})
    assert (layer.layer, layer.tokens, layer.counts) == (7, 4, (4, 3, 1, 0))
    # mean 2; deviations 2, 1, -1, -2; population variance (4 + 1 + 1 + 4) / 4
    assert layer.variation == pytest.approx(math.sqrt(10 / 4) / 2)
    assert layer.load_entropy == pytest.approx(
        -(4 / 8 * math.log(4 / 8) + 3 / 8 * math.log(3 / 8) + 1 / 8 * math.log(1 / 8))
    )
    assert layer.token_entropy == pytest.approx(math.log(4))  # four equal logits
    assert layer.dropped == 0


def test_a_choice_of_no_expert_is_counted_as_dropped() -> None:
    seen = decisions([[0, 4], [1, 0]], experts=4)  # 4 is no expert: so transformers marks what others compute
    assert counts_of(seen) == [2, 1, 0, 0]
    assert routing_of({0: seen})[0].dropped == pytest.approx(1 / 4)


def test_token_entropy_by_hand() -> None:
    sure = math.log(3)  # p = 3/4, 1/4
    seen = Decisions(torch.tensor([[sure, 0.0]]), torch.tensor([[0]]), torch.ones(1, 1))
    assert routing_of({0: seen})[0].token_entropy == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


@pytest.mark.parametrize(
    ("counts", "cv", "nats"), [([5, 5], 0, math.log(2)), ([8, 0, 0, 0], math.sqrt(3), 0), ([0, 0], 0, 0), ([], 0, 0)]
)
def test_variation_and_entropy_at_their_ends(counts: list[int], cv: float, nats: float) -> None:
    assert variation(counts) == pytest.approx(cv)
    assert entropy(counts) == pytest.approx(nats)


def test_what_a_limit_would_drop_by_hand() -> None:
    # 12 choices, 3 experts, factor 1.25: floor(12 / 3 * 1.25) = 5 each; 8 - 5 = 3 are dropped
    assert dropped_at([8, 3, 1], 1.25) == pytest.approx(3 / 12)
    assert dropped_at([8, 3, 1], 1.0) == pytest.approx(4 / 12)
    assert dropped_at([4, 4, 4], 1.0) == 0
    assert dropped_at([0, 0], 1.0) == 0


def test_padding_is_left_out_and_passes_are_joined(family: Any) -> None:
    model = family("mixtral")
    mask = torch.ones(2, 10, dtype=torch.long)
    mask[1, 6:] = 0
    with torch.no_grad(), recorded(model) as seen:
        model(IDS, attention_mask=mask)
        model(IDS[:1])
    whole = stacked(seen, [mask, torch.ones(1, 10)])
    assert routing_of(whole)[0].tokens == 16 + 10
    kept = torch.cat([seen[0][0].chosen[:16], seen[0][1].chosen])
    assert torch.equal(whole[0].chosen, kept)
    assert routing_of(stacked(seen))[0].tokens == 30
