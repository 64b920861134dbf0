"""Memory that runs out in a pass: the step is begun again in smaller passes, and nothing else changes."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from srm_core.builtin import srm_sections
from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import TrainingError
from srm_core.models.load import load_tokenizer
from srm_core.pipeline import build
from srm_core.records import Attempt, Problem, StageRecord
from srm_core.store import read_rows, write_records
from srm_core.training import gkd, sft
from srm_core.training.adalora import adalora_model
from srm_core.training.batch_parts import part_of
from srm_core.training.gkd import train_gkd
from srm_core.training.halving import NOTE, Halving, Passes, passes_of, ran_out
from srm_core.training.lora import starting_model
from srm_core.training.rows import make_rows
from srm_core.training.sft import train_sft
from srm_core.workspace import Workspace

from .killing import differing, killer, train_told

FILES = ("adapter/adapter_model.safetensors", "log.jsonl")
CONFIG = TrainConfig(lora_r=4, lora_alpha=8, batch=4, learning_rate=3e-3, checkpoint_steps=1, seed=5)
ON_CPU = "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
FAILURES: dict[str, Callable[[], BaseException]] = {
    "gpu": lambda: torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    "cpu": lambda: RuntimeError(ON_CPU),
    "host": MemoryError,
}


@pytest.fixture(scope="module")
def data(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Twelve rows: three steps of four."""
    tokenizer = load_tokenizer(small_base)
    rows, _ = make_rows(accepted, {p.id: p for p in sums}, system="S.", tokenizer=tokenizer, max_tokens=2000)
    folder = tmp_path_factory.mktemp("data")
    write_records(folder / "rows.jsonl", rows)
    write_records(folder / "problems.jsonl", sums[:5])
    return folder


class Planted:
    """An allocator that fails when a pass has more than ``room`` rows, from pass ``after`` on; it notes what passed."""

    def __init__(
        self, room: int, error: Callable[[], BaseException], *, after: int = 0, backward: bool = False
    ) -> None:
        self.room, self.error, self.after, self.backward = room, error, after, backward
        self.passed: list[int] = []
        self.failed: list[int] = []

    def into(self, model: Any) -> Any:
        model.register_forward_pre_hook(self._forward, with_kwargs=True)
        trained = [tensor for tensor in model.parameters() if tensor.requires_grad]
        trained[len(trained) // 2].register_hook(self._backward)  # amid the backward pass: half of it is done
        return model

    def _full(self, taken: int) -> bool:
        return self.rows > self.room and taken >= self.after

    def _forward(self, module: Any, args: Any, kwargs: Mapping[str, Any]) -> None:
        self.rows = len(kwargs["input_ids"])
        if not self.backward and self._full(len(self.passed) + len(self.failed)):
            self.failed.append(self.rows)
            raise self.error()
        self.passed.append(self.rows)

    def _backward(self, gradient: torch.Tensor) -> None:
        if self.backward and self._full(len(self.passed) + len(self.failed) - 1):  # this one passed forward
            self.failed.append(self.passed.pop())
            raise self.error()


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Planted]:
    def planted(room: int, error: str = "cpu", **given: Any) -> Planted:
        made = Planted(room, FAILURES[error], **given)
        monkeypatch.setattr(sft, "starting_model", lambda *asked: made.into(starting_model(*asked)))
        monkeypatch.setattr(sft, "adalora_model", lambda *asked: made.into(adalora_model(*asked)))
        return made

    return planted


def _train(base: Path, data: Path, out: Path, **changes: Any) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_sft(base, data, CONFIG.model_copy(update=changes), out, lambda *_: None)


