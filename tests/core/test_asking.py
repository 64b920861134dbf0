"""A suite asks a model with its system prompt, the kind's worked examples and the evidence its arm shows."""

from __future__ import annotations

from typing import Any

import pytest

from srm_core.inference.asking import Asker, Shown, own_evidence
from srm_core.inference.tokens import encode_completion
from srm_core.prompts import conversation, user_turn
from srm_core.protocols import Respondent
from srm_core.records import Completion, Evidence, Message, Problem, Sampling
from srm_core.testing.fakes import FakeModel

SYSTEM = "You reason about sums."


def test_answers_come_in_the_order_of_the_problems_though_kinds_are_asked_together(sums: list[Problem]) -> None:
    model = FakeModel(lambda turns: turns[-1].content)
    shots = {"sum": [(sums[1], sums[1].evidence)]}  # with worked examples, those of a kind are read once
    asker: Respondent = Asker(model, system=SYSTEM, sampling=Sampling(), shots=shots)
    assert [completion.text.rpartition("Question: ")[2] for completion in asker.answer(sums)] == [
        problem.question for problem in sums
    ]
    asked = [turns[-1].content.rpartition("Question: ")[2] for turns in model.asked]
    kind_of = {problem.question: problem.kind for problem in sums}
    assert [kind_of[question] for question in asked] == ["difference"] * 4 + ["sum"] * 8
    assert asker.ref == "fake:"
    assert asker.answer([]) == []


def test_every_sample_is_given(sums: list[Problem]) -> None:
    model = FakeModel([f"reply {n}" for n in range(6)])
    asker = Asker(model, system=SYSTEM, sampling=Sampling(n=3, temperature=1.0))
    assert [[c.text for c in cs] for cs in asker.samples(sums[1:3])] == [
        ["reply 0", "reply 1", "reply 2"],
        ["reply 3", "reply 4", "reply 5"],
    ]


def test_a_problem_is_shown_with_the_examples_of_its_kind_alone(sums: list[Problem]) -> None:
    model = FakeModel(lambda turns: "")
    example = sums[1]
    Asker(model, system=SYSTEM, sampling=Sampling(), shots={"sum": [(example, example.evidence)]}).answer(sums[3:5])
    difference, total = model.asked
    assert [turn.role for turn in difference] == ["system", "user"]
    assert total == (
        Message(role="system", content=SYSTEM),
        Message(role="user", content=user_turn(example, example.evidence)),
        Message(role="assistant", content=example.solution),
        Message(role="user", content=user_turn(sums[4], ())),
    )


def test_an_arm_decides_which_evidence_is_shown(sums: list[Problem]) -> None:
    other = (Evidence(text="Nothing of use.", cites=("chunk-x",)),)
    arms: list[tuple[Shown, tuple[Evidence, ...]]] = [
        (own_evidence, sums[1].evidence),
        (lambda problem: (), ()),
        (lambda problem: other, other),
    ]
    for shown, expected in arms:
        model = FakeModel(lambda turns: "")
        Asker(model, system=SYSTEM, sampling=Sampling(), shown=shown).answer(sums[1:2])
        said = model.asked[0][-1].content
        assert said == user_turn(sums[1], expected)
        assert ("The first number is 101" in said, "Nothing of use" in said) == (
            expected == sums[1].evidence,
            expected == other,
        )


def test_the_gold_s_log_probability_is_the_sum_over_its_tokens_or_none_from_afar(
    small_model: Any, sums: list[Problem]
) -> None:
    asker = Asker(small_model, system=SYSTEM, sampling=Sampling(max_tokens=1))
    golds = asker.gold_logprobs(sums)
    turns = [conversation(SYSTEM, problem, problem.evidence) for problem in sums]
    tokens = small_model.score(turns, [f"Answer: {problem.answer}" for problem in sums])
    assert golds == [sum(values) for values in tokens]
    assert len(tokens[0]) == len(encode_completion(small_model.tokenizer, f"Answer: {sums[0].answer}")[0])
    assert Asker(FakeModel([]), system=SYSTEM, sampling=Sampling()).gold_logprobs(sums) is None


def test_a_sampled_answer_does_not_depend_on_which_problems_are_asked_beside_it(
    small_model: Any, sums: list[Problem]
) -> None:
    asker = Asker(small_model, system=SYSTEM, sampling=Sampling(n=2, max_tokens=8, temperature=1.0, seed=2))
    together = asker.samples(sums)
    for problem, completions in zip(sums, together, strict=True):
        alone: list[Completion] = asker.samples([problem])[0]
        assert [c.token_ids for c in alone] == [c.token_ids for c in completions]


@pytest.mark.parametrize("choices", [(), ("one", "two", "three")])
def test_options_are_lettered(choices: tuple[str, ...], sums: list[Problem]) -> None:
    model = FakeModel(lambda turns: "")
    problem = sums[2].model_copy(update={"choices": choices})
    Asker(model, system=SYSTEM, sampling=Sampling()).answer([problem])
    options = "\n\nA. one\nB. two\nC. three" if choices else ""
    assert model.asked[0][-1].content == f"Question: What is 102 + 14?{options}"
