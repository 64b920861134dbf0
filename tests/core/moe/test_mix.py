"""Students become experts: averages by hand, a mixture of equals is their equal, routers learn who is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ConfigError, ModelError, TrainingError
from srm_core.models.load import load_weights
from srm_core.moe.domains import random_routing, routing_by_domain
from srm_core.moe.mix import averaged, differing, merged_uniformly, mixed
from srm_core.moe.router import RouterSettings, mixed_batches, train_routers
from srm_core.records import TrainingRow
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.routing import recorded
from srm_core.training.experts.rows import labelled_loss, loss_on, padded

IDS = torch.arange(40).reshape(2, 20) * 37 % 250 + 3


def quiet(*_: Any) -> None:
    pass


def row(ids: list[int], trained_from: int = 1) -> TrainingRow:
    return TrainingRow(attempt="made up", ids=tuple(ids), mask=tuple(i >= trained_from for i in range(len(ids))))


def test_the_average_by_hand() -> None:
    states = [{"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([3.0, 2.0])}, {"w": torch.tensor([5.0, 5.0])}]
    assert averaged(states)["w"].tolist() == [3.0, 3.0]
    half = averaged([{"w": torch.tensor([1.0], dtype=torch.bfloat16)}] * 2)["w"]
    assert (half.dtype, half.item()) == (torch.bfloat16, 1.0)


def test_students_of_another_shape_or_architecture_are_refused() -> None:
    with pytest.raises(ModelError, match="student 2 is of another architecture: b is not in both"):
        averaged([{"a": torch.zeros(2)}, {"a": torch.zeros(2), "b": torch.zeros(1)}])
    with pytest.raises(ModelError, match="student 3 is of another base: a has another shape"):
        averaged([{"a": torch.zeros(2)}, {"a": torch.zeros(2)}, {"a": torch.zeros(3)}])


def shaken(folder: Path, seed: int) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    state = load_weights(folder).state_dict()
    return {name: tensor + 0.02 * torch.randn(tensor.shape, generator=draw) for name, tensor in state.items()}


def test_experts_are_the_students_and_the_rest_is_their_average(tiny_folder: Path, tmp_path: Path) -> None:
    states = [shaken(tiny_folder, seed) for seed in range(3)]
    mixed(load_weights(tiny_folder).config, states, top_k=2).save_pretrained(tmp_path)
    model = load_weights(tmp_path)
    for block in moe_blocks(model):
        for expert, state in enumerate(states):
            gate, up = model.get_submodule(block.name).experts.gate_up_proj[expert].chunk(2)
            assert torch.equal(gate, state[f"{block.name}.gate_proj.weight"])
            assert torch.equal(up, state[f"{block.name}.up_proj.weight"])
            assert torch.equal(block.experts.down_proj[expert], state[f"{block.name}.down_proj.weight"])
    name = "model.layers.1.self_attn.q_proj.weight"
    mean = (states[0][name] + states[1][name] + states[2][name]) / 3
    torch.testing.assert_close(model.state_dict()[name], mean)


def test_a_mixture_of_equal_students_is_that_student(tiny_folder: Path, tmp_path: Path) -> None:
    student = load_weights(tiny_folder)
    mixed(student.config, [student.state_dict()] * 3, top_k=2).save_pretrained(tmp_path)
    with torch.no_grad():
        same = load_weights(tmp_path)(IDS).logits
        torch.testing.assert_close(same, student(IDS).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("count", "top_k", "message"),
    [(1, 2, "name at least two"), (3, 1, "its router could learn nothing"), (2, 3, "top-k 3 of 2 experts")],
)
def test_numbers_that_mix_nothing_are_refused(tiny_folder: Path, count: int, top_k: int, message: str) -> None:
    student = load_weights(tiny_folder)
    with pytest.raises(ConfigError, match=message):
        mixed(student.config, [student.state_dict()] * count, top_k=top_k)


def test_the_loss_is_that_of_the_labelled_tokens_alone(mixture: Any) -> None:
    rows = [row([5, 6, 7, 8, 9], trained_from=3), row([10, 11, 12], trained_from=2)]
    expected = []
    for each in rows:
        logprobs = mixture(torch.tensor([each.ids])).logits[0].log_softmax(-1)
        expected += [-logprobs[i - 1, each.ids[i]].item() for i in range(1, len(each.ids)) if each.mask[i]]
    assert len(expected) == 3
    ids, labels, mask = padded(rows, "cpu")
    assert mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert labelled_loss(mixture, ids, labels, mask).item() == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert loss_on(mixture, rows) == pytest.approx(sum(expected) / 3, rel=1e-5)
    assert loss_on(mixture, rows * 9) == pytest.approx(sum(expected) / 3, rel=1e-5)  # over several passes


def test_a_batch_holds_the_domains_in_turn_and_every_row_comes_before_one_comes_twice() -> None:
    domains = {"a": [row([1, n]) for n in range(4)], "b": [row([2, n]) for n in range(3)]}
    batches = mixed_batches(domains, RouterSettings(steps=4, batch=4, seed=1))
    assert [len(batch) for batch in batches] == [4] * 4
    assert all([each.ids[0] for each in batch] == [1, 2, 1, 2] for batch in batches)
    second = [each.ids[1] for batch in batches for each in batch if each.ids[0] == 2]
    assert sorted(second[:3]) == sorted(second[3:6]) == [0, 1, 2]
    assert batches == mixed_batches(domains, RouterSettings(steps=4, batch=4, seed=1))
    assert batches != mixed_batches(domains, RouterSettings(steps=4, batch=4, seed=2))
    with pytest.raises(ConfigError, match="b has no training rows"):
        mixed_batches({"a": domains["a"], "b": []}, RouterSettings())


def test_random_routing_draws_all_experts_alike_the_same_way_each_time(mixture: Any) -> None:
    with torch.no_grad():
        learned = mixture(IDS).logits
        said = []
        for _ in range(2):
            with random_routing(mixture, seed=4), recorded(mixture) as seen:
                said.append(mixture(IDS).logits)
        assert torch.equal(said[0], said[1])
        assert not torch.equal(said[0], learned)
        assert torch.equal(mixture(IDS).logits, learned)
    rows = seen[0][0]  # recorded after the hook that draws
    assert torch.equal(rows.weights, torch.full((40, 2), 0.5))
    assert all(a != b for a, b in rows.chosen.tolist())
    assert set(rows.chosen.reshape(-1).tolist()) == {0, 1, 2, 3}


# ---- three students of three patterns

LETTERS = 24  # tokens of a domain
DOMAINS = ("plus one", "plus five", "times five")


def pattern_rows(domain: int, seed: int, count: int = 24) -> list[TrainingRow]:
    """Sequences over the domain's own letters in which each letter decides the next; the rule differs by domain."""
    rule = (lambda x: x + 1, lambda x: x + 5, lambda x: x * 5 + 1)[domain]
    draw = torch.Generator().manual_seed(seed * 10 + domain)
    rows = []
    for start in torch.randint(0, LETTERS, (count,), generator=draw).tolist():
        letters = [start]
        while len(letters) < 16:
            letters.append(rule(letters[-1]) % LETTERS)
        rows.append(row([3 + domain * LETTERS + letter for letter in letters]))
    return rows


