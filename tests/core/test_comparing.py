"""Arms and runs on the same held-out problems: how arms are written, what differences say, what is refused."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Any

import pytest

from srm_core.comparing.arms import differing, parse_arms
from srm_core.comparing.comparison import HEAD, changes_of, comparison_of, markdown, rows_of
from srm_core.comparing.differences import differences, require_same_problems
from srm_core.comparing.measured import Cost, Measured, final_student
from srm_core.config import BuildConfig
from srm_core.errors import ConfigError
from srm_core.records import FormulaKey, Problem, Score

COST = Cost(rows=12, supervised_tokens=3456, rollouts=8, rollout_tokens=789, seconds=61.4)


def _problem(kind: str, number: int) -> Problem:
    key = FormulaKey(formula="f", inputs={}, low=1, high=1)
    return Problem(kind=kind, question=f"{kind} {number}?", answer="1", anchor=f"{kind} {number}", key=key)


PROBLEMS = [_problem("add", n) for n in range(4)] + [_problem("name", n) for n in range(2)]


def _measured(name: str, verdicts: str, **settings: Any) -> Measured:
    """Return an arm whose verdict on each of `PROBLEMS` is a digit of ``verdicts``."""
    right = {problem.id: float(digit) for problem, digit in zip(PROBLEMS, verdicts, strict=True)}
    asked = {kind: tuple(p.id for p in PROBLEMS if kind in (p.kind, "all")) for kind in ("add", "name")}
    asked["all"] = tuple(right)
    levels = {
        kind: Score(
            suite="held-out",
            kind=kind,
            arm="rl",
            decoding="greedy",
            metric="accuracy",
            value=sum(right[i] for i in ids) / len(ids),
            low=0.0,
            high=1.0,
            n=len(ids),
        )
        for kind, ids in asked.items()
    }
    config = BuildConfig.model_validate({"pack": "toy", **settings})
    artifact: Any = SimpleNamespace(key=f"key-{name}", record=SimpleNamespace(seconds=61.4))
    problems = {problem.id: problem for problem in PROBLEMS}
    return Measured(name, name, config, "rl", problems, right, levels, asked, COST, {"train": artifact})


def test_an_arm_is_a_name_and_its_settings() -> None:
    assert parse_arms(
        [
            "plain",
            'sft:train.methods=["sft"]',
            'both: train.methods=["sft","dapo"] ;train.rl_steps=4;',
            'odd:own.a="b;c"',
        ]
    ) == {
        "plain": (),
        "sft": ('train.methods=["sft"]',),
        "both": ('train.methods=["sft","dapo"]', "train.rl_steps=4"),
        "odd": ('own.a="b;c"',),
    }
    assert parse_arms(["a:distill.teacher=self:", "b"])["a"] == ("distill.teacher=self:",)


@pytest.mark.parametrize(
    "wrong", ["", ":a=1", "train.epochs=3", "a:", "a:;", "a:epochs", "a b:c=1", "../a:b=1", "a:b=1;c"]
)
def test_an_arm_of_another_form_is_refused_in_one_sentence(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"^--arm .* is not of the form NAME:setting=value;setting=value, e\.g\. "):
        parse_arms(["first", wrong])


def test_one_arm_none_and_the_same_name_twice_are_refused() -> None:
    for arms in ([], ["a"]):
        with pytest.raises(ConfigError, match="needs at least two arms"):
            parse_arms(arms)
    with pytest.raises(ConfigError, match="two arms are called 'a'"):
        parse_arms(["a:b=1", "a:b=2"])


def test_the_settings_that_differ_are_named_with_every_arms_value() -> None:
    configs = {
        "a": BuildConfig.model_validate({"pack": "toy", "train": {"epochs": 2}}),
        "b": BuildConfig.model_validate({"pack": "toy", "own": {"largest": 3}}),
    }
    assert differing(configs) == {
        "a": {"own.largest": None, "train.epochs": 2.0},
        "b": {"own.largest": 3, "train.epochs": 1.0},
    }


def test_differences_are_paired_and_kinds_count_alike() -> None:
    first, other = _measured("first", "110000"), _measured("other", "011111")
    found = differences(other, first)
    assert found["add"].value == pytest.approx((-1 + 0 + 1 + 1) / 4)
    assert found["name"].value == pytest.approx((1 + 1) / 2)
    assert found["all"].value == pytest.approx((1 / 4 + 1) / 2)  # the mean of the kinds, not of the six problems
    assert (found["add"].n, found["name"].n, found["all"].n) == (4, 2, 6)
    # two gains of 1 and, added, one +1 and one -1: mean 1/2, deviation sqrt(mean square 1 - 1/4), over sqrt 4
    half = 1.959964 * math.sqrt(1 - 1 / 4) / math.sqrt(4)
    assert found["name"].low == pytest.approx(1 / 2 - half)
    assert found["name"].high == 1.0
    assert found["all"].low < found["all"].value < found["all"].high


def test_arms_that_agree_on_every_problem_do_not_claim_certainty() -> None:
    found = differences(_measured("other", "110010"), _measured("first", "110010"))
    assert found["all"].value == 0
    half = 1.959964 * math.sqrt(2 / 8) / math.sqrt(8)  # six zeros, one +1 and one -1: mean square 2/8
    assert found["all"].low == pytest.approx(-half)
    assert found["all"].high == pytest.approx(half)


def test_arms_that_are_asked_other_problems_are_refused() -> None:
    require_same_problems({"a": ["x", "y"], "b": ["y", "x"]})
    with pytest.raises(
        ConfigError, match=r"'a' and 'c' are asked different held-out problems \(2 and 3, 1 of them the sa"
    ):
        require_same_problems({"a": ["x", "y"], "b": ["y", "x"], "c": ["y", "z", "w"]})


def test_a_comparison_holds_verdicts_figures_costs_and_the_settings_that_differ() -> None:
    arms = [_measured("first", "110000"), _measured("other", "011111", train={"methods": ["sft"]})]
    comparison = comparison_of("mine", arms)
    first, other = comparison.arms
    assert first.gain == {}
    assert other.gain["all"].value == pytest.approx(5 / 8)
    order = [f"{kind} {n}?" for kind, n in [("add", n) for n in range(4)] + [("name", n) for n in range(2)]]
    verdict = dict(zip(comparison.problems, other.right, strict=True))
    assert [verdict[p.id] for p in PROBLEMS] == [False, True, True, True, True, True], order
    assert [comparison.kinds.count(kind) for kind in ("add", "name")] == [4, 2]
    assert other.settings == {"train.methods": ["sft"]}
    assert changes_of(comparison) == [["train.methods", '["sft", "grpo"]', '["sft"]']]
    assert rows_of(comparison)[0] == ["first", "33 % [0, 100] n 6", "", "3,456", "8", "789", "61 s"]
    assert rows_of(comparison)[1][2].startswith("+62 [")
    assert comparison.settings["train"]["methods"] == ["sft", "grpo"]
    assert json.loads(comparison.model_dump_json())["arms"][1]["keys"] == {"train": "key-other"}
    page = markdown(comparison)
    assert f"| {' | '.join(HEAD)} |" in page
    assert "| add | 50 % [0, 100] n 4 | 75 % [0, 100] n 4 |" in page
    assert '| train.methods | ["sft", "grpo"] | ["sft"] |' in page


@pytest.mark.parametrize(
    ("methods", "student"), [(["sft"], "sft"), (["sft", "dapo"], "rl"), (["sft", "dpo"], "dpo"), (["recite"], "recite")]
)
def test_the_student_of_the_last_method_is_compared(methods: list[str], student: str) -> None:
    assert final_student(BuildConfig.model_validate({"pack": "toy", "train": {"methods": methods}})) == student
