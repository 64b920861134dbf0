"""White-box distillation: the student nears a teacher's probabilities, on rows and on what it says itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from math import log
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from srm_core.config import BuildConfig, TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.inference.tokens import encode_prompt
from srm_core.models import tiny
from srm_core.models.load import load_tokenizer, load_weights
from srm_core.pipeline import build, prepare
from srm_core.prompts import conversation
from srm_core.records import Attempt, Problem, TrainingRow
from srm_core.store import read_records, read_rows, write_records
from srm_core.training.gkd import Lessons, divergence, train_gkd
from srm_core.training.head import logits_of
from srm_core.training.lora import merged, with_new_adapter
from srm_core.training.rows import make_rows
from srm_core.training.teachers import require_same_tokenizer
from srm_core.workspace import Workspace

from .killing import Killed, differing, killer

SYSTEM = "You reason."


@pytest.fixture(scope="module")
def data(
    small_base: Path, sums: list[Problem], accepted: list[Attempt], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("data")
    tokenizer = load_tokenizer(small_base)
    rows, _ = make_rows(accepted, {p.id: p for p in sums}, system=SYSTEM, tokenizer=tokenizer, max_tokens=2000)
    write_records(folder / "rows.jsonl", rows)
    write_records(folder / "problems.jsonl", sums[:5])
    return folder


@pytest.fixture(scope="module")
def teacher(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The student's base with other weights, the same tokenizer, and 20 rows of padding in its vocabulary."""
    folder = Path(shutil.copytree(small_base, tmp_path_factory.mktemp("teacher") / "checkpoint"))
    model = load_weights(folder)
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.add_(torch.randn(tensor.shape, generator=draw) * 0.1 * tensor.std())
    model.resize_token_embeddings(model.config.vocab_size + 20, mean_resizing=False)
    model.save_pretrained(folder)
    return folder


def _config(teacher: Path, **changes: Any) -> TrainConfig:
    fields = {
        "lora_r": 8,
        "lora_alpha": 16,
        "batch": 3,
        "checkpoint_steps": 2,
        "seed": 1,
        "rl_max_tokens": 8,
        "gkd_teacher": f"dir:{teacher}",
        "gkd_steps": 6,
        "gkd_learning_rate": 1e-2,
    }
    return TrainConfig.model_validate(fields | changes)


def _train(base: Path, data: Path, config: TrainConfig, out: Path, kill_at: int = 0) -> Mapping[str, float]:
    out.mkdir(exist_ok=True)
    return train_gkd(base, data, config, out, system=SYSTEM, tell=killer(kill_at))


@pytest.fixture(scope="module")
def straight(
    small_base: Path, data: Path, teacher: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Mapping[str, float]]:
    out = tmp_path_factory.mktemp("straight")
    return out, _train(small_base, data, _config(teacher), out)


def test_the_student_nears_its_teacher(straight: tuple[Path, Mapping[str, float]]) -> None:
    _, metrics = straight
    assert metrics["gkd_steps"] == 6
    assert metrics["gkd_divergence_after"] < 0.8 * metrics["gkd_divergence_before"]


