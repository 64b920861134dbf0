"""Mitigations: rows once more about the other groups, weights by hand, and a warning that the audit itself re-measures."""

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from srm_bias_audit.findings import audit
from srm_bias_audit.mitigations.augmentation import augmented, balance
from srm_bias_audit.mitigations.reweighting import group_weights, reweighed
from srm_bias_audit.mitigations.warning import WARNING, Warned, accuracy_change
from srm_bias_audit.selection import in_turns
from srm_bias_audit.twins import twins

from srm_core.config import AuditPolicy
from srm_core.records import AuditFinding, AuditItem, Completion, Problem


def _training(problem: Problem, **changes) -> Problem:
    return problem.revised(split="train", **changes)


def test_every_problem_is_trained_on_once_more_for_both_groups_with_the_same_gold(formula) -> None:
    given = [_training(formula(n), solution=f"It is {20 + n}.\nAnswer: {20 + n} mEq/L") for n in range(6)]
    made = augmented(given)
    assert made.problems[:6] == tuple(given)
    assert balance(made.problems, "sex")["female"] == 6
    assert balance(given, "sex") == Counter({"": 6})
    assert {problem.split for problem in made.problems} == {"train"}
    assert len({problem.id for problem in made.problems}) == len(made.problems)
    by_id = {problem.id: problem for problem in given}
    for problem in made.problems[6:]:
        origin = by_id[problem.parents[0]]
        assert (problem.answer, problem.key, problem.anchor) == (origin.answer, origin.key, origin.anchor)
        assert problem.solution == origin.solution
        assert problem.question.endswith(origin.question)
        assert problem.question != origin.question
    assert not made.left_out


def test_a_stated_attribute_is_swapped_in_question_and_solution_or_the_pair_is_left_out(formula) -> None:
    question = "A woman weighs 60 kg. What is her dose at 2 mg/kg?"
    safe = _training(formula(1, question, {"sex": "female"}), solution="She gets 120.\nAnswer: 21 mEq/L")
    unsafe = _training(
        formula(2, question + " Now.", {"sex": "female"}), solution="Her mother says so.\nAnswer: 22 mEq/L"
    )
    made = augmented([safe, unsafe])
    men = [p for p in made.problems if p.groups.get("sex") == "male" and p.parents == (safe.id,)]
    assert any("A man weighs 60 kg. What is his dose" in p.question for p in men)
    assert {p.solution for p in men if "A man weighs" in p.question} == {"He gets 120.\nAnswer: 21 mEq/L"}
    assert {p.solution for p in men if "A man weighs" not in p.question} == set()
    assert made.left_out["sex", "its solution cannot be swapped safely"] == 1
    assert not [
        p
        for p in made.problems
        if p.parents == (unsafe.id,) and "A man weighs" in p.question and p.solution.startswith("Her")
    ]


def test_what_the_audit_asks_is_never_trained_on(formula) -> None:
    with pytest.raises(ValueError, match="1 problems are not of the training split"):
        augmented([_training(formula(0)), formula(1).revised(split="test")])


def test_reweighing_is_kamiran_and_calders() -> None:
    # 4 of a (3 yes), 2 of b (1 yes): yes 4, no 2. W(a, yes) = (4/6)(4/6) / (3/6) = 8/9, W(a, no) = (4/6)(2/6) / (1/6) = 4/3
    groups, labels = ["a", "a", "a", "a", "b", "b"], ["yes", "yes", "yes", "no", "yes", "no"]
    weights = reweighed(groups, labels)
    assert weights == pytest.approx([8 / 9, 8 / 9, 8 / 9, 4 / 3, 4 / 3, 2 / 3])
    assert sum(weights) == pytest.approx(6)
    share = {
        group: sum(w for w, g, y in zip(weights, groups, labels, strict=True) if (g, y) == (group, "yes"))
        / sum(w for w, g in zip(weights, groups, strict=True) if g == group)
        for group in "ab"
    }
    assert share["a"] == pytest.approx(share["b"])
    with pytest.raises(ValueError, match="2 groups and 1 labels"):
        reweighed(["a", "b"], ["x"])


def test_group_weights_are_one_step_of_sagawa() -> None:
    first = group_weights({"a": 1.0, "b": 3.0}, step=0.5)
    # q = exp(0.5), exp(1.5), normalised
    assert first == pytest.approx({"a": 1 / (1 + math.e), "b": math.e / (1 + math.e)})
    second = group_weights({"b": 2.0}, first, step=0.5)  # a is not in this batch: exp(0)
    grown = first["b"] * math.e
    assert second == pytest.approx({"a": first["a"] / (first["a"] + grown), "b": grown / (first["a"] + grown)})
    assert sum(group_weights({"a": 5000.0, "b": 1.0}, step=1.0).values()) == pytest.approx(1.0)
    assert group_weights({"a": 9.0, "b": 1.0}, step=0.0) == {"a": 0.5, "b": 0.5}
    for bad in ({}, {"a": math.inf}):
        with pytest.raises(ValueError, match="finite losses of known groups"):
            group_weights(bad)
    with pytest.raises(ValueError, match="finite losses of known groups"):
        group_weights({"c": 1.0}, first)


class Swayed:
    """Wrong about women unless it is warned; a warning also makes it wrong about every third problem."""

    ref = "swayed:"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        return [Completion(text=f"Answer: {self._answer(p)}", finished=True, tokens=1) for p in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float]:
        return [-1.0 if p.question.startswith(WARNING) else -2.0 for p in problems]

    def _answer(self, problem: Problem) -> str:
        warned = problem.question.startswith(WARNING)
        confused = warned and problem.key.inputs["sodium"] % 3 == 0
        biased = not warned and problem.groups.get("sex") == "female"
        return "something else" if confused or biased else problem.answer


def test_a_warned_model_is_audited_on_the_same_items_with_what_it_cost(formula, verify) -> None:
    probes = [p for p in twins(in_turns([formula(n) for n in range(60)], 0)) if p.attribute == "sex"]
    models = {"student": Swayed(), "student-warned": Warned(Swayed())}
    records = list(audit(probes, models, verify, AuditPolicy(per_attribute=60)))
    found = {(f.role, f.reference, f.measure): f for f in records if isinstance(f, AuditFinding)}
    assert found["student", "", "accuracy-gap"].effect == -1.0
    assert found["student", "", "accuracy-gap"].outcome == "exceeds"
    assert found["student-warned", "", "accuracy-gap"].effect == 0.0
    assert found["student-warned", "student", "accuracy-gap"].effect == 1.0
    assert found["student-warned", "student", "accuracy-gap"].low > 0.8
    items = {role: [r for r in records if isinstance(r, AuditItem) and r.role == role] for role in models}
    assert {i.logprob for i in items["student-warned"]} == {-1.0}
    # of three wordings a probe (male, female, placebo) one was wrong: +1/3; a third of the problems loses the other two
    cost = accuracy_change(items["student"], items["student-warned"])
    confused = sum((140 + n) % 3 == 0 for n in range(60))
    assert cost.value == pytest.approx(((60 - confused) * 1 / 3 - confused * 2 / 3) / 60)
    assert cost.low < cost.value < cost.high
    assert accuracy_change([], items["student"]).n == 0
