"""Supervised training learns, takes its loss where the rows say, and goes on after a kill as if nothing had been."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from srm_core.config import TrainConfig
from srm_core.errors import TrainingError
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.records import Attempt, Problem, TrainingRow
from srm_core.store import read_records, read_rows, write_records
from srm_core.training.lora import with_new_adapter
from srm_core.training.rows import batch_order, make_rows
from srm_core.training.sft import train_sft

from .killing import Told, differing, train_told

FILES = ("adapter/adapter_model.safetensors", "log.jsonl")
CONFIG = TrainConfig(lora_r=4, lora_alpha=8, batch=2, epochs=1.0, learning_rate=3e-3, checkpoint_steps=2, seed=5)


@pytest.fixture(scope="module")
def data(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twelve rows: six steps of two."""
    rows, _ = make_rows(
        accepted,
        {p.id: p for p in sums},
        system="You reason.",
        tokenizer=load_tokenizer(small_base),
        max_tokens=2000,
    )
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", rows)
    return folder


def _train(base: Path, data: Path, out: Path, config: TrainConfig = CONFIG, *, kill_at: int = 0) -> Told:
    return train_told(train_sft, base, data, out, config, kill_at)


@pytest.fixture(scope="module")
def straight(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("straight")
    told = _train(small_base, data, out)
    assert [(step, steps) for step, steps, _ in told[:6]] == [(n, 6) for n in range(1, 7)]
    assert all(shown.startswith("loss ") for _, _, shown in told[:6])
    return out


def test_the_loss_falls_over_a_few_passes(small_base: Path, data: Path, tmp_path: Path) -> None:
    _train(small_base, data, tmp_path / "out", CONFIG.model_copy(update={"epochs": 4.0, "learning_rate": 1e-2}))
    losses = [row["loss"] for row in read_rows(tmp_path / "out" / "log.jsonl")]
    assert len(losses) == 24
    assert sum(losses[-6:]) < 0.75 * sum(losses[:6])


def test_it_reports_the_tokens_and_steps_and_leaves_adapter_and_log(
    small_base: Path, data: Path, straight: Path, tmp_path: Path
) -> None:
    metrics = train_sft(small_base, data, CONFIG, tmp_path, lambda *_: None)
    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    assert metrics == {"sft_tokens": float(sum(len(row.ids) for row in rows)), "sft_steps": 6.0}
    assert [set(row) for row in read_rows(straight / "log.jsonl")] == [
        {"step", "loss", "grad_norm", "mean_token_accuracy"}
    ] * 6
    assert (straight / "adapter" / "adapter_model.safetensors").exists()


def test_loss_and_gradient_of_the_first_step_are_those_of_the_masked_tokens_alone(
    small_base: Path, data: Path, straight: Path
) -> None:
    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    order = batch_order([len(row.ids) for row in rows], 2, 1.0, CONFIG.seed)
    model = with_new_adapter(small_base, CONFIG)
    losses = []
    for row in (rows[i] for i in order[:2]):
        logprobs = model(torch.tensor([row.ids])).logits[0, :-1].log_softmax(-1)
        losses += [-logprobs[i - 1, row.ids[i]] for i in range(1, len(row.ids)) if row.mask[i]]
    loss = torch.stack(losses).mean()
    loss.backward()
    norm = torch.stack([t.grad.norm() for t in model.parameters() if t.grad is not None]).norm()
    (first, *_) = read_rows(straight / "log.jsonl")
    assert first["loss"] == pytest.approx(float(loss.detach()), abs=1e-4)
    assert first["grad_norm"] == pytest.approx(float(norm), rel=1e-4)


def test_the_same_seed_gives_the_same_bytes(small_base: Path, data: Path, straight: Path, tmp_path: Path) -> None:
    torch.manual_seed(123)  # whatever was drawn before
    _train(small_base, data, tmp_path / "again")
    assert not differing(straight, tmp_path / "again", *FILES)
    _train(small_base, data, tmp_path / "other", CONFIG.model_copy(update={"seed": 6}))
    assert differing(straight, tmp_path / "other", *FILES)


@pytest.mark.parametrize("kill_at", [1, 3, 4, 6])
def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, kill_at: int
) -> None:
    _train(small_base, data, tmp_path, kill_at=kill_at)
    resumed = _train(small_base, data, tmp_path)
    assert resumed[0][0] == (kill_at - 1) // 2 * 2 + 1  # steps before the last checkpoint are not repeated
    assert not differing(straight, tmp_path, *FILES)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / "optimizer.pt").unlink(),
        lambda f: _flip(f / "adapter_model.safetensors"),
        lambda f: (f / "trainer_state.json").write_text(""),
        lambda f: shutil.rmtree(f) or f.mkdir(),
    ],
    ids=["optimizer missing", "bit flipped", "state empty", "folder empty"],
)
def test_a_damaged_checkpoint_is_passed_over_for_the_older_one_with_the_same_result(
    small_base: Path, data: Path, straight: Path, tmp_path: Path, damage: Callable[[Path], Any]
) -> None:
    _train(small_base, data, tmp_path, kill_at=5)
    damage(tmp_path / "checkpoint-4")
    assert _train(small_base, data, tmp_path)[0][0] == 3
    assert not differing(straight, tmp_path, *FILES)


def test_a_finished_run_that_is_called_again_gives_the_same_without_a_step(
    small_base: Path, data: Path, straight: Path, tmp_path: Path
) -> None:
    shutil.copytree(straight, tmp_path / "copy")
    told = _train(small_base, data, tmp_path / "copy")
    assert not [shown for _, _, shown in told if shown]
    assert not differing(straight, tmp_path / "copy", *FILES)


def _poisoned(base: Path, folder: Path, value: float) -> Path:
    shutil.copytree(base, folder)
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"][3] = value
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stops_the_run_and_nothing_is_kept_of_it(
    small_base: Path, data: Path, tmp_path: Path, value: float
) -> None:
    base = _poisoned(small_base, tmp_path / "base", value)
    with pytest.raises(TrainingError, match=r"(loss|grad_norm) is nan at step 1; .*train.learning_rate"):
        _train(base, data, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_run_that_spoils_its_weights_late_keeps_the_steps_before(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from srm_core.training import sft

    usual = sft.starting_model
    calls = [0]

    def failing(*given: Any) -> Any:
        model = usual(*given)
        model.register_forward_pre_hook(lambda module, _: _spoil(module, calls))
        return model

    monkeypatch.setattr(sft, "starting_model", failing)
    with pytest.raises(TrainingError, match="is nan at step 5"):
        _train(small_base, data, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["checkpoint-2", "checkpoint-4"]


def _spoil(module: Any, calls: list[int]) -> None:
    calls[0] += 1
    if calls[0] == 5:
        with torch.no_grad():
            next(t for t in module.parameters() if t.requires_grad).fill_(float("nan"))


def test_the_base_is_left_as_it_was(small_base: Path, data: Path, straight: Path) -> None:
    fresh = load_weights(small_base).state_dict()
    adapter = load_file(straight / "adapter" / "adapter_model.safetensors")
    assert all(tensor.isfinite().all() for tensor in fresh.values())
    assert all("lora_" in name for name in adapter)
    assert any(tensor.any() for name, tensor in adapter.items() if "lora_B" in name)
