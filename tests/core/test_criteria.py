"""The second round of judging, rule by rule; and in the stage: what is right but badly reasoned is rejected."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from srm_core import hookimpl
from srm_core.config import BuildConfig, Criterion
from srm_core.distillation.criteria import CRITERIA, Reasoned, unmet
from srm_core.distillation.support import judge_steps
from srm_core.errors import ConfigError
from srm_core.records import Attempt, ChoiceKey, Evidence, FormulaKey, Problem
from srm_core.store import read_records, read_rows
from srm_core.testing.fakes import FakeModel
from srm_core.traces import parse_trace

EVIDENCE = (
    Evidence(text="Sodium is 140 and chloride 104", cites=("chunk-1",)),
    Evidence(text="Bicarbonate is 24", cites=("chunk-2",)),
)
GAP = Problem(
    kind="gap",
    question="What is the anion gap of this patient?",
    answer="12",
    anchor="row",
    key=FormulaKey(formula="gap", inputs={}, low=12, high=12),
    evidence=EVIDENCE,
    solution="Sodium is 140 and chloride 104 [1].\nBicarbonate is 24 [2].\nThe gap is <<140-104-24=12>>.\nAnswer: 12",
)
CODE = Problem(
    kind="code",
    question="Which of these is a fruit?",
    answer="Apple",
    choices=("Stone", "Apple"),
    anchor="fruit",
    key=ChoiceKey(index=1),
)


def _reasoned(text: str, problem: Problem = GAP) -> Reasoned:
    trace = parse_trace(text)
    judged = judge_steps(trace, problem.evidence, question=problem.question)
    return Reasoned(problem, trace, problem.evidence, judged)


def test_the_settings_name_every_criterion() -> None:
    assert get_args(Criterion) == tuple(CRITERIA)


def test_a_worked_solution_meets_all_seven() -> None:
    assert unmet(tuple(CRITERIA), _reasoned(GAP.solution)) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("consistent", GAP.solution.replace("=12>>", "=13>>"), GAP),
        ("derived", "Sodium is 140 and chloride 104 [1].\nBicarbonate is 24 [2].\nThe gap follows.\nAnswer: 12", GAP),
        ("derived", "The first one is no fruit at all.\nAnswer: B", CODE),
        ("overlapping", "Sodium [1].\nSubtract everything from it.\nThe result must be 12.\nAnswer: 12", GAP),
        ("stepwise", "The gap is <<140-104-24=12>>.\nAnswer: 12", GAP),
        ("varied", GAP.solution.replace("The gap", "Bicarbonate is 24 [2].\nThe gap"), GAP),
        ("relevant", "Hm, quite hard.\nLife goes on.\nBirds sing.\nThe gap is 12.\nAnswer: 12", GAP),
        ("instructed", GAP.solution + "\nI hope this helps.", GAP),
        ("instructed", GAP.solution.replace("[2]", "[3]"), GAP),
    ],
)
def test_each_criterion_has_its_own_fault(name: str, text: str, problem: Problem) -> None:
    assert name in unmet(tuple(CRITERIA), _reasoned(text, problem))
    assert unmet([name], _reasoned(text, problem)) == [name]
    assert unmet([other for other in CRITERIA if other != name], _reasoned(GAP.solution)) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("derived", "An apple grows on a tree.\nAnswer: B", CODE),  # the option's words, not its letter
        ("derived", "Subtract both.\nAnswer: <<140-104-24=12>>", GAP),
        ("overlapping", "Anything.\nAnswer: B", CODE),  # there is no worked solution to compare with
        ("varied", "Sodium is 140.\nChloride is 104.\nAnswer: 12", GAP),
        ("instructed", "Answer: 12\n\n", GAP),
    ],
)
def test_what_is_not_that_fault_passes(name: str, text: str, problem: Problem) -> None:
    assert unmet([name], _reasoned(text, problem)) == []


@pytest.fixture
def distilled(toy: Callable[..., BuildConfig], built: Path, tmp_path: Path) -> Callable[..., dict[str, int]]:
    from srm_core.host import Host
    from srm_core.stages.context import Context
    from srm_core.stages.distill import distill
    from srm_core.workspace import Workspace

    place = Workspace(built)
    keys = {record.stage: record.key for record in place.run("first").manifest().stages}
    posed, ground = place.store.find("pose", keys["pose"]), place.store.find("ground", keys["ground"])
    assert posed is not None
    assert ground is not None
    asked = {problem.question: problem for problem in read_records(posed.path / "problems.jsonl", Problem)}

    def run(*assignments: str) -> dict[str, int]:
        def reply(turns: object) -> str:
            problem = asked[turns[-1].content.rpartition("Question: ")[2]]  # type: ignore[index]
            return problem.solution if problem.kind == "double" else f"So it is.\nAnswer: {problem.answer}"

        plugin = types.ModuleType("handmade")
        load = hookimpl(lambda ref: FakeModel(reply, "handmade:") if ref == "handmade:" else None)
        plugin.srm_load_model = load  # type: ignore[attr-defined]
        host = Host("toy")
        host.register(plugin, "handmade")
        config = toy("distill.teacher=handmade:", *assignments)
        return dict(distill(Context(host, config, tmp_path), tmp_path, problems=posed, knowledge=ground).counts)

    return run


def test_right_answers_with_bad_reasoning_are_rejected_with_the_reason(
    distilled: Callable[..., dict[str, int]], tmp_path: Path
) -> None:
    assert distilled()["accepted"] == 12
    counts = distilled('distill.criteria=["derived", "instructed"]')
    assert counts["attempts"] == counts["accepted"] + counts["rejected"] == 12
    assert counts["rejected: right, but its reasoning is not derived"] == counts["rejected"] == 6
    assert {row["kind"] for row in read_rows(tmp_path / "rejected.jsonl")} == {"add"}
    kept = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    assert not {a.problem for a in kept} & {row["problem"] for row in read_rows(tmp_path / "rejected.jsonl")}


def test_an_unknown_criterion_is_refused_when_the_settings_are_read(toy: Callable[..., BuildConfig]) -> None:
    with pytest.raises(ConfigError, match=r"distill\.criteria\.0 = 'clever': input should be 'consistent', 'derived'"):
        toy('distill.criteria=["clever"]')
