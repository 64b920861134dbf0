"""From students to one published model with its report; and the command over finished runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.errors import ConfigError, ModelError
from srm_core.inference.tokens import encode_completion, encode_prompt
from srm_core.models.load import load_tokenizer, load_weights, locate
from srm_core.moe import mixing
from srm_core.moe.mixing import LOG, MERGE, MIX, RANDOM, REPORT, MixReport, mix
from srm_core.moe.router import RouterSettings
from srm_core.moe.students import Student, held_out_rows
from srm_core.prompts import conversation
from srm_core.records import ChoiceKey, Evidence, Problem, TrainingRow, Verdict
from srm_core.store import read_rows, sha256
from srm_core.training.experts.rows import labelled_loss, padded

SYSTEM = "S"
SUBJECTS = ("law", "sea", "war")


def quiet(*_: Any) -> None:
    pass


def problems(subject: int, start: int, count: int) -> list[Problem]:
    """Questions of a subject; the gold is the subject's letter, whatever is asked."""
    return [
        Problem(
            kind=SUBJECTS[subject],
            question=f"{SUBJECTS[subject]} {number}",
            answer="xyz"[subject],
            anchor=str(number),
            key=ChoiceKey(index=0),
        )
        for number in range(start, start + count)
    ]


def verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
    return Verdict(correct=text.strip() == f"Answer: {problem.answer}")


def rows_of(tokenizer: Any, asked: Sequence[Problem]) -> list[TrainingRow]:
    rows = []
    for problem in asked:
        prompt = encode_prompt(tokenizer, conversation(SYSTEM, problem, ()))
        answer, own = encode_completion(tokenizer, f"Answer: {problem.answer}")
        rows.append(TrainingRow(attempt=problem.id, ids=(*prompt, *answer), mask=(*(False for _ in prompt), *own)))
    return rows


