"""Which problems teach, which are worked examples, which are asked and under which arms; by id, so always alike."""

from __future__ import annotations

from collections.abc import Sequence

from ..config import POLICY_METHODS
from ..records import Problem

SELF = "self:"  # the teacher that is the base itself
ARM_OF = {"sft": "sft", **dict.fromkeys(POLICY_METHODS, "rl")}  # method -> the arm its student answers under
CONTROLS = ("shuffled", "none", "closed", "retrieved")  # arms of the final student with other evidence


def training_problems(problems: Sequence[Problem], per_kind: int, skip: int = 0) -> list[Problem]:
    """Return up to ``per_kind`` training problems of each kind, by id, after the first ``skip`` of the kind."""
    kinds: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.split == "train":
            kinds.setdefault(problem.kind, []).append(problem)
    return [p for _, group in sorted(kinds.items()) for p in sorted(group, key=lambda p: p.id)[skip : skip + per_kind]]


def shots(problems: Sequence[Problem], count: int) -> dict[str, list[Problem]]:
    """Return ``count`` worked training problems of each kind: the last by id, which `training_problems` takes last."""
    kinds: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: p.id, reverse=True):
        group = kinds.setdefault(problem.kind, [])
        if problem.split == "train" and problem.solution and len(group) < count:
            group.append(problem)
    return kinds


def test_problems(problems: Sequence[Problem], per_kind: int) -> list[Problem]:
    """Return up to ``per_kind`` held-out problems of each kind by id; those of unseen formulas come on top, a half."""
    groups: dict[tuple[str, bool], list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: p.id):
        if problem.split == "test":
            groups.setdefault((problem.kind, "unseen" in problem.tags.values()), []).append(problem)
    return [
        problem
        for (_, unseen), group in sorted(groups.items())
        for problem in group[: max(1, per_kind // 2) if unseen else per_kind]
    ]
