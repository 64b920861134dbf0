"""``ask``: an answer counts only if it stands on evidence that exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.answering import Answer, ask, judged
from srm_core.config import BuildConfig
from srm_core.errors import ConfigError
from srm_core.inference.asking import Asker
from srm_core.protocols import Conversation
from srm_core.records import ChoiceKey, Evidence, Problem, Sampling
from srm_core.testing.fakes import FakeModel
from srm_core.workspace import Workspace

EVIDENCE = (
    Evidence(text="The double of 4 is 8.", cites=("triple-4",)),
    Evidence(text="The double of 5 is 10.", cites=("triple-5",)),
)
PROBLEM = Problem(kind="ask", question="What is the double of 5?", answer="?", anchor="5", key=ChoiceKey(index=0))


def answered(reply: Callable[[Conversation], str]) -> tuple[Answer, FakeModel]:
    model = FakeModel(reply)
    asker = Asker(model, system="Answer.", sampling=Sampling())
    return judged(asker, PROBLEM, EVIDENCE), model


def from_evidence(turns: Conversation) -> str:
    """Answer from the fact that names the number, and only from it."""
    line = next((line for line in turns[-1].content.splitlines() if "double of 5 is" in line), "")
    place, value = re.search(r"\[(\d)\]", line), re.search(r"is (\d+)", line)
    return f"By [{place.group(1)}].\nAnswer: {value.group(1)}" if place and value else "I do not know."


def test_an_answer_that_rests_on_what_it_cites_is_given() -> None:
    answer, model = answered(from_evidence)
    assert (answer.answer, answer.cites, answer.why) == ("10", (2,), "")
    assert answer.evidence == EVIDENCE
    first, second = (turns[-1].content for turns in model.asked)
    assert "The double of 5 is 10" in first
    assert "The double of 5 is 10" not in second  # asked again without what it cites, and only without that
    assert "The double of 4 is 8" in second


def test_an_answer_that_comes_without_its_evidence_too_is_withheld() -> None:
    answer, _ = answered(lambda turns: "By [2].\nAnswer: 10")
    assert answer.answer is None
    assert answer.why == "the same answer came without the evidence it cites"
    assert answer.cites == (2,)


def test_the_same_answer_in_other_letters_is_the_same() -> None:
    replies = iter(["By [2].\nAnswer: Ten", "Answer: ten"])
    assert answered(lambda turns: next(replies))[0].answer is None


def test_another_answer_without_the_evidence_lets_it_stand() -> None:
    replies = iter(["By [2].\nAnswer: 10", "By [1].\nAnswer: 8"])
    assert answered(lambda turns: next(replies))[0].answer == "10"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Answer: 10", "it cites nothing that exists"),
        ("By [7] and [0].\nAnswer: 10", "it cites nothing that exists"),
        ("By [2] it is ten.", "it gave no single answer"),
        ("By [2].\nAnswer: 10\nAnswer: 11", "it gave no single answer"),
        ("", "it gave no single answer"),
    ],
)
def test_without_an_answer_or_a_citation_it_abstains_and_says_why(said: str, why: str) -> None:
    answer, model = answered(lambda turns: said)
    assert (answer.answer, answer.why) == (None, why)
    assert len(model.asked) == 1


def test_citations_that_do_not_exist_are_left_out() -> None:
    answer, _ = answered(lambda turns: from_evidence(turns).replace("By", "By [9] and"))
    assert (answer.answer, answer.cites) == ("10", (2,))


def test_ask_abstains_where_nothing_is_found(built: Path, toy: Callable[..., BuildConfig]) -> None:
    place = Workspace(built)
    answer = ask(place.run("first"), "Who wrote this?", place)
    assert answer == Answer("", None, (), (), "nothing in the knowledge base bears on the question")


def test_ask_shows_the_student_what_was_found(built: Path, toy: Callable[..., BuildConfig]) -> None:
    place = Workspace(built)
    answer = ask(place.run("first"), "What is the double of 5?", place)
    assert [item.text for item in answer.evidence] == ["The double of 5 is 10."]
    assert answer.answer is None  # a model that was trained for a second has nothing to say
    assert answer == ask(place.run("first"), "What is the double of 5?", place)


@pytest.mark.parametrize("strategy", ["iterative", "search", "self-reasoning"])
def test_a_student_that_cannot_follow_a_strategy_answers_singly_and_it_is_counted(
    built: Path, toy: Callable[..., BuildConfig], strategy: str
) -> None:
    place = Workspace(built)
    answer = ask(place.run("first"), "What is the double of 5?", place, strategy=strategy)
    single = ask(place.run("first"), "What is the double of 5?", place)
    assert answer.failed == 1
    assert answer.note.startswith(f"{strategy}: 1 step failed (")
    assert len(answer.steps) == 1
    assert answer.steps[0].said
    assert (answer.text, answer.answer, answer.evidence, answer.why) == (
        single.text, single.answer, single.evidence, single.why,
    )  # fmt: skip


def test_an_empty_question_is_refused(built: Path, toy: Callable[..., BuildConfig]) -> None:
    place = Workspace(built)
    with pytest.raises(ConfigError, match="the question is empty"):
        ask(place.run("first"), "  ", place)
