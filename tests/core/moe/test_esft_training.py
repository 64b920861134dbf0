"""ESFT as a method: the chosen experts learn, the rest keeps every bit, and a student of it goes the whole way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, ModelError, TrainingError
from srm_core.models.load import load_weights
from srm_core.moe.upcycle import upcycle
from srm_core.records import TrainingRow
from srm_core.store import read_rows, write_records
from srm_core.training import esft, methods
from srm_core.training.esft import REPORT, Selection, train_esft
from srm_core.training.experts.blocks import moe_blocks
from srm_core.training.experts.report import Routing
from srm_core.training.experts.routing import recorded
from srm_core.training.lora import merge, merged, starting_model
from srm_core.training.rows import batch_order

from ..killing import Told, differing, train_told

FILES = ("adapter/experts.safetensors", "adapter/experts.json", "log.jsonl", REPORT, "routing.json")
CONFIG = TrainConfig(
    methods=("esft",), batch=4, epochs=2.0, checkpoint_steps=2, esft_threshold=0.6, esft_learning_rate=1e-2, seed=5
)


def make_rows(count: int = 12) -> list[TrainingRow]:
    """Rows of 16 to 27 tokens, of which those after the first ten carry loss."""
    rows = []
    for number in range(count):
        ids = tuple(3 + (number * 7 + place * (number % 3 + 1)) % 60 for place in range(16 + number))
        mask = tuple(place >= 10 for place in range(len(ids)))
        rows.append(TrainingRow(parents=(f"a{number}",), attempt=f"a{number}", ids=ids, mask=mask))
    return rows


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve rows: six steps of four in two passes."""
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", make_rows())
    return folder


def _train(base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, *, kill_at: int = 0) -> Told:
    return train_told(train_esft, base, data, out, config, kill_at)


@pytest.fixture(scope="module")
def straight(upcycled: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    told = _train(upcycled, data, out)
    assert [(step, steps) for step, steps, _ in told[:6]] == [(n, 6) for n in range(1, 7)]
    return out


def _chosen(out: Path) -> Selection:
    return Selection.model_validate_json((out / REPORT).read_text(encoding="utf-8"))


def test_the_experts_are_those_that_the_rows_use_most(upcycled: Path, data: Path, straight: Path) -> None:
    model, rows = load_weights(upcycled), make_rows()
    shares: dict[int, list[float]] = {}
    for row in rows:  # one by one, so that there is no padding
        with torch.no_grad(), recorded(model) as seen:
            model(torch.tensor([row.ids]))
        for layer, (decisions,) in seen.items():
            counts = shares.setdefault(layer, [0.0] * 4)
            for expert in decisions.chosen.reshape(-1).tolist():
                counts[expert] += 1 / (2 * sum(len(each.ids) for each in rows))  # two experts a token
    selection = _chosen(straight)
    assert (selection.rows, selection.tokens) == (12, sum(16 + n for n in range(12)))
    assert {layer.layer for layer in selection.layers} == {0, 1}
    for choice in selection.layers:
        assert choice.scores == pytest.approx(shares[choice.layer])
        inside = [choice.scores[e] for e in choice.chosen]
        assert sum(inside) >= 0.6 > sum(inside) - min(inside)  # the fewest that reach it
        assert min(inside) >= max(choice.scores[e] for e in range(4) if e not in choice.chosen)


def test_only_the_chosen_experts_of_the_student_differ_from_the_base(upcycled: Path, straight: Path) -> None:
    base, student = load_weights(upcycled).state_dict(), merged(upcycled, straight / "adapter").state_dict()
    chosen = _chosen(straight).chosen
    assert base.keys() == student.keys()
    for name, tensor in base.items():
        layer = int(name.split(".")[2]) if ".experts." in name else -1
        for expert in range(4) if layer >= 0 else ():
            moved = not torch.equal(tensor[expert], student[name][expert])
            assert moved == (expert in chosen[layer]), f"{name} {expert}"
        assert layer >= 0 or torch.equal(tensor, student[name]), name


def test_the_loss_falls(upcycled: Path, data: Path, tmp_path: Path) -> None:
    _train(upcycled, data, tmp_path / "out", CONFIG.model_copy(update={"epochs": 6.0}))
    losses = [row["loss"] for row in read_rows(tmp_path / "out" / "log.jsonl")]
    assert len(losses) == 18
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3])


