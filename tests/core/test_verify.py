"""The core's verifiers accept the gold as people write it, and no way around it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srm_core.records import ChoiceKey, FormulaKey, GraphKey, Problem, TestsKey, Trace
from srm_core.verify import fold, read_number, verify_answer


def judged(problem: Problem, answer: str) -> bool | None:
    verdict = verify_answer(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


def problem(key: Any, answer: str, **more: Any) -> Problem:
    return Problem(kind="k", question="?", answer=answer, anchor="a", key=key, **more)


QUIZ = problem(ChoiceKey(index=1), "B", choices=("a dog", "a cat", "cats and dogs", "A bird"))
EXACT = problem(GraphKey(query="q"), "type 2 diabetes", accept=("E11.9", "Crohn's disease"))
BAND = problem(FormulaKey(formula="f", inputs={}, unit="mEq/L", low=35.5, high=36.5), "36")
COUNT = problem(GraphKey(query="q"), "1,200")


@pytest.mark.parametrize("answer", ["B", "b", "B.", "(B)", "[b]", "Option B", "B) a cat", "A cat", "**B**", "B [1]"])
def test_the_right_option_is_accepted(answer: str) -> None:
    assert judged(QUIZ, answer) is True


@pytest.mark.parametrize(
    "answer",
    [
        "A",
        "C",
        "E",
        "Z",
        "AB",
        "A or B",
        "B or A",
        "A, B",
        "B, C",
        "B/C",
        "B and C",
        "B a dog",
        "B. because",
        "dog",
        "?",
    ],
)
def test_any_other_option_or_two_are_refused(answer: str) -> None:
    assert judged(QUIZ, answer) is False


def test_a_text_of_two_options_is_ambiguous() -> None:
    twins = problem(ChoiceKey(index=0), "A", choices=("same", "Same", "other"))
    assert judged(twins, "same") is False
    assert judged(twins, "A") is True


def test_a_letter_that_is_another_options_text_is_ambiguous() -> None:
    groups = problem(ChoiceKey(index=0), "AB", choices=("AB", "A", "B", "0"))
    assert judged(groups, "A") is False
    assert judged(groups, "AB") is True


def test_a_key_that_names_no_option_is_the_verifiers_failure() -> None:
    assert judged(problem(ChoiceKey(index=4), "E", choices=("one", "two")), "E") is None


@pytest.mark.parametrize(
    "answer",
    [
        "type 2 diabetes",
        "Type 2  Diabetes.",
        "type-2 diabetes",
        "“type 2 diabetes”",
        "`type 2 diabetes`",
        "E11.9",
        "e11.9",
        "crohns disease",
        "Crohn’s disease",
        "type 2 diabetes [1][3]",
    ],
)
def test_the_gold_is_accepted_as_people_write_it(answer: str) -> None:
    assert judged(EXACT, answer) is True


@pytest.mark.parametrize(
    "answer",
    [
        "type 1 diabetes",
        "diabetes",
        "type 2 diabetes or type 1 diabetes",
        "type 2 diabetes, asthma",
        "E11.9, E11.8",
        "E119",
        "E11.90",
        "not type 2 diabetes",
        "The answer is type 2 diabetes",
        "type 2 diabetes (maybe)",
        ".",
        "",
    ],
)
def test_other_words_a_list_or_a_hedge_are_refused(answer: str) -> None:
    assert judged(EXACT, answer) is False


@pytest.mark.parametrize(
    "answer", ["36", "36.0", "35.5", "+36.5", "36 mEq/L", "36 meq/l", "36mEq/L.", "3.6e1", "36 [2]"]
)
def test_a_number_in_the_band_is_accepted(answer: str) -> None:
    assert judged(BAND, answer) is True


@pytest.mark.parametrize(
    "answer",
    [
        "35.49",
        "36.51",
        "-36",
        "−36",
        "36 mmol/L",
        "36 or 37",
        "35, 36, 37",
        "35-37",
        "36/1",
        "36 36",
        "about 36",
        "thirty-six",
        "36²",
        "٣٦",
        "nan",
        "inf",
        "1e999",
        "e5",
        "36%",
        "= 36",
        "",
    ],
)
def test_a_number_outside_two_numbers_or_another_unit_are_refused(answer: str) -> None:
    assert judged(BAND, answer) is False


@pytest.mark.parametrize(("answer", "right"), [("1200", True), ("1,200.0", True), ("1201", False), ("1200 kg", False)])
def test_a_number_from_the_graph_is_accepted_in_any_notation(answer: str, right: bool) -> None:
    assert judged(COUNT, answer) is right


@pytest.mark.parametrize("answer", ["2", "2 children", "3"])
def test_a_gold_that_only_begins_with_a_number_is_no_number(answer: str) -> None:
    assert judged(problem(GraphKey(query="q"), "2 children or 3 adults"), answer) is False


def test_programs_are_left_to_a_sandbox() -> None:
    tests = problem(TestsKey(entry="f", inputs=("[1]",), values=("1",)), "def f(x): return x")
    assert verify_answer(tests, Trace(text="", reasoning="", answer="def f(x): return x")) is None


@given(st.decimals(-(10**6), 10**6, places=3), st.decimals(-(10**6), 10**6, places=3))
def test_no_two_numbers_fold_together(one: Any, other: Any) -> None:
    if one != other:
        assert fold(str(one)) != fold(str(other))


@given(st.text(alphabet="abZ .,-'5\t", max_size=30))
def test_case_and_outer_spaces_make_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(f" {text.lower()}\t")


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_every_number_python_writes_is_read(value: float) -> None:
    assert read_number(repr(value)) == (value, "")