@pytest.fixture(scope="session")
def pattern_students(tiny_folder: Path) -> list[dict[str, torch.Tensor]]:
    """Three students of one base, each trained on its pattern until it is good at that alone."""
    states = []
    for domain in range(3):
        model = load_weights(tiny_folder)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for step in range(60):
            ids, labels, mask = padded(pattern_rows(domain, step, 8), "cpu")
            loss = labelled_loss(model, ids, labels, mask)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
    return states


def test_routers_learn_which_student_a_pattern_needs_and_nothing_else_moves(
    tiny_folder: Path, pattern_students: list[dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    dense = load_weights(tiny_folder)
    mixed(dense.config, pattern_students, top_k=2, seed=1).save_pretrained(tmp_path)
    model = load_weights(tmp_path)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    train = {name: pattern_rows(number, 100) for number, name in enumerate(DOMAINS)}
    held_out = {name: pattern_rows(number, 200) for number, name in enumerate(DOMAINS)}
    start = {name: loss_on(model, rows) for name, rows in held_out.items()}
    told: list[tuple[int, int]] = []
    log = train_routers(
        model, train, RouterSettings(steps=60, batch=6), lambda step, steps, shown: told.append((step, steps))
    )
    assert told == [(n, 60) for n in range(1, 61)]
    assert log[-1].loss < log[0].loss
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]) != name.endswith("gate.weight"), name
    assert not [tensor for tensor in model.parameters() if tensor.requires_grad]
    learned = {name: loss_on(model, rows) for name, rows in held_out.items()}
    with random_routing(model):
        drawn = {name: loss_on(model, rows) for name, rows in held_out.items()}
    merge = {name: loss_on(merged_uniformly(dense, pattern_students), rows) for name, rows in held_out.items()}
    mean = [sum(losses.values()) / 3 for losses in (learned, drawn, start, merge)]
    for name in DOMAINS:
        assert learned[name] < drawn[name], name
    assert mean[0] < mean[1] - 0.2
    assert mean[0] < mean[2] - 0.2
    assert mean[0] < mean[3] - 0.2
    routed = routing_by_domain(model, held_out)
    assert [each.domain for each in routed] == list(DOMAINS)
    for number, each in enumerate(routed):
        assert sum(each.shares) == pytest.approx(1)
        assert each.shares[number] > 0.45  # of the two experts of a token, its own student is nearly always one