def test_loss_and_gradient_of_the_first_step_are_those_of_the_labelled_tokens(
    upcycled: Path, data: Path, straight: Path
) -> None:
    rows = make_rows()
    order = batch_order([len(row.ids) for row in rows], 4, 2.0, CONFIG.seed)
    model = load_weights(upcycled)
    losses = []
    for row in (rows[number] for number in order[:4]):
        logprobs = model(torch.tensor([row.ids])).logits[0, :-1].log_softmax(-1)
        losses += [-logprobs[place - 1, row.ids[place]] for place in range(10, len(row.ids))]
    loss = torch.stack(losses).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    chosen = _chosen(straight).chosen
    parts = [
        tensor.grad[list(chosen[block.layer])]
        for block in moe_blocks(model)
        for tensor in (block.experts.gate_up_proj, block.experts.down_proj)
    ]
    norm = torch.cat([part.reshape(-1) for part in parts]).norm()
    (first, *_) = read_rows(straight / "log.jsonl")
    assert first["loss"] == pytest.approx(float(loss.detach()), abs=1e-4)
    assert first["grad_norm"] == pytest.approx(float(norm), rel=1e-4)


def test_nothing_but_the_chosen_experts_is_stored(upcycled: Path, data: Path, straight: Path, tmp_path: Path) -> None:
    assert {path.name for path in (straight / "adapter").iterdir()} == {"experts.json", "experts.safetensors"}
    slices = load_file(straight / "adapter" / "experts.safetensors")
    chosen = _chosen(straight).chosen
    config = load_weights(upcycled).config
    one = 3 * config.intermediate_size * config.hidden_size  # gate, up, down
    assert sum(tensor.numel() for tensor in slices.values()) == sum(map(len, chosen.values())) * one
    _train(upcycled, data, tmp_path, kill_at=3)
    checkpoint = load_file(tmp_path / "checkpoint-2" / "model.safetensors")
    assert {name: tensor.shape for name, tensor in checkpoint.items()} == {n: t.shape for n, t in slices.items()}


def test_the_metrics_and_the_report_of_the_run(upcycled: Path, data: Path, tmp_path: Path) -> None:
    metrics = train_esft(upcycled, data, CONFIG, tmp_path, lambda *_: None)
    chosen = sum(map(len, _chosen(tmp_path).chosen.values()))
    assert metrics["esft_experts_trained"] == chosen
    assert (metrics["esft_experts"], metrics["esft_steps"], metrics["esft_dropped_choices"]) == (8, 6, 0)
    assert metrics["esft_tokens"] == 2 * sum(16 + n for n in range(12))
    routing = Routing.model_validate_json((tmp_path / "routing.json").read_text(encoding="utf-8"))
    tokens = sum(16 + n for n in range(12))
    assert all(sum(layer.counts) == 2 * tokens for layer in (*routing.before, *routing.after))
    assert routing.before[0] == routing.after[0]  # before the first layer's experts nothing was trained
    assert routing.before[1] != routing.after[1]


