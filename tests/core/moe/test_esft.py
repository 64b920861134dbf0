"""Expert selection by hand and against released selections; training moves the chosen experts and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ConfigError, ModelError
from srm_core.models.load import load_weights
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.chosen import chosen_experts, expert_scores, fold, select, train_only
from srm_core.training.experts.routing import Decisions, recorded, stacked

FIXTURE = Path(__file__).resolve().parents[4] / "shared" / "data" / "fixtures" / "esft"
IDS = torch.arange(60).reshape(2, 30) * 13 % 60 + 3

# three tokens, four experts, two a token
SEEN = Decisions(
    torch.zeros(3, 4), torch.tensor([[0, 2], [0, 1], [2, 0]]), torch.tensor([[0.75, 0.25], [0.5, 0.25], [0.625, 0.25]])
)


def test_scores_by_hand() -> None:
    assert expert_scores(SEEN, "token") == pytest.approx([3 / 6, 1 / 6, 2 / 6, 0])
    gate = [(0.75 + 0.5 + 0.25) / 3, 0.25 / 3, (0.25 + 0.625) / 3, 0]
    assert expert_scores(SEEN, "gate") == pytest.approx(gate)


@pytest.mark.parametrize(
    ("scores", "p", "expected"),
    [
        ([0.1, 0.4, 0.3, 0.2], 0.4, [1]),
        ([0.1, 0.4, 0.3, 0.2], 0.41, [1, 2]),
        ([0.1, 0.4, 0.3, 0.2], 0.9, [1, 2, 3]),
        ([0.1, 0.4, 0.3, 0.2], 1.0, [1, 2, 3, 0]),
        ([0.1, 0.1, 0.1], 0.2, [0, 1]),  # a tie goes to the lower number
        ([0.1, 0.2, 0.1], 0.9, [1, 0, 2]),  # gate scores need not reach p
    ],
)
def test_the_fewest_experts_that_reach_p(scores: list[float], p: float, expected: list[int]) -> None:
    assert select(scores, p) == expected


@pytest.mark.parametrize("p", [0.0, -0.1, 1.1])
def test_a_threshold_that_is_no_share_is_refused(p: float) -> None:
    with pytest.raises(ConfigError, match="it is a share of the scores"):
        select([1.0], p)


def _released(task: str) -> tuple[dict[int, list[float]], dict[int, set[int]]]:
    scores = json.loads((FIXTURE / "expert_scores" / f"{task}.json").read_text())["token_scores"]
    chosen = json.loads((FIXTURE / "expert_configs" / f"{task}.json").read_text())["experts"]
    rows = {int(layer): [row[str(number)] for number in range(64)] for layer, row in scores.items()}
    return rows, {int(layer): set(experts) for layer, experts in chosen.items()}


@pytest.mark.skipif(not FIXTURE.exists(), reason="the released ESFT scores are not in a sibling folder shared/")
@pytest.mark.parametrize("task", ["intent", "law", "summary", "translation"])
def test_released_selections_are_reproduced_in_every_layer_and_not_by_the_released_script(task: str) -> None:
    rows, released = _released(task)
    assert len(released) == 26
    assert {layer: set(select(rows[layer], 0.2)) for layer in released} == released
    totals = [sum(row[number] for row in rows.values()) for number in range(64)]  # over layers, as the script divides
    wrong = {layer: [score / total for score, total in zip(row, totals, strict=True)] for layer, row in rows.items()}
    assert not [layer for layer in released if set(select(wrong[layer], 0.2)) == released[layer]]


@pytest.mark.parametrize("by", ["gate", "token"])
def test_a_tasks_tokens_choose_its_experts(mixture: Any, by: Any) -> None:
    with torch.no_grad(), recorded(mixture) as seen:
        mixture(IDS)
    decisions = stacked(seen)
    chosen = chosen_experts(decisions, by=by, p=0.5)
    assert sorted(chosen) == [0, 1]
    for layer, experts in chosen.items():
        scores = expert_scores(decisions[layer], by)
        assert sum(scores) == pytest.approx(1)  # mixtral normalises its weights
        assert 1 <= len(experts) < 4
        assert sum(scores[e] for e in experts) >= 0.5
        assert min(scores[e] for e in experts) >= max(scores[e] for e in range(4) if e not in experts)


def steps(model: Any, parameters: list[torch.nn.Parameter], count: int = 3) -> list[float]:
    """Train with everything that moves a masked slice: weight decay, momentum, a warm optimizer."""
    optimizer = torch.optim.AdamW(parameters, lr=1e-2, weight_decay=0.5)
    losses = []
    for _ in range(count):
        loss = model(IDS, labels=IDS).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


@pytest.mark.parametrize("kind", ["mixtral", "qwen3_moe", "olmoe"])
@pytest.mark.parametrize("way", ["eager", "grouped_mm"])
def test_chosen_experts_learn_and_nothing_else_moves_by_a_bit(family: Any, kind: str, way: str) -> None:
    model = family(kind)
    model.set_experts_implementation(way)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        said = model(IDS).logits
    chosen = {0: [1, 3], 1: [2]}
    parameters = train_only(model, chosen)
    assert [tuple(p.shape) for p in parameters] == [(2, 48, 32), (2, 32, 24), (1, 48, 32), (1, 32, 24)]
    assert {id(p) for p in model.parameters() if p.requires_grad} == {id(p) for p in parameters}
    assert torch.equal(model(IDS).logits, said)
    losses = steps(model, parameters)
    assert losses[-1] < losses[0]
    assert all(p.grad is not None and all(s.abs().sum() > 0 for s in p.grad) for p in parameters)
    with torch.no_grad():
        trained = model(IDS).logits
    fold(model)
    after = model.state_dict()
    assert after.keys() == before.keys()
    for name, tensor in after.items():
        layer = int(name.split(".")[2]) if ".experts." in name else -1
        for number in range(4) if layer >= 0 else ():
            moved = not torch.equal(tensor[number], before[name][number])
            assert moved == (number in chosen[layer]), f"{name} {number}"
        assert layer >= 0 or torch.equal(tensor, before[name]), name
    with torch.no_grad():
        assert torch.equal(model(IDS).logits, trained)


def test_the_gradient_of_a_slice_is_that_of_the_whole_tensor(family: Any) -> None:
    model = family("mixtral")
    model(IDS, labels=IDS).loss.backward()
    whole = {b.layer: b.experts.gate_up_proj.grad.clone() for b in moe_blocks(model)}
    model.zero_grad()
    first, _ = train_only(model, {1: [3, 0]})
    model(IDS, labels=IDS).loss.backward()
    torch.testing.assert_close(first.grad, whole[1][[0, 3]])


def test_a_masked_gradient_alone_would_not_have_held_them_still(family: Any) -> None:
    model = family("mixtral")
    experts = moe_blocks(model)[0].experts
    before = experts.gate_up_proj.detach().clone()
    mask = torch.zeros(4, 1, 1)
    mask[1] = 1
    experts.gate_up_proj.register_hook(lambda grad: grad * mask)
    steps(model, [experts.gate_up_proj])
    assert not torch.equal(experts.gate_up_proj[0], before[0])  # weight decay moved it


def test_a_folded_model_is_saved_and_loaded_as_any_other(mixture: Any, tmp_path: Path) -> None:
    steps(mixture, train_only(mixture, {0: [2]}))
    fold(mixture)
    with torch.no_grad():
        said = mixture(IDS).logits
    mixture.save_pretrained(tmp_path)
    with torch.no_grad():
        assert torch.equal(load_weights(tmp_path)(IDS).logits, said)
    train_only(mixture, {0: [2]})  # and can be chosen from anew


def test_gradient_checkpointing_changes_no_gradient(family: Any) -> None:
    plain, sparing = family("mixtral"), family("mixtral")
    parameters = [train_only(model, {0: [1], 1: [0, 2]}) for model in (plain, sparing)]
    sparing.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    sparing.train()
    for model in (plain, sparing):
        model(IDS, labels=IDS, use_cache=False).loss.backward()
    for one, other in zip(*parameters, strict=True):
        torch.testing.assert_close(one.grad, other.grad)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({}, "nothing to train; raise the threshold"),
        ({0: []}, "nothing to train"),
        ({5: [0]}, "layer 5 has no experts; layers that have: 0, 1"),
        ({0: [4]}, "layer 0 has no expert 4; its experts are 0 to 3"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_and_changes_nothing(family: Any, chosen: Any, message: str) -> None:
    model = family("mixtral")
    with pytest.raises(ConfigError, match=message):
        train_only(model, chosen)
    assert all(tensor.requires_grad for tensor in model.parameters())


def test_choosing_twice_and_a_dense_model_are_refused(family: Any, tiny_folder: Path) -> None:
    model = family("mixtral")
    train_only(model, {0: [0]})
    with pytest.raises(ConfigError, match="chosen already"):
        train_only(model, {0: [1]})
    with pytest.raises(ModelError, match="has no routers"):
        train_only(load_weights(tiny_folder), {0: [0]})