def test_what_was_averaged_learns_beside_the_routers_and_the_experts_stay(
    tiny_folder: Path, pattern_students: list[dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    averaged = differing(pattern_students)
    assert {"model.layers.0.self_attn.q_proj.weight", "model.layers.0.mlp.up_proj.weight"} <= averaged
    mixed(load_weights(tiny_folder).config, pattern_students, top_k=2, seed=1).save_pretrained(tmp_path)
    train = {name: pattern_rows(number, 100) for number, name in enumerate(DOMAINS)}
    losses = {}
    for rate in (0.0, 3e-4):
        model = load_weights(tmp_path)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        settings = RouterSettings(steps=40, batch=6, averaged_learning_rate=rate)
        train_routers(model, train, settings, quiet, averaged)
        moved = {name for name, tensor in model.named_parameters() if not torch.equal(tensor, before[name])}
        routers = {name for name in before if name.endswith("gate.weight")}
        assert moved == (routers | averaged & {name for name, _ in model.named_parameters()} if rate else routers)
        assert not [name for name in moved if ".experts." in name]
        assert not [tensor for tensor in model.parameters() if tensor.requires_grad]
        losses[rate] = sum(loss_on(model, pattern_rows(number, 200)) for number in range(len(DOMAINS)))
    assert losses[3e-4] < losses[0.0]


def test_weights_that_all_students_share_are_not_among_those_that_differ() -> None:
    one = {"a": torch.ones(2), "b": torch.zeros(2), "c": torch.ones(1)}
    assert differing([one, {**one, "b": torch.ones(2)}, {**one, "c": torch.zeros(1)}]) == {"b", "c"}
    assert differing([one, dict(one)]) == set()


def test_the_balancing_loss_evens_out_what_the_patterns_alone_would_not(mixture: Any) -> None:
    rows = {"a": [row([5] * 12)], "b": [row([6] * 12)]}
    log = train_routers(mixture, rows, RouterSettings(steps=30, batch=2, balance=1.0, z=0.01), quiet)
    assert log[-1].balance < log[0].balance
    assert log[-1].z < log[0].z


def test_a_loss_that_is_no_number_stops_the_training(mixture: Any) -> None:
    with torch.no_grad():
        mixture.model.norm.weight[0] = float("nan")
    with pytest.raises(TrainingError, match="the loss is nan at step 1 of the routers"):
        train_routers(mixture, {"a": [row([5, 6, 7])]}, RouterSettings(steps=2, batch=1), quiet)
