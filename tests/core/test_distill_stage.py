"""Stage distill: what a teacher says passes only if the verifier accepts it, and no finished call is repeated."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core import hookimpl
from srm_core.config import BuildConfig
from srm_core.errors import ConfigError, ModelError
from srm_core.host import Host
from srm_core.models.recorded import recording
from srm_core.protocols import Conversation, Model
from srm_core.records import Attempt, Problem
from srm_core.stages.context import Context
from srm_core.stages.distill import distill
from srm_core.stages.selection import shots, training_problems
from srm_core.store import Artifact, Result, read_records, read_rows
from srm_core.testing.fakes import FakeModel
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]
Distill = Callable[..., Result]


@pytest.fixture
def inputs(built: Path) -> dict[str, Artifact]:
    place = Workspace(built)
    found = {}
    for name, stage in (("problems", "pose"), ("knowledge", "ground")):
        artifact = place.store.find(stage, next((built / "store" / stage).glob("[!.]*")).name)
        assert artifact is not None
        found[name] = artifact
    return found


@pytest.fixture
def posed(inputs: dict[str, Artifact]) -> list[Problem]:
    return list(read_records(inputs["problems"].path / "problems.jsonl", Problem))


@pytest.fixture
def run(toy: Settings, inputs: dict[str, Artifact], tmp_path: Path) -> Distill:
    """Return a function that distills into ``tmp_path``, by ``model`` if one is given."""

    def distilled(*assignments: str, model: Model | None = None) -> Result:
        host = Host("toy")
        if model is not None:
            host.register(loader(model), "handmade")
            assignments = (*assignments, "distill.teacher=handmade:")
        return distill(Context(host, toy(*assignments), tmp_path), tmp_path, **inputs)

    return distilled


def loader(model: Model) -> types.ModuleType:
    def srm_load_model(ref: str) -> Model | None:
        return model if ref == "handmade:" else None

    plugin = types.ModuleType("handmade")
    plugin.srm_load_model = hookimpl(srm_load_model)  # type: ignore[attr-defined]
    return plugin


def right(turns: Conversation) -> str:
    numbers = [int(word) for word in re.findall(r"\d+", turns[-1].content.rpartition("Question: ")[2])]
    return f"Worked out.\nAnswer: {sum(numbers) if len(numbers) > 1 else 2 * numbers[0]}"


def test_worked_solutions_become_accepted_attempts(run: Distill, posed: list[Problem], tmp_path: Path) -> None:
    result = run()
    attempts = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    chosen = training_problems(posed, 6)
    assert {attempt.problem for attempt in attempts} == {problem.id for problem in chosen}
    assert all(attempt.verdict.correct for attempt in attempts)
    assert result.counts["problems"] == result.counts["accepted"] == len(chosen) == 12
    assert result.counts["rejected"] == 0
    assert result.metrics["acceptance"] == 1.0
    rates = [value for name, value in result.metrics.items() if name.startswith("steps_")]
    assert sum(rates) == pytest.approx(1.0)
    assert result.metrics["steps_supported"] > 0.5  # a worked solution repeats facts and recomputes
    assert result.metrics["steps_contradicted"] == 0


def test_rejected_attempts_are_kept_apart_and_counted_by_reason(run: Distill, tmp_path: Path) -> None:
    def mixed(turns: Conversation) -> str:
        last = int(re.findall(r"\d+", turns[-1].content)[-1])
        return (right(turns), "I do not know.", "Answer: 99999", "Answer: ten")[last % 4]

    result = run("distill.samples=1", model=FakeModel(mixed, "handmade:"))
    rejected = read_rows(tmp_path / "rejected.jsonl")
    accepted = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    assert len(accepted) + len(rejected) == result.counts["attempts"] == result.counts["problems"]
    counted = {name: count for name, count in result.counts.items() if name.startswith("rejected: ")}
    assert counted.keys() <= {
        "rejected: no single ... line",
        "rejected: ... is another number",  # 99999 is cut, so that the reason is one
        "rejected: not one number in digits",
    }
    assert sum(counted.values()) == result.counts["rejected"] == len(rejected) > 0
    assert {row["reason"] for row in rejected} >= {"99999 is another number"}  # the row keeps the whole
    assert result.metrics["acceptance"] == pytest.approx(len(accepted) / result.counts["attempts"])


def test_a_verdict_that_could_not_be_given_is_no_acceptance(
    run: Distill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import srm_pack_toy.grading

    verdict = srm_pack_toy.grading.verdict

    def fails(problem: Problem, trace: Any) -> Any:
        if problem.kind == "add":
            raise ZeroDivisionError("division by zero")
        return verdict(problem, trace)

    monkeypatch.setattr(srm_pack_toy.grading, "verdict", fails)
    result = run()
    assert result.counts["accepted"] == 6
    assert {row["kind"] for row in read_rows(tmp_path / "rejected.jsonl")} == {"add"}
    reason = "rejected: verifier failed: srm_verify of plugin ... raised ZeroDivisionError: division by zero"
    assert result.counts[reason] == 6


def test_a_teacher_of_whom_nothing_is_accepted_stops_the_build(run: Distill, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="teacher toy:wrong gave no attempt that the verifier accepts; mostly: "):
        run("distill.teacher=toy:wrong")
    assert not (tmp_path / "attempts.jsonl").exists()


def test_every_sample_of_a_model_is_judged(run: Distill) -> None:
    model = FakeModel(right, "handmade:")
    result = run("distill.samples=3", model=model)
    assert result.counts["attempts"] == 3 * result.counts["problems"] == len(model.asked)


def test_a_teacher_is_shown_worked_examples_but_never_the_problem_itself_solved(
    run: Distill, posed: list[Problem]
) -> None:
    model = FakeModel(right, "handmade:")
    result = run("distill.per_kind=500", "evaluate.shots=2", model=model)  # all there are
    examples = [problem for group in shots(posed, 2).values() for problem in group]
    training = [problem for problem in posed if problem.split == "train"]
    assert result.counts["problems"] == len(training) - len(examples)
    for turns in model.asked:
        assert len(turns) == 6  # system, two examples, the question
        assert turns[-1].content not in [turn.content for turn in turns[:-1]]


def test_a_killed_distillation_repeats_no_finished_call(run: Distill, tmp_path: Path) -> None:
    calls: list[Conversation] = []

    def dies(turns: Conversation) -> str:
        if len(calls) == 7:
            raise KeyboardInterrupt
        calls.append(turns)
        return right(turns)

    with pytest.raises(KeyboardInterrupt):
        run(model=FakeModel(dies, "handmade:"))
    model = FakeModel(right, "handmade:")
    whole = run(model=model)
    assert len(calls) == 7
    assert len(model.asked) == whole.counts["attempts"] - 7
    assert not [turns for turns in model.asked if turns in calls]
    again = FakeModel(right, "handmade:")
    assert run(model=again) == whole
    assert again.asked == []


def test_a_recording_teaches_as_the_model_did(run: Distill, tmp_path: Path) -> None:
    file = tmp_path / "said.jsonl"
    first = run(model=recording(FakeModel(right, "handmade:"), file))
    taught = [attempt.completion for attempt in read_records(tmp_path / "attempts.jsonl", Attempt)]
    second = run(f"distill.teacher=recorded:{file}")
    assert second == first
    replayed = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    assert [attempt.completion for attempt in replayed] == taught
    assert {attempt.model for attempt in replayed} == {f"recorded:{file}"}
    with pytest.raises(ModelError, match="holds no answer to the request"):
        run(f"distill.teacher=recorded:{file}", "distill.temperature=0.9")


def test_the_base_may_teach_itself(run: Distill) -> None:
    with pytest.raises(ConfigError, match="teacher self: gave no attempt that the verifier accepts"):
        run("distill.teacher=self:", "distill.max_tokens=4", "distill.per_kind=1")


def test_attempts_are_sealed_with_the_verdict_they_were_given(run: Distill, tmp_path: Path) -> None:
    run(model=FakeModel(right, "handmade:"))
    line = json.loads((tmp_path / "attempts.jsonl").read_text().splitlines()[0])
    assert line["verdict"] == {"correct": True, "reason": "the same number"}
    assert Attempt.model_validate(line).content == line["content"]