@pytest.fixture(scope="module")
def base(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint with embeddings ten times as large, so that feed-forward layers alone can be sure of a token."""
    folder = tmp_path_factory.mktemp("base") / "sure"
    shutil.copytree(tiny_folder, folder)
    model = load_weights(tiny_folder)
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(10)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pair(base: Path) -> list[Student]:
    """Three students, each of which has learned to say its letter, in its feed-forward layers alone."""
    tokenizer = load_tokenizer(base)
    found = []
    for number, name in enumerate(SUBJECTS):
        model = load_weights(base)
        rows = rows_of(tokenizer, problems(number, 10, 24))
        own = [tensor for key, tensor in model.named_parameters() if ".mlp." in key]
        optimizer = torch.optim.AdamW(own, lr=5e-3)
        for step in range(40):
            ids, labels, mask = padded(rows[step * 8 % 24 :][:8], "cpu")
            loss = labelled_loss(model, ids, labels, mask)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
        found.append(
            Student(
                name=name,
                pack="made up",
                base="tiny:0",
                folder=base,
                weights=lambda state=state: merged(base, state),
                rows=rows,
                problems=problems(number, 40, 5),
                system=SYSTEM,
                verify=verify,
                max_tokens=16,
            )
        )
    return found


def merged(folder: Path, state: dict[str, torch.Tensor]) -> Any:
    model = load_weights(folder)
    model.load_state_dict(state)
    return model


SETTINGS: dict[str, Any] = {"top_k": 2, "routers": RouterSettings(steps=40, batch=6, seed=2)}


@pytest.fixture(scope="module")
def made(pair: list[Student], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MixReport]:
    out = tmp_path_factory.mktemp("mix") / "one"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SRM_ENGINE", "transformers")
        return out, mix(pair, out, tell=quiet, **SETTINGS)


def test_each_student_is_right_on_its_own_problems_alone_and_the_report_says_so(made: tuple[Path, MixReport]) -> None:
    _, report = made
    assert report.students == SUBJECTS
    arms = {MERGE, MIX, RANDOM, *SUBJECTS}
    for number, each in enumerate(report.domains):
        assert (each.student, each.pack) == (SUBJECTS[number], "made up")
        assert set(each.accuracy) == set(each.loss) == arms
        assert set(each.gains) == arms - {MIX}
        assert each.accuracy[SUBJECTS[number]].value == 1
        assert all(each.accuracy[other].value == 0 for other in SUBJECTS if other != SUBJECTS[number])
        assert all(figure.n == 5 for figure in each.accuracy.values())
        for arm, gain in each.gains.items():
            assert gain.value == pytest.approx(each.accuracy[MIX].value - each.accuracy[arm].value)
            assert gain.low < gain.value or gain.value == -1
        assert all((each.loss[other] < 0.1) == (other == SUBJECTS[number]) for other in SUBJECTS)
    for arm in arms:
        mean = sum(each.accuracy[arm].value for each in report.domains) / 3
        assert report.accuracy[arm].value == pytest.approx(mean)
    assert report.accuracy["law"].value == report.accuracy["sea"].value == pytest.approx(1 / 3)
    assert report.gains["law"].value == pytest.approx(report.accuracy[MIX].value - 1 / 3)
    assert report.gains["law"].n == 15


def test_the_mixture_loses_less_than_random_routing_and_than_uniform_merging(made: tuple[Path, MixReport]) -> None:
    _, report = made
    mean = {arm: sum(each.loss[arm] for each in report.domains) / 3 for arm in (MIX, MERGE, RANDOM)}
    assert mean[MIX] < mean[RANDOM]
    assert mean[MIX] < mean[MERGE]


def test_the_folder_holds_the_trained_model_its_report_and_its_log(
    made: tuple[Path, MixReport], pair: list[Student]
) -> None:
    out, report = made
    assert MixReport.model_validate_json((out / REPORT).read_text()) == report
    assert {name: sha256(out / name) for name in report.files} == report.files
    assert {"config.json", "model.safetensors", "tokenizer.json", LOG} <= set(report.files)
    log = read_rows(out / LOG)
    assert [step["step"] for step in log] == list(range(1, 41))
    assert log[-1]["loss"] < log[0]["loss"]
    assert locate(f"dir:{out}") is not None
    model = load_weights(out)
    assert sum(t.numel() for t in model.parameters()) == report.parameters > report.active
    rows = held_out_rows(pair[0], load_tokenizer(out))
    ids, labels, mask = padded(rows, "cpu")
    with torch.no_grad():
        assert labelled_loss(model, ids, labels, mask).item() == pytest.approx(report.domains[0].loss[MIX], rel=1e-4)


def test_rows_to_judge_by_end_in_the_worked_solution_or_the_gold(pair: list[Student]) -> None:
    tokenizer = load_tokenizer(pair[0].folder)
    (first, *_) = held_out_rows(pair[0], tokenizer)
    assert tokenizer.decode([i for i, own in zip(first.ids, first.mask, strict=True) if own]) == "Answer: x<|im_end|>"
    solved = pair[0].problems[0].revised(solution="Because.\nAnswer: x")
    (row,) = held_out_rows(replaced(pair[0], problems=[solved]), tokenizer)
    assert "Because." in tokenizer.decode(row.ids)


def replaced(student: Student, **changes: Any) -> Student:
    return Student(**{**student.__dict__, **changes})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: [s[0], replaced(s[1], base="tiny:1")], "law is a student of tiny:0, sea of tiny:1"),
        (lambda s: [s[0], s[0]], "law is named twice"),
        (lambda s: [s[0]], "name at least two"),
    ],
)
def test_students_that_cannot_be_mixed_are_refused_before_a_weight_is_read(
    pair: list[Student], tmp_path: Path, change: Callable[..., list[Student]], message: str
) -> None:
    def never() -> Any:
        raise AssertionError("weights were read")

    blind = [replaced(student, weights=never) for student in change(pair)]
    with pytest.raises(ConfigError, match=message):
        mix(blind, tmp_path / "out", tell=quiet, **SETTINGS)
    assert not list(tmp_path.iterdir())


def test_a_base_without_a_mixture_class_and_a_folder_that_exists_are_refused(
    pair: list[Student], tmp_path: Path
) -> None:
    foreign = tmp_path / "qwen2"
    shutil.copytree(pair[0].folder, foreign)
    settings = json.loads((foreign / "config.json").read_text())
    (foreign / "config.json").write_text(json.dumps(settings | {"model_type": "qwen2"}))
    with pytest.raises(ModelError, match="models of type 'qwen2' cannot become"):
        mix([replaced(each, folder=foreign) for each in pair], tmp_path / "out", tell=quiet, **SETTINGS)
    with pytest.raises(ConfigError, match="exists already"):
        mix(pair, foreign, tell=quiet, **SETTINGS)


def test_a_failure_late_in_the_work_leaves_nothing(
    pair: list[Student], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("late")

    monkeypatch.setattr(mixing, "routing_by_domain", broken)
    with pytest.raises(RuntimeError, match="late"):
        mix(pair, tmp_path / "out", tell=quiet, **SETTINGS | {"routers": RouterSettings(steps=1)})
    assert not list(tmp_path.iterdir())


def test_the_command_mixes_finished_runs_and_a_student_mixed_with_itself_is_itself(
    built: Path, srm: Callable[..., Any], tmp_path: Path
) -> None:
    workspace = tmp_path / "ws"
    shutil.copytree(built, workspace, symlinks=True)
    shutil.copytree(workspace / "runs" / "first", workspace / "runs" / "second", symlinks=True)
    out = tmp_path / "mixture"
    words = ("--steps", 2, "--per-kind", 2, "--workspace", workspace)
    done = srm("mix", "--students", "first,second", "--out", out, *words)
    assert done.returncode == 0, done.stderr
    report = MixReport.model_validate_json((out / REPORT).read_text())
    assert report.students == ("first", "second")
    for each in report.domains:
        assert each.pack == "toy"
        assert each.accuracy[MIX].n >= 4
        assert each.loss[MIX] == pytest.approx(each.loss["first"], abs=1e-4)  # equal experts: routing cannot matter
        assert each.loss[RANDOM] == pytest.approx(each.loss["first"], abs=1e-4)
        assert each.loss[MERGE] == pytest.approx(each.loss["first"], abs=1e-4)
    assert "held-out problems of" in done.stdout
    assert f"{report.parameters:,} parameters, {report.active:,} active a token" in done.stdout


def test_what_the_command_refuses_is_one_sentence(tmp_path: Path) -> None:
    for out, sentence in ((tmp_path, "exists already"), (tmp_path / "new", "has no run 'a'")):
        words = ["mix", "--students", "a,b", "--out", str(out), "--workspace", str(tmp_path / "ws")]
        refused = CliRunner().invoke(cli, words)
        assert refused.exit_code == 1
        assert sentence in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