@pytest.mark.parametrize("kill_at", [1, 3, 6])
def test_a_killed_run_goes_on_to_the_same_bytes_and_does_not_choose_again(
    upcycled: Path, data: Path, straight: Path, tmp_path: Path, kill_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _train(upcycled, data, tmp_path, kill_at=kill_at)
    monkeypatch.setattr(esft, "select_experts", lambda *_: pytest.fail("chosen anew"))
    resumed = _train(upcycled, data, tmp_path)
    assert resumed[0][0] == (kill_at - 1) // 2 * 2 + 1
    assert not differing(straight, tmp_path, *FILES)


def test_a_damaged_checkpoint_is_passed_over(upcycled: Path, data: Path, straight: Path, tmp_path: Path) -> None:
    _train(upcycled, data, tmp_path, kill_at=5)
    file = tmp_path / "checkpoint-4" / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert _train(upcycled, data, tmp_path)[0][0] == 3
    assert not differing(straight, tmp_path, *FILES)


@pytest.mark.parametrize(
    "change", [{"esft_score": "gate"}, {"esft_threshold": 0.95}, {"esft_learning_rate": 2e-2}, {"seed": 6}]
)
def test_every_setting_of_it_changes_what_is_made(
    upcycled: Path, data: Path, straight: Path, tmp_path: Path, change: Mapping[str, Any]
) -> None:
    _train(upcycled, data, tmp_path, CONFIG.model_copy(update=change))
    assert differing(straight, tmp_path, *FILES)


def test_no_adapter_goes_on_from_it(upcycled: Path, straight: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds the weights of experts \(esft\).* take the merged weights"):
        starting_model(upcycled, straight, CONFIG)


def test_a_merged_student_is_an_ordinary_checkpoint(upcycled: Path, straight: Path, tmp_path: Path) -> None:
    merge(upcycled, straight / "adapter", tmp_path / "merged")
    one, other = merged(upcycled, straight / "adapter"), load_weights(tmp_path / "merged")
    ids = torch.arange(3, 33)[None]
    with torch.no_grad():
        assert torch.equal(one(ids).logits, other(ids).logits)
        assert (one(ids).logits - load_weights(upcycled)(ids).logits).abs().max() > 1e-2


def test_experts_of_another_base_and_damaged_ones_are_refused(
    tiny_folder: Path, upcycled: Path, straight: Path, tmp_path: Path
) -> None:
    upcycle(f"dir:{tiny_folder}", tmp_path / "other", experts=4, top_k=2, noise=0.5, seed=4)
    with pytest.raises(ModelError, match="holds experts of another base: its routers are not those of this one"):
        merged(tmp_path / "other", straight / "adapter")
    with pytest.raises(ModelError, match="has no routers"):
        merged(tiny_folder, straight / "adapter")
    shutil.copytree(straight / "adapter", tmp_path / "adapter")
    settings = json.loads((tmp_path / "adapter" / "experts.json").read_text(encoding="utf-8"))
    settings["chosen"].pop("0")
    (tmp_path / "adapter" / "experts.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(ModelError, match="is not whole: layer_0_down_proj is in one of its two files only"):
        merged(upcycled, tmp_path / "adapter")
    (tmp_path / "adapter" / "experts.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match="holds no whole experts"):
        merged(upcycled, tmp_path / "adapter")


def test_a_dense_base_is_refused_before_anything_is_loaded(
    toy: Callable[..., BuildConfig], tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from srm_core.pipeline import prepare

    reason = r"esft trains the experts that the rows use most, and the base \(of type llama\) has no experts: it is"
    for base in ("tiny:0", f"dir:{tiny_folder}"):
        with pytest.raises(ConfigError, match=reason):
            prepare(toy('train.methods=["esft"]', f"base={base}"), None)
    monkeypatch.setattr(esft, "load_weights", lambda *_: pytest.fail("loaded"))
    with pytest.raises(ConfigError, match=reason):  # where the base was fetched after the checks
        methods.run_method("esft", pack="toy", base=tiny_folder, data=tmp_path, config=CONFIG, out=tmp_path)


def test_a_build_trains_it_evaluates_it_and_answers_with_it(
    toy: Callable[..., BuildConfig], upcycled: Path, tmp_path: Path
) -> None:
    from srm_core.answering import ask
    from srm_core.pipeline import build
    from srm_core.publishing.weights import require_trained
    from srm_core.records import Attempt
    from srm_core.store import read_records
    from srm_core.workspace import Workspace

    place = Workspace(tmp_path / "ws")
    config = toy('train.methods=["esft"]', f"base=dir:{upcycled}", "train.esft_learning_rate=0.01")
    build(config, place, run="esft")
    [trained] = (place.root / "store" / "train").glob("[!.]*/esft")
    [student] = (place.root / "store" / "release").glob("[!.]*/candidate")
    assert not differing(student / "adapter", trained / "adapter", "experts.json")
    one, other = merged(upcycled, trained / "adapter").state_dict(), load_weights(student / "merged").state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert any(not torch.equal(tensor, one[name]) for name, tensor in load_weights(upcycled).state_dict().items())
    artifact = place.store.find("train", trained.parent.name)
    assert artifact is not None
    require_trained(student, artifact, config)  # what `srm release` asks of the candidate
    [evaluated] = (place.root / "store" / "evaluate").glob("[!.]*/attempts.jsonl")
    assert "esft" in {attempt.arm for attempt in read_records(evaluated, Attempt)}
    assert ask(place.run("esft"), "What is twice 21?", place).text
