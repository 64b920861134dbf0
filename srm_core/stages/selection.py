"""Which problems teach, which are worked examples, which are asked and under which arms; by id, so always alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..config import POLICY_METHODS, BuildConfig
from ..records import Pack, Problem

SELF = "self:"  # the teacher that is the base itself
ARM_OF = {"sft": "sft", **dict.fromkeys(POLICY_METHODS, "rl")}  # method -> the arm its student answers under
CONTROLS = ("shuffled", "none", "closed", "retrieved")  # arms of the final student with other evidence


def reinforced_kinds(named: Sequence[str], pack: Pack, posed: Collection[str]) -> tuple[str, ...]:
    """Return the kinds that reinforcement is spent on: ``named``, else those of ``pack``'s choice that are ``posed``.

    Empty: every kind alike.
    """
    return tuple(named) or tuple(kind.name for kind in pack.kinds if kind.reinforced and kind.name in posed)


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


def asked_problems(problems: Sequence[Problem], config: BuildConfig, pack: Pack) -> list[Problem]:
    """Return the held-out problems that the stage evaluate asks every arm."""
    settings = config.evaluate
    named = reinforced_kinds(config.train.rl_kinds, pack, {problem.kind for problem in problems})
    return held_out_problems(problems, settings.test_per_kind, dict.fromkeys(named, settings.rl_test_per_kind))


def held_out_problems(
    problems: Sequence[Problem], per_kind: int, more: Mapping[str, int] | None = None
) -> list[Problem]:
    """Return up to ``per_kind`` held-out problems of each kind by id; those of unseen formulas come on top, a half.

    ``more`` gives another number for some kinds, taken where it is larger.
    """
    most = {kind: max(per_kind, count) for kind, count in (more or {}).items()}
    groups: dict[tuple[str, bool], list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: p.id):
        if problem.split == "test":
            groups.setdefault((problem.kind, "unseen" in problem.tags.values()), []).append(problem)
    return [
        problem
        for (kind, unseen), group in sorted(groups.items())
        for problem in group[: max(1, per_kind // 2) if unseen else most.get(kind, per_kind)]
    ]
