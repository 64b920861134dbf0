"""Which problems reinforcement and preferences learn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.records import FormulaKey, Kind, Problem
from srm_core.stages.selection import asked_problems
from srm_core.stages.train import rl_problems


def _problems() -> list[Problem]:
    return [
        Problem(
            kind=kind,
            question=f"{kind} {n}?",
            answer="1",
            anchor=f"{kind} {n}",
            key=FormulaKey(formula="f", inputs={}, low=1, high=1),
        )
        for kind in ("add", "name", "order")
        for n in range(40)
    ]


def _chosen(reinforced: Sequence[str] = (), **train: Any) -> list[Problem]:
    config = BuildConfig.model_validate(
        {"pack": "toy", "distill": {"per_kind": 5}, "train": {"rl_steps": 3, "rl_prompts": 4, **train}}
    )
    context: Any = SimpleNamespace(config=config, host=SimpleNamespace(pack=lambda: _pack(reinforced)))
    return rl_problems(_problems(), context)


def _pack(reinforced: Sequence[str]) -> Any:
    return SimpleNamespace(
        kinds=[
            Kind(name=name, title=name, book="open", anchor="-", shared="-", reinforced=name in reinforced)
            for name in ("add", "name", "order", "not posed")
        ]
    )


def test_kinds_take_turns_and_what_supervised_rows_use_is_left_out() -> None:
    chosen = _chosen()
    assert [problem.kind for problem in chosen[:6]] == ["add", "name", "order"] * 2
    assert Counter(problem.kind for problem in chosen) == {"add": 4, "name": 4, "order": 4}
    training = [p for p in _problems() if p.split == "train"]
    used = {p.id for kind in ("add", "name", "order") for p in sorted(training, key=lambda p: p.id) if p.kind == kind}
    first = {p.id for kind in ("add", "name", "order") for p in _first(training, kind, 5)}
    assert first < used
    assert not first & {problem.id for problem in chosen}
    assert all(problem.split == "train" for problem in chosen)


def _first(problems: list[Problem], kind: str, count: int) -> list[Problem]:
    return sorted((p for p in problems if p.kind == kind), key=lambda p: p.id)[:count]


def test_kinds_that_the_pack_names_are_reinforced_unless_the_settings_name_others() -> None:
    assert {problem.kind for problem in _chosen(["order", "not posed"])} == {"order"}
    assert {problem.kind for problem in _chosen(["order"], rl_kinds=("add",))} == {"add"}
    assert {problem.kind for problem in _chosen(["not posed"])} == {"add", "name", "order"}


def test_kinds_that_are_reinforced_are_asked_more_often_and_the_others_as_always() -> None:
    settings = {"pack": "toy", "evaluate": {"test_per_kind": 2, "rl_test_per_kind": 4}}
    config = BuildConfig.model_validate(settings)
    asked = Counter(problem.kind for problem in asked_problems(_problems(), config, _pack(["order"])))
    assert asked == {"add": 2, "name": 2, "order": 4}
    few = config.model_copy(update={"evaluate": config.evaluate.model_copy(update={"rl_test_per_kind": 1})})
    assert Counter(p.kind for p in asked_problems(_problems(), few, _pack(["order"])))["order"] == 2


@pytest.mark.parametrize("kinds", [("name",), ("order", "name")])
def test_only_the_named_kinds(kinds: tuple[str, ...]) -> None:
    chosen = _chosen(rl_kinds=kinds, rl_candidates=2)
    assert {problem.kind for problem in chosen} == set(kinds)
    assert len(chosen) == 24


def test_a_kind_that_is_not_posed_leaves_none() -> None:
    assert _chosen(rl_kinds=("elsewhere",)) == []