def test_a_share_of_the_steps_is_on_its_own_answers_drawn_with_its_present_weights(
    straight: tuple[Path, Mapping[str, float]], small_base: Path, data: Path, teacher: Path, sums: list[Problem]
) -> None:
    out, metrics = straight
    lessons = Lessons(small_base, data, _config(teacher), SYSTEM, out / "samples")
    own = [step for step, is_own in enumerate(lessons.is_own) if is_own]
    assert metrics["gkd_steps_on_own_answers"] == len(own)
    assert 0 < len(own) < 6
    assert sorted(path.name for path in (out / "samples").iterdir()) == [f"step-{step:05d}.jsonl" for step in own]
    asked = [a.problem for path in sorted((out / "samples").iterdir()) for a in read_records(path, Attempt)]
    assert asked == [sums[n % 5].id for n in range(3 * len(own))]
    every = Lessons(small_base, data, _config(teacher, gkd_on_policy=1.0), SYSTEM, out / "samples")
    never = Lessons(small_base, data, _config(teacher, gkd_on_policy=0.0), SYSTEM, out / "samples")
    assert (all(every.is_own), any(never.is_own), never.student) == (True, False, None)

    last = next(iter(read_records(sorted((out / "samples").iterdir())[-1], Attempt))).completion
    start = [load_weights(small_base), merged(small_base, out / "adapter")]
    apart = []
    for model in start:
        with torch.no_grad():
            logits = model(torch.tensor([[*last.prompt_ids, *last.token_ids]])).logits[0, len(last.prompt_ids) - 1 : -1]
        own_logprobs = logits.log_softmax(-1).gather(1, torch.tensor(last.token_ids)[:, None])[:, 0]
        apart.append(float((own_logprobs - torch.tensor(last.logprobs)).abs().max()))
    assert min(apart) > 1e-3  # neither the base nor the finished student: one in between


def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(
    straight: tuple[Path, Mapping[str, float]], small_base: Path, data: Path, teacher: Path, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        _train(small_base, data, _config(teacher), tmp_path, kill_at=4)
    assert _train(small_base, data, _config(teacher), tmp_path)["gkd_divergence_after"] == pytest.approx(
        straight[1]["gkd_divergence_after"], abs=1e-7
    )
    names = ["adapter/adapter_model.safetensors", "log.jsonl"]
    names += [f"samples/{path.name}" for path in (straight[0] / "samples").iterdir()]
    assert not differing(tmp_path, straight[0], *names)


def test_the_first_step_on_rows_is_the_formula_over_the_answer_s_own_tokens(
    small_base: Path, data: Path, teacher: Path, tmp_path: Path
) -> None:
    config = _config(teacher, gkd_on_policy=0.0, gkd_steps=1, gkd_beta=0.0)
    _train(small_base, data, config, tmp_path)
    rows = list(read_records(data / "rows.jsonl", TrainingRow))
    lessons = Lessons(small_base, data, config, SYSTEM, tmp_path)
    shown = lessons.of(0, None)
    assert len(shown) == 3
    assert all((ids, mask) in [(row.ids, row.mask) for row in rows] for ids, mask in shown)
    student, other = with_new_adapter(small_base, config), load_weights(teacher)
    size, terms = load_weights(small_base).config.vocab_size, []
    for ids, mask in shown:
        with torch.no_grad():
            q = student(torch.tensor([ids])).logits[0].log_softmax(-1)
            p = other(torch.tensor([ids])).logits[0, :, :size].log_softmax(-1)
        terms += [float((p[i - 1].exp() * (p[i - 1] - q[i - 1])).sum()) for i in range(1, len(ids)) if mask[i]]
    (step,) = read_rows(tmp_path / "log.jsonl")
    assert step["loss"] == pytest.approx(sum(terms) / len(terms), rel=1e-4)
    assert step["grad_norm"] > 0


def test_only_the_masked_positions_are_projected_whatever_the_head(small_base: Path) -> None:
    model = load_weights(small_base)
    ids, mask = torch.tensor([[5, 6, 7, 8], [9, 10, 11, 0]]), torch.tensor([[1, 0, 1, 1], [0, 1, 0, 0]]).bool()
    seen = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with torch.no_grad():
        found = logits_of(model, ids, seen, mask)
        whole = model(ids, attention_mask=seen).logits
        expected = torch.stack([whole[0, 1], whole[0, 2], whole[1, 0]])
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
        model.config.logit_scale = 0.5  # a head of another kind: its own forward is asked
        torch.testing.assert_close(logits_of(model, ids, seen, mask), expected, atol=1e-4, rtol=0)


def test_two_models_that_say_one_of_two_tokens_by_hand() -> None:
    class Says(torch.nn.Module):
        """Gives token 0 the same probability everywhere."""

        def __init__(self, share: float) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([share, 1 - share]).log())
            self.config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(logit_scale=2.0))

        def get_base_model(self) -> Says:
            return self

        def forward(self, input_ids: torch.Tensor, **_: Any) -> Any:
            return SimpleNamespace(logits=self.weight.expand(*input_ids.shape, 2))

    found = divergence(Says(1 / 4), Says(1 / 2), [((1, 0, 1), (False, True, False)), ((1, 1), (False, True))], 0.0, 0)
    assert found.tolist() == pytest.approx([1 / 2 * log(2) + 1 / 2 * log(2 / 3)] * 2, abs=1e-6)


