"""A completion has one answer or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srm_core.traces import MAX_ANSWER, parse_trace


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer: 36", "36"),
        ("Because.\nAnswer: E11.9", "E11.9"),
        ("answer : yes \n", "yes"),
        ("  ANSWER: B. two", "B. two"),
        ("Answer: <<140-104=36>> mEq/L", "36 mEq/L"),
        ("Answer: 36\nAnswer: 36", "36"),
        ("Answer:\nAnswer: 36", "36"),
        ("Answer: 36\nAnswer: 37", None),
        ("Answer:", None),
        ("Answer:   \n36", None),
        ("The answer: 36", None),
        ("36", None),
        ("", None),
        ("Answer: " + "a" * MAX_ANSWER, "a" * MAX_ANSWER),
        ("Answer: " + "a" * (MAX_ANSWER + 1), None),
    ],
)
def test_the_answer_of_a_completion(text: str, answer: str | None) -> None:
    assert parse_trace(text).answer == answer


def test_the_reasoning_ends_where_the_answer_begins() -> None:
    trace = parse_trace("First [2].\nThen <<1+1=2>>.\nAnswer: 2 [1]\nmore [2]")
    assert trace.reasoning == "First [2].\nThen 2."
    assert trace.text == "First [2].\nThen <<1+1=2>>.\nAnswer: 2 [1]\nmore [2]"


def test_citations_are_in_order_and_each_once() -> None:
    assert parse_trace("By [3] and [1], [3].\nAnswer: x").cites == (3, 1)
    assert parse_trace("[1234] and [a] and []").cites == ()


def test_without_an_answer_everything_is_reasoning() -> None:
    assert parse_trace(" thinking ").reasoning == "thinking"


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    trace = parse_trace(text)
    assert trace.text == text
    assert trace.answer is None or trace.answer == trace.answer.strip() != ""
