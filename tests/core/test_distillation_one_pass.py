"""Attempts of a teacher and of the solver: what was asked, what was shown, what they descend from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from srm_core.distillation.one_pass import one_pass
from srm_core.distillation.solver import solve
from srm_core.errors import ModelError
from srm_core.prompts import conversation
from srm_core.protocols import Conversation
from srm_core.records import ChoiceKey, Completion, Evidence, Problem, Sampling


def problem(number: int, solution: str = "") -> Problem:
    return Problem(
        kind="toy",
        question=f"What is {number}?",
        answer=str(number),
        anchor=f"n:{number}",
        key=ChoiceKey(index=0),
        solution=solution,
    )


class Teacher:
    """Answers in batches and remembers them."""

    ref = "toy:teacher"

    def __init__(self) -> None:
        self.batches: list[list[Conversation]] = []

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        self.batches.append(list(conversations))
        return [
            [Completion(text=f"sample {n}", finished=True, tokens=2) for n in range(sampling.n)] for _ in conversations
        ]


def test_every_problem_is_asked_with_its_own_evidence_and_the_shots() -> None:
    problems = [problem(n) for n in range(5)]
    path = Evidence(text="3 is the third.", cites=("triple-a", "triple-b"))
    shot = (problem(9, "It is nine.\nAnswer: 9"), (path,))
    teacher = Teacher()
    attempts = list(
        one_pass(problems, {problems[3].id: [path]}, teacher, Sampling(n=2), system="Think.", shots=[shot], batch=2)
    )
    assert [len(batch) for batch in teacher.batches] == [2, 2, 1]
    assert teacher.batches[1][1] == conversation("Think.", problems[3], [path], [shot])
    assert teacher.batches[1][0] == conversation("Think.", problems[2], [], [shot])
    assert "3 is the third [1]" in teacher.batches[1][1][-1].content
    assert [(attempt.problem, attempt.index) for attempt in attempts] == [(p.id, n) for p in problems for n in (0, 1)]
    shown = attempts[6]
    assert shown.evidence == (path,)
    assert shown.parents == (problems[3].id, "triple-a", "triple-b")
    assert shown.verdict.correct is None
    assert shown.verdict.reason == "not judged yet"
    assert (shown.model, shown.arm) == ("toy:teacher", "teacher")
    assert len({attempt.id for attempt in attempts}) == 10


def test_the_teacher_is_asked_only_when_attempts_are_wanted() -> None:
    teacher = Teacher()
    attempts = one_pass([problem(n) for n in range(6)], {}, teacher, Sampling(), system="", batch=2)
    assert teacher.batches == []
    next(attempts)
    next(attempts)
    assert len(teacher.batches) == 1


def test_a_teacher_that_leaves_out_an_answer_is_an_error() -> None:
    class Lazy(Teacher):
        def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
            return super().generate(conversations[1:], sampling)

    with pytest.raises(ModelError, match="toy:teacher was asked 1 completions for each of 2 conversations"):
        list(one_pass([problem(1), problem(2)], {}, Lazy(), Sampling(), system=""))


def test_the_solver_gives_the_worked_solutions_and_leaves_out_problems_without_one() -> None:
    worked, bare, blank = problem(1, "One is one.\nAnswer: 1"), problem(2), problem(3, " \n")
    fact = Evidence(text="One is 1.", cites=("triple-a",))
    attempts = list(solve([worked, bare, blank], {worked.id: (fact,)}))
    assert [attempt.problem for attempt in attempts] == [worked.id]
    assert attempts[0].completion == Completion(text="One is one.\nAnswer: 1", finished=True, tokens=0)
    assert attempts[0].model == "solver:"
    assert attempts[0].parents == (worked.id, "triple-a")