# ---- what does not fit


def test_another_tokenizer_is_refused(small_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRM_CACHE", str(tmp_path / "cache"))
    require_same_tokenizer(small_base, f"dir:{small_base}")
    with pytest.raises(
        TrainingError, match=r"'tiny:0': its vocabulary is not the student's \(14 of 27\d tokens differ"
    ):
        require_same_tokenizer(small_base, "tiny:0")
    plain = Path(shutil.copytree(tiny.folder(0), tmp_path / "plain"))
    saved = json.loads((plain / "tokenizer.json").read_text(encoding="utf-8"))
    saved["normalizer"] = {"type": "Lowercase"}
    (plain / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    with pytest.raises(TrainingError, match="its tokenizer cuts text in another way"):
        require_same_tokenizer(tiny.folder(0), f"dir:{plain}")
    with pytest.raises(TrainingError, match="is a local checkpoint"):
        require_same_tokenizer(small_base, "recorded:said.jsonl")


def test_settings_that_do_not_fit_are_refused_before_a_build(toy: Callable[..., BuildConfig]) -> None:
    both = 'train.methods=["sft", "gkd"]'
    for settings, said in (
        ((both,), "gkd reads a teacher's probabilities, so it is a checkpoint"),
        ((both, "train.gkd_teacher=solver:"), "gkd reads a teacher's probabilities"),
        (("train.gkd_teacher=tiny:1",), "and gkd is not in train.methods; add it"),
        ((both, "train.gkd_teacher=tiny:1", "train.rl_steps=0"), "leaves gkd without problems"),
    ):
        with pytest.raises(ConfigError, match=said):
            prepare(toy(*settings), None)


def test_in_a_build_the_tokenizers_are_compared_before_the_first_method(
    toy: Callable[..., BuildConfig], small_base: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="its vocabulary is not the student's"):
        build(
            toy('train.methods=["sft", "gkd"]', f"train.gkd_teacher=dir:{small_base}"),
            Workspace(tmp_path),
            until="train",
        )
    (begun,) = (tmp_path / "store" / "train").glob(".part-*")
    assert not list(begun.glob("sft/adapter"))


def test_a_build_distils_and_a_teacher_that_changes_in_place_is_another(
    toy: Callable[..., BuildConfig], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tiny.folder(1), tmp_path / "teacher"))
    settings = ('train.methods=["sft", "gkd"]', f"train.gkd_teacher=dir:{folder}", "train.gkd_steps=2")
    place = Workspace(tmp_path / "ws")

    def made() -> set[str]:
        build(toy(*settings), place, until="train")
        return {path.name for path in (place.root / "store" / "train").glob("[!.]*")}

    first = made()
    assert made() == first
    [name] = first
    artifact = place.store.find("train", name)
    assert artifact is not None
    assert artifact.record.metrics["gkd_steps"] == 2
    config = folder / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert len(made()) == 2


def test_prompts_of_its_own_answers_are_those_of_every_other_stage(
    straight: tuple[Path, Mapping[str, float]], small_base: Path, sums: list[Problem]
) -> None:
    tokenizer, by_id = load_tokenizer(small_base), {problem.id: problem for problem in sums}
    for path in (straight[0] / "samples").iterdir():
        for attempt in read_records(path, Attempt):
            problem = by_id[attempt.problem]
            prompt = encode_prompt(tokenizer, conversation(SYSTEM, problem, problem.evidence))
            assert attempt.completion.prompt_ids == tuple(prompt)