@pytest.fixture(scope="module")
def smaller(small_base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that began with two rows a pass."""
    out = tmp_path_factory.mktemp("smaller")
    _train(small_base, data, out, accumulation=2)
    return out


@pytest.mark.parametrize(("error", "backward"), [("gpu", False), ("cpu", True), ("host", False)])
def test_it_ends_where_a_run_ends_that_began_with_the_smaller_batch(
    small_base: Path,
    data: Path,
    smaller: Path,
    tmp_path: Path,
    plant: Callable[..., Planted],
    caplog: pytest.LogCaptureFixture,
    error: str,
    backward: bool,
) -> None:
    planted = plant(2, error, backward=backward)
    with caplog.at_level(logging.WARNING, "srm_core.training.halving"):
        metrics = _train(small_base, data, tmp_path)
    assert (planted.failed, planted.passed) == ([4], [2] * 6)
    assert not differing(smaller, tmp_path, *FILES)  # the first step failed: every pass was one of two rows
    assert [r.message for r in caplog.records] == [
        "memory ran out at step 1 with 4 rows in a pass; a pass has 2 from here on, and a step the same rows"
    ]
    assert json.loads((tmp_path / NOTE).read_text()) == {"planned": 4, "rows": 2, "step": 1}
    assert (metrics["sft_planned_rows_a_pass"], metrics["sft_rows_a_pass"], metrics["sft_halved_at_step"]) == (4, 2, 1)


def test_a_step_amid_the_run_is_begun_again_with_every_pass_of_it(
    small_base: Path, data: Path, smaller: Path, tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    planted = plant(1, after=3, backward=True)  # the fourth pass: the second of the second step
    _train(small_base, data, tmp_path, accumulation=2)
    assert planted.failed == [2]
    assert planted.passed == [2, 2, 2, 1, 1, 1, 1, *[1] * 4]  # the step's first pass once more, by single rows
    ours, theirs = (load_file(out / FILES[0]) for out in (tmp_path, smaller))
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor, atol=1e-6, rtol=0, msg=name)
    for one, other in zip(*(read_rows(out / "log.jsonl") for out in (tmp_path, smaller)), strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-6)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], abs=1e-5)


def test_loss_and_accuracy_are_logged_once_for_a_pass(
    small_base: Path, data: Path, tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    plant(1, backward=True)
    _train(small_base, data, tmp_path / "halved")
    plant(4)
    _train(small_base, data, tmp_path / "single", accumulation=4)
    assert json.loads((tmp_path / "halved" / NOTE).read_text())["rows"] == 1  # four, two, one
    assert not differing(tmp_path / "halved", tmp_path / "single", *FILES)


def test_a_killed_run_goes_on_with_the_halved_batch_to_the_same_bytes(
    small_base: Path, data: Path, tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    for name, kills in (("straight", (0,)), ("killed", (3, 0))):
        for kill_at in kills:
            planted = plant(2, after=0 if kill_at or name == "straight" else 99)  # the resumed one has room for all
            train_told(train_sft, small_base, data, tmp_path / name, CONFIG, kill_at)
    assert (planted.failed, planted.passed) == ([], [2, 2])  # one step was left, and it was taken in halves
    assert not differing(tmp_path / "straight", tmp_path / "killed", *FILES)
    assert passes_of(tmp_path / "killed", "sft") == passes_of(tmp_path / "straight", "sft") != {}


def test_a_single_row_that_has_no_room_is_said_in_one_sentence(
    small_base: Path, data: Path, tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    plant(0)
    said = (
        "memory ran out at step 1 with a single row in the pass: lower train.max_tokens or train.lora_r, or take a "
        "smaller base; checkpoints are kept"
    )
    with pytest.raises(TrainingError) as told:
        _train(small_base, data, tmp_path)
    assert str(told.value) == said
    assert told.value.__context__ is None  # nothing holds on to what was allocated


def test_other_errors_are_let_through(
    small_base: Path, data: Path, tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    planted = plant(2)
    planted.error = lambda: RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        _train(small_base, data, tmp_path)
    assert not (tmp_path / NOTE).exists()
    assert not ran_out(ValueError("not enough memory"))


def test_memory_that_runs_out_where_weights_are_moved_is_said_too(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise RuntimeError(ON_CPU)

    monkeypatch.setattr(torch.optim.AdamW, "step", full)
    with pytest.raises(TrainingError, match=r"memory ran out between two passes: lower train.max_tokens or"):
        _train(small_base, data, tmp_path)


def test_what_cannot_be_halved_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stub:
        """A trainer with four rows in a pass, which find no room."""

        def __init__(self) -> None:
            self.state = self.args = self
            self.global_step, self.gradient_accumulation_steps = 6, 3

        def training_step(self, *_: Any) -> Any:
            raise FAILURES["gpu"]()

    batch = {"input_ids": torch.ones(4, 2)}
    with pytest.raises(
        TrainingError, match=r"at step 7 with 4 rows in the pass, which balances experts: lower train.batch"
    ):
        Halving(tmp_path, whole="balances experts").of(Stub)().training_step(torch.nn.Linear(1, 1), batch)
    monkeypatch.setattr("srm_core.training.halving.count", lambda: 2)
    with pytest.raises(TrainingError, match=r"4 rows in a pass of each process, .*set train.accumulation = 6 and run"):
        Halving(tmp_path).of(Stub)().training_step(torch.nn.Linear(1, 1), batch)
    assert not (tmp_path / NOTE).exists()


def test_a_part_is_as_wide_as_its_longest_row() -> None:
    batch = {
        "input_ids": torch.tensor([[1, 2, 0, 0], [3, 4, 5, 0], [6, 7, 8, 9]]),
        "attention_mask": torch.tensor([[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]),
        "row": torch.tensor([5, 6, 7]),
    }
    part = part_of(batch, 0, 2)
    assert {name: value.tolist() for name, value in part.items()} == {
        "input_ids": [[1, 2, 0], [3, 4, 5]],
        "attention_mask": [[1, 1, 0], [1, 1, 1]],
        "row": [5, 6],
    }
    assert part_of(batch, 2, 4)["input_ids"].tolist() == [[6, 7, 8, 9]]


def test_a_mean_over_a_pass_is_told_of_the_tokens_of_the_whole_pass(tmp_path: Path) -> None:
    labels = torch.tensor([[-100, 1, 1], [-100, 1, -100]])  # 3 tokens that have one before them
    (tmp_path / NOTE).write_text(Passes(planned=2, rows=1, step=1).model_dump_json())
    told: list[int] = []

    def one(part: Any, counted: Any) -> torch.Tensor:
        told.append(int(counted))
        return torch.tensor(float((part["labels"][:, 1:] != -100).sum()) / int(counted))

    loss = Halving(tmp_path)._in_parts(one, {"labels": labels}, None)
    assert told == [3, 3]
    assert float(loss) == pytest.approx(2 / 3 + 1 / 3)


def test_distillation_from_a_teacher_is_halved_too(
    small_base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_ENGINE", "reference")  # nothing is compiled
    teacher = Path(shutil.copytree(small_base, tmp_path / "teacher"))
    weights = load_file(teacher / "model.safetensors")
    save_file({name: 0.9 * tensor for name, tensor in weights.items()}, teacher / "model.safetensors", {"format": "pt"})
    changes = {"gkd_teacher": f"dir:{teacher}", "gkd_steps": 2, "rl_max_tokens": 6, "batch": 3, "seed": 1}
    config = CONFIG.model_copy(update=changes | {"gkd_beta": 0.5, "gkd_on_policy": 0.5})
    usual, asked, room = gkd.divergence, [], [3]

    def crowded(student: Any, teacher: Any, shown: Any, *rest: Any) -> torch.Tensor:
        asked.append(len(shown))
        if torch.is_grad_enabled() and len(shown) > room[0]:
            raise FAILURES["gpu"]()
        return usual(student, teacher, shown, *rest)

    monkeypatch.setattr(gkd, "divergence", crowded)
    found = {}
    for name, room[0] in (("whole", 3), ("halved", 2)):
        (tmp_path / name).mkdir()
        asked.clear()
        found[name] = train_gkd(small_base, data, config, tmp_path / name, system="S.", tell=killer())
        assert asked.count(3) == (2 if name == "whole" else 1)
        assert found[name]["gkd_steps_on_own_answers"] == 1
    assert asked.count(2) == 2  # of three rows, two and one
    assert found["halved"]["gkd_rows_a_pass"] == 2
    whole, halved = (load_file(tmp_path / name / FILES[0]) for name in ("whole", "halved"))
    assert any(tensor.abs().max() > 1e-5 for name, tensor in whole.items() if "lora_B" in name)
    for name, tensor in whole.items():
        torch.testing.assert_close(halved[name], tensor, atol=1e-6, rtol=0, msg=name)


def test_the_card_says_where_memory_ran_out(make_manifest: Callable[..., Any]) -> None:
    def manifest(metrics: dict[str, float]) -> Any:
        stage = StageRecord(stage="train", key="k", inputs={}, settings={}, code="c", counts={}, metrics=metrics)
        return make_manifest(leak={}, stages=(stage,))

    halved = {"sft_planned_rows_a_pass": 8.0, "sft_rows_a_pass": 2.0, "sft_halved_at_step": 17.0}
    (section,) = [each for each in srm_sections(manifest(halved)) if each.title == "Memory"]
    assert "| sft | 8 | 2 | 17 |" in section.body
    assert "Memory" not in {each.title for each in srm_sections(manifest({"sft_steps": 17.0}))}


def test_a_build_that_ran_out_of_memory_says_so_on_its_card(
    toy: Callable[..., BuildConfig], tmp_path: Path, plant: Callable[..., Planted]
) -> None:
    """With ranks that are taken meanwhile: the student is a LoRA adapter like any other, to the end of the build."""
    plant(2)
    settings = ('train.methods=["sft"]', "train.adapter=adalora", 'evaluate.arms=["sft"]', "evaluate.suites=0")
    manifest = build(toy(*settings), Workspace(tmp_path), run="r")
    assert manifest is not None
    metrics = next(stage.metrics for stage in manifest.stages if stage.stage == "train")
    assert (metrics["sft_rows_a_pass"], metrics["sft_rank_mean"]) == (2, 4)
    card = (Workspace(tmp_path).run("r").candidate / "README.md").read_text(encoding="utf-8")
    assert "## Memory\n\nMemory ran out in training" in card
    assert "| sft | 4 | 2 | 1 |" in card
