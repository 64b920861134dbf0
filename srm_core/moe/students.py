"""What a mixture takes from a finished run: the student's weights, its rows, its held-out problems, its verifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArtifactError, ConfigError
from ..inference.tokens import encode_completion, encode_prompt
from ..models.load import locate
from ..pipeline import context_of
from ..prompts import conversation
from ..protocols import Verify
from ..records import Problem, TrainingRow
from ..stages.lengths import answer_length
from ..stages.selection import held_out_problems
from ..stages.students import Students
from ..store import read_records
from ..training.lora import merged
from ..workspace import Workspace


@dataclass(frozen=True)
class Student:
    """One domain's student. ``weights`` opens the merged dense model anew each time."""

    name: str
    pack: str
    base: str
    folder: Path  # of the base: settings, tokenizer
    weights: Callable[[], Any]
    rows: Sequence[TrainingRow]
    problems: Sequence[Problem]  # held out
    system: str
    verify: Verify
    max_tokens: int  # of an answer: a quarter more than the longest that was taught, and no more than its build allowed


def student_of(name: str, workspace: Workspace, per_kind: int) -> Student:
    """Return the final student of the finished run ``name``, with up to ``per_kind`` held-out problems of each kind.

    Raises:
        ArtifactError: there is no such run, it is not finished or damaged, or it has no held-out problems.
    """
    context, artifacts = context_of(workspace.run(name), workspace)
    base = locate(context.config.base)
    assert base is not None, "the pipeline opens local bases only"
    folder, trained = base.folder, artifacts["train"]
    posed = list(read_records(artifacts["pose"].path / "problems.jsonl", Problem))
    held_out = held_out_problems(posed, per_kind)
    if not held_out:
        raise ArtifactError(f"run {name!r} has no held-out problems to judge a mixture on; pose more of each kind")
    adapter = Students(context, trained).adapter()
    rows = tuple(read_records(trained.path / "data" / "rows.jsonl", TrainingRow))
    longest = max(answer_length(row) for row in rows)
    return Student(
        name=name,
        pack=context.config.pack,
        base=context.config.base,
        folder=folder,
        weights=lambda: merged(folder, adapter),
        rows=rows,
        problems=held_out,
        system=context.host.pack().system_prompt,
        verify=context.host.verify,
        max_tokens=min(context.config.evaluate.max_tokens, longest * 5 // 4),
    )


def check_students(students: Sequence[Student]) -> None:
    """Raise `ConfigError` if the students are of different bases, or one is named twice."""
    for student in students[1:]:
        if student.base != students[0].base:
            raise ConfigError(
                f"{students[0].name} is a student of {students[0].base}, {student.name} of {student.base}; "
                "only students of one base can be mixed"
            )
    names = [student.name for student in students]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"{twice[0]} is named twice; name each student once")


def held_out_rows(student: Student, tokenizer: Any) -> list[TrainingRow]:
    """Return a row for each held-out problem, its worked solution as the answer, or its gold alone if there is none.

    Nothing is trained on them: they show where a domain's tokens go and what they cost.
    """
    rows = []
    for problem in student.problems:
        prompt = encode_prompt(tokenizer, conversation(student.system, problem, problem.evidence))
        answer, own = encode_completion(tokenizer, problem.solution or f"Answer: {problem.answer}")
        mask = (*(False for _ in prompt), *own)
        rows.append(TrainingRow(parents=(problem.id,), attempt=problem.id, ids=(*prompt, *answer), mask=mask))
    return rows
