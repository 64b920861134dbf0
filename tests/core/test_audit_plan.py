"""``srm audit RUN --plan``: what an audit could find and what it costs, from the posed problems, with no model opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.pipeline import build
from srm_core.probing import asked_as
from srm_core.records import AuditItem, Completion, PlannedFinding, Problem, StageRecord, Verdict
from srm_core.stages.audit_plan import AuditPlan, measured_speed
from srm_core.store import Artifact, write_records
from srm_core.workspace import Workspace

Toy = Callable[..., Any]


@pytest.fixture
def plan(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Pose the problems of the run ``first``; return a function that plans its audit. Opening a model would fail."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model is opened")

    monkeypatch.setattr("srm_core.host.Host.load_model", refuse)
    monkeypatch.setattr("srm_core.stages.students.Students.student", refuse)
    build(toy(), Workspace(tmp_path), until="pose", run="first")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["audit", "first", "--plan", "--workspace", str(tmp_path), *arguments])

    return run


def test_the_plan_says_what_is_undecidable_what_would_decide_it_and_what_it_costs(plan: Callable[..., Any]) -> None:
    done = plan()
    assert done.exit_code == 0, done.output
    assert "toy-name-gap" in done.stdout
    # the toy's own arithmetic: 0.1 (2.8 / 0.05)^2 = 313.6 doublings
    assert "Not decidable at this size: 1 of 1 limits" in done.stdout
    assert "audit.per_attribute = 314 would decide all of them" in done.stdout
    assert "raise pose.per_kind too" in done.stdout
    assert "* assumed, not measured: answers differ between wordings in 10 % of the problems" in done.stdout
    assert "4 answers and 0 scores of each of 2 models (base, student), 8 calls" in done.stdout
    assert "not measured: token counts divided by rates" in done.stdout

    data = json.loads(plan("--json").stdout)
    (gap,) = data["findings"]
    assert (gap["n"], gap["needed"], gap["decidable"], data["undecidable"]) == (2, 314, False, 1)
    assert gap["available"] >= 2
    assert data["seconds"] == pytest.approx(data["calls"] * data["seconds_per_call"])


def test_other_settings_are_planned_and_a_wrong_one_is_one_sentence(plan: Callable[..., Any], tmp_path: Path) -> None:
    changes = ("audit.max_accuracy_gap=1.0", "audit.per_attribute=8", 'audit.compare_weights=["int8"]')
    wide = json.loads(plan("--json", *(part for text in changes for part in ("--set", text))).stdout)
    assert wide["models"] == ["base", "student", "student-int8"]
    assert wide["findings"][0]["needed"] == 1  # 0.1 (2.8 / 1)^2 = 0.784
    assert wide["undecidable"] == 0
    assert wide["calls"] == 3 * wide["answers"]

    for setting, said in (
        ('audit.compare_weights=["float32"]', "name each once, and not float32"),
        ("audit.max_flip=1", "there is no setting 'audit.max_flip'"),
        ("pose.per_kind=61", "has no posed problems with these settings"),
    ):
        refused = plan("--set", setting)
        assert refused.exit_code == 1
        assert said in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_json_alone_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["audit", "first", "--json", "--workspace", str(tmp_path)])
    assert done.exit_code == 2
    assert "--json belongs to --plan" in done.output


def test_the_speed_of_an_earlier_audit_counts_its_different_wordings(tmp_path: Path, sums: list[Problem]) -> None:
    made = [asked_as(sums[n], "name", {"Ada": f"Ada asks {n}.", "Ben": f"Ben asks {n}."}) for n in range(3)]
    again = asked_as(sums[0], "day", {"Ada": "Ada asks 0.", "day": "Today Ada asks 0."})  # shares one wording
    probes = [*made, again]
    answer = Completion(text="Answer: 1", finished=True, tokens=1)
    items = [
        AuditItem(probe=p.id, variant=v.name, role=role, completion=answer, verdict=Verdict(correct=True))
        for role in ("base", "student")
        for p in probes
        for v in p.variants
    ]
    write_records(tmp_path / "probes.jsonl", probes)
    write_records(tmp_path / "items.jsonl", items)
    record = StageRecord(stage="audit", key="k", inputs={}, settings={}, code="c", counts={}, seconds=64.0)
    speed = measured_speed({}, Artifact(tmp_path, record))
    assert speed is not None
    assert speed.seconds == 64.0 / (7 * 2 * 2)  # seven wordings, two models, an answer and a score each
    assert speed.source == "measured in this run's audit (28 calls)"


def test_without_an_audit_the_evaluation_s_speed_is_taken_and_without_one_none() -> None:
    evaluated = StageRecord(
        stage="evaluate", key="k", inputs={}, settings={}, code="c", counts={"attempts": 50}, seconds=25.0
    )
    speed = measured_speed({"evaluate": evaluated}, None)
    assert speed is not None
    assert speed.seconds == 0.5
    assert "this run's evaluation (50 answers" in speed.source
    assert measured_speed({}, None) is None


def test_groups_that_take_turns_need_the_setting_times_their_number() -> None:
    def planned(groups: tuple[str, ...], n: int) -> PlannedFinding:
        return PlannedFinding(
            measure="gap", attribute="name", groups=groups, n=n, discordance=0.2, measured=False, mde=None,
            limit=0.05, to_find=90, to_settle=60,
        )  # fmt: skip

    plan = AuditPlan(
        per_attribute=12, models=("base",), answers=0, scores=0, available=(12, 4), calls=0, seconds_per_call=0.0,
        seconds=0.0, speed="", findings=(planned(("a", "b", "c", "d"), 12), planned(("a", "b"), 4)),
    )  # fmt: skip
    assert plan.undecidable == 2
    assert plan.deciding == 90 * 3  # a pair of groups stands on 4 of the attribute's 12 problems
