"""Reinforcement learns from problems that are solved sometimes; the others would teach nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from srm_core.records import Attempt, ChoiceKey, Completion, Problem, Sampling, Verdict
from srm_core.training.candidates import TRIED_AT_ONCE, learnable


def problems(count: int) -> list[Problem]:
    return [
        Problem(kind="k", question=f"Is {n} even?", answer="x", anchor=f"n:{n}", key=ChoiceKey(index=0))
        for n in range(count)
    ]


class Student:
    """Solves problem n in ``share(n)`` of four samples; counts what it is asked."""

    def __init__(self, asked: Sequence[Problem], share: Callable[[int], int]) -> None:
        self.place = {problem.id: n for n, problem in enumerate(asked)}
        self.share = share
        self.batches: list[int] = []

    def __call__(self, batch: Sequence[Problem]) -> list[Attempt]:
        self.batches.append(len(batch))
        return [self._attempt(problem, index) for problem in batch for index in range(4)]

    def _attempt(self, problem: Problem, index: int) -> Attempt:
        right = index < self.share(self.place[problem.id])
        return Attempt(
            problem=problem.id,
            model="m",
            arm="candidate",
            sampling=Sampling(n=4),
            index=index,
            completion=Completion(text="x", finished=True, tokens=1),
            evidence=(),
            verdict=Verdict(correct=right, reason="" if right else "no"),
        )


def test_always_and_never_solved_problems_are_left_out(tmp_path: Path) -> None:
    asked = problems(10)
    student = Student(asked, lambda n: (0, 4, 2)[n % 3])
    assert learnable(asked, 10, 1, student, tmp_path) == [asked[n] for n in (2, 5, 8)]


def test_no_more_are_tried_than_needed(tmp_path: Path) -> None:
    asked = problems(4 * TRIED_AT_ONCE)
    student = Student(asked, lambda n: 1)
    assert learnable(asked, TRIED_AT_ONCE + 1, 1, student, tmp_path) == asked[: TRIED_AT_ONCE + 1]
    assert student.batches == [TRIED_AT_ONCE, TRIED_AT_ONCE]


def test_a_step_is_filled_with_others_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = problems(6)
    assert learnable(asked, 6, 3, Student(asked, lambda n: 3 if n == 4 else 0), tmp_path) == [
        asked[4],
        asked[0],
        asked[1],
    ]
    assert "only 1 of 6 tried problems are solved sometimes; others are taken too" in caplog.text


def test_a_batch_that_was_tried_before_a_kill_is_not_tried_again(tmp_path: Path) -> None:
    asked = problems(2 * TRIED_AT_ONCE)

    def dies(batch: Sequence[Problem]) -> Any:
        if batch[0] == asked[TRIED_AT_ONCE]:
            raise KeyboardInterrupt
        return Student(asked, lambda n: 2)(batch)

    with pytest.raises(KeyboardInterrupt):
        learnable(asked, len(asked), 1, dies, tmp_path)
    student = Student(asked, lambda n: 2)
    assert learnable(asked, len(asked), 1, student, tmp_path) == asked
    assert student.batches == [TRIED_AT_ONCE]
