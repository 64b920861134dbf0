from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from srm_pack_medical.rewards import nearness, partial
from srm_pack_medical.verify import verify

from srm_core.records import GraphKey, Problem, Trace, Verdict


def problem(kind: str, answer: str, accept: tuple[str, ...] = (), choices: tuple[str, ...] = ()) -> Problem:
    return Problem(
        kind=kind, question="?", answer=answer, accept=accept, choices=choices, anchor="x", key=GraphKey(query="q")
    )


def grade(item: Problem, answer: str) -> bool | None:
    verdict = verify(item, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


CODE = problem("lay_term_code", "E11.65", ("Type 2 diabetes mellitus with hyperglycemia",))


@pytest.mark.parametrize(
    "answer",
    [
        "E11.65", "e11.65", "E1165", "E11.65.", "**E11.65**", "code E11.65", "ICD-10-CM code: E11.65", "icd10cm:E11.65",
        "E11.65: Type 2 diabetes mellitus with hyperglycemia", "E11.65 (Type 2 diabetes mellitus with hyperglycemia)",
        "E11.65 - type 2 diabetes mellitus, with hyperglycemia", "Type 2 diabetes mellitus with hyperglycemia",
    ],
)  # fmt: skip
def test_a_code_is_accepted_in_its_usual_forms(answer: str) -> None:
    assert grade(CODE, answer) is True


@pytest.mark.parametrize(
    "answer",
    [
        "E11.6", "E11", "E11.64", "E11.651", "E10.65", "E08-E13", "E11.65 or E11.64", "E11.65, E11.64", "E11.65/E11.64",
        "E11.65: Obesity", "Obesity", "maybe E11.65", "not E11.65", "E11.65 E11.65", "E11.65-E11.69", "", "65",
    ],
)  # fmt: skip
def test_a_near_miss_of_a_code_is_rejected(answer: str) -> None:
    assert grade(CODE, answer) is False


@pytest.mark.parametrize("answer", ["E08-E13", "e08 - e13", "E08–E13", "block E08-E13", "E08-E13: Diabetes mellitus"])
def test_a_block_is_accepted_in_its_usual_forms(answer: str) -> None:
    assert grade(problem("code_hierarchy", "E08-E13", ("Diabetes mellitus",)), answer) is True


@pytest.mark.parametrize("answer", ["E08", "E13", "E08-E14", "E08-E13, E15-E16", "E08-E13 or E20-E35"])
def test_a_near_miss_of_a_block_is_rejected(answer: str) -> None:
    assert grade(problem("code_hierarchy", "E08-E13"), answer) is False


@pytest.mark.parametrize(("answer", "right"), [("chapter-4", True), ("Chapter 4", True), ("4", True), ("14", False)])
def test_a_chapter_is_read_by_its_number(answer: str, right: bool) -> None:
    assert grade(problem("common_ancestor", "chapter-4"), answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("no", True), ("No.", True), ("NO", True), ("No, they may not be coded together", True), ("yes", False),
        ("no, they may be coded together", False), ("yes and no", False), ("no or yes", False), ("none", False),
        ("not sure", False), ("n", False),
    ],
)  # fmt: skip
def test_a_decision_is_read_whole(answer: str, right: bool) -> None:
    assert grade(problem("coded_together", "no"), answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Penicillin G", True), ("the penicillin G.", True), ("penicillin-G", True), ("Benzylpenicillin", True),
        ("Penicillin V", False), ("Penicillin", False), ("Penicillin G, Penicillin V", False), ("Penicillins", False),
    ],
)  # fmt: skip
def test_a_name_is_compared_without_case_articles_and_punctuation(answer: str, right: bool) -> None:
    assert grade(problem("drug_class", "Penicillin G", ("benzylpenicillin",)), answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Obesity", True), ("C", True), ("(c)", True), ("C. Obesity", True), ("option C", True), ("A", False),
        ("C. Gout", False), ("A. Obesity", False), ("A, C", False), ("J", False), ("A or C", False),
    ],
)  # fmt: skip
def test_an_option_is_accepted_by_letter_or_words(answer: str, right: bool) -> None:
    item = problem("not_under", "Obesity", choices=("Gout", "Asthma", "Obesity", "Angina pectoris"))
    assert grade(item, answer) is right


def test_kinds_of_others_are_left_to_them() -> None:
    assert verify(problem("term_definition", "x"), Trace(text="", reasoning="", answer="x")) is None


@given(st.text(max_size=80))
def test_no_garbage_crashes_a_grader_or_is_accepted(text: str) -> None:
    for item in (CODE, problem("coded_together", "no"), problem("drug_class", "Penicillin G")):
        if grade(item, text):
            assert any(letter.isalnum() for letter in text)


def reward(answer: str, *, correct: bool | None) -> list[float]:
    verdict = Verdict(correct=correct)
    return [term.value for term in partial(CODE, Trace(text="", reasoning="", answer=answer), verdict)]


def test_partial_credit_falls_with_the_distance_in_the_tree() -> None:
    assert reward("E11.65", correct=True) == [1.0]
    values = [reward(answer, correct=False)[0] for answer in ("E11.64", "E11", "E10.9", "E66.9", "J45")]
    assert values == sorted(values, reverse=True)
    assert values[0] < 1
    assert values[-1] == 0
    assert nearness("E11", "E11") == 1


def test_partial_credit_is_never_full_unless_right_and_never_paid_without_a_verdict() -> None:
    assert reward("E11.65: something else", correct=False) == [0.9]
    assert reward("E11.65, E11.64", correct=False) == [0.0]
    assert reward("nothing", correct=False) == [0.0]
    assert reward("E11.65", correct=None) == []


def test_the_distance_equals_a_hand_computed_value() -> None:
    # E11.65 lies at depth 5 (chapter-4, E08-E13, E11, E11.6, E11.65), E10.9 at depth 4; they share two groups.
    assert nearness("E1165", "E109") == pytest.approx(2 * 2 / (5 + 4))


def test_a_code_with_a_letter_in_second_place_is_a_code() -> None:
    assert grade(problem("lay_term_code", "QA0.0151"), "QA00151") is True
    assert grade(problem("lay_term_code", "QA0.0151"), "QA0.0141") is False
