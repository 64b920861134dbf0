"""Problems that the teacher did not solve acceptably are what reinforcement is asked first (Fin-R1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.records import Attempt, Completion, FormulaKey, Problem, Sampling, Verdict
from srm_core.stages.selection import training_problems
from srm_core.stages.train import missed_problems, rl_problems
from srm_core.store import write_rows

KEY = FormulaKey(formula="f", inputs={}, low=1, high=1)
PROBLEMS = [
    Problem(kind=kind, question=f"{kind} {n}?", answer="1", anchor=f"{kind} {n}", key=KEY)
    for kind in ("add", "name", "order")
    for n in range(40)
]


def _context(**train: Any) -> Any:
    settings = {"pack": "toy", "distill": {"per_kind": 5}, "train": {"rl_steps": 3, "rl_prompts": 4, **train}}
    names_no_kind = SimpleNamespace(pack=lambda: SimpleNamespace(kinds=()))
    return SimpleNamespace(config=BuildConfig.model_validate(settings), host=names_no_kind)


def test_missed_problems_come_first_kinds_in_turn_and_none_twice() -> None:
    taught = training_problems(PROBLEMS, 5)
    missed = [p for p in taught if p.kind == "add"][:3] + [p for p in taught if p.kind == "order"][:1]
    usual = rl_problems(PROBLEMS, _context())
    chosen = rl_problems(PROBLEMS, _context(), first={problem.id for problem in missed})
    assert [problem.kind for problem in chosen[:4]] == ["add", "order", "add", "add"]
    assert {problem.id for problem in chosen[:4]} == {problem.id for problem in missed}
    assert chosen[4:] == usual[:8]  # the rest is as it would be without
    assert len({problem.id for problem in chosen}) == len(chosen) == 12


def test_more_missed_than_wanted_leave_no_other_and_kinds_still_count() -> None:
    missed = {problem.id for problem in training_problems(PROBLEMS, 20)}
    chosen = rl_problems(PROBLEMS, _context(rl_kinds=["name"], rl_steps=1), first=missed)
    assert [problem.kind for problem in chosen] == ["name"] * 4
    assert {problem.id for problem in chosen} <= missed


def test_what_is_held_out_is_never_a_prompt() -> None:
    chosen = rl_problems(PROBLEMS, _context(), first={problem.id for problem in PROBLEMS if problem.split != "train"})
    assert chosen == rl_problems(PROBLEMS, _context())


def test_where_problems_are_few_a_missed_one_is_not_taken_twice() -> None:
    few = training_problems(PROBLEMS, 1)  # three, all of them used by supervised rows
    chosen = rl_problems(few, _context(), first={few[0].id})
    assert [problem.id for problem in chosen] == [few[0].id, few[1].id, few[2].id]


def test_a_problem_with_an_accepted_attempt_is_not_missed(tmp_path: Path) -> None:
    rows = [{"attempt": f"a{n}", "problem": number, "kind": "add", "reason": "no"} for n, number in enumerate("xxyz")]
    write_rows(tmp_path / "rejected.jsonl", rows)
    accepted = Attempt(
        problem="y",
        model="m",
        arm="teacher",
        sampling=Sampling(),
        completion=Completion(text="Answer: 1", finished=True, tokens=2),
        verdict=Verdict(correct=True),
    )
    distilled: Any = SimpleNamespace(path=tmp_path)
    assert missed_problems([accepted], distilled) == {"x", "z"}


@pytest.mark.parametrize("on", [False, True])
def test_the_stage_train_asks_what_the_teacher_missed(
    on: bool, built: Path, toy: Callable[..., BuildConfig], tmp_path: Path
) -> None:
    from srm_core.host import Host
    from srm_core.stages.context import Context
    from srm_core.stages.train import train
    from srm_core.store import Artifact, read_records, write_records
    from srm_core.workspace import Workspace

    manifest = Workspace(built).run("first").manifest()
    keys = {record.stage: record.key for record in manifest.stages}
    found = [Workspace(built).store.find(stage, keys[stage]) for stage in ("ground", "pose", "distill")]
    known, posed, distilled = found
    assert known is not None
    assert posed is not None
    assert distilled is not None
    attempts = list(read_records(distilled.path / "attempts.jsonl", Attempt))
    folder = tmp_path / "distilled"
    folder.mkdir()
    write_records(folder / "attempts.jsonl", attempts[3:])
    missed = [attempt.problem for attempt in attempts[:3]]
    write_rows(folder / "rejected.jsonl", [{"problem": number, "attempt": "a", "kind": "k"} for number in missed])
    config = toy('train.methods=["sft"]', "train.rl_steps=2", f"train.rl_from_rejected={str(on).lower()}")
    (tmp_path / "out").mkdir()
    train(
        Context(Host("toy"), config, tmp_path),
        tmp_path / "out",
        attempts=Artifact(folder, distilled.record),
        problems=posed,
        knowledge=known,
    )
    prompts = [problem.id for problem in read_records(tmp_path / "out" / "data" / "problems.jsonl", Problem)]
    assert len(prompts) == 4
    assert ({*prompts[:3]} == {*missed}) is on
