"""Dates, check digits, codes and options: usual forms are accepted, near misses are not."""

from __future__ import annotations

import pytest
from srm_pack_finance.verify import verify

from srm_core.records import GraphKey, Problem, Trace


def grade(kind: str, gold: str, answer: str, accept: tuple[str, ...] = ()) -> bool | None:
    problem = Problem(kind=kind, question="?", answer=gold, accept=accept, anchor="x", key=GraphKey(query="q"))
    verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
    assert verdict is not None
    return verdict.correct


@pytest.mark.parametrize(
    "answer",
    ["2026-07-06", "Monday 2026-07-06", "6 July 2026", "July 6, 2026", "Mon, 6 Jul 2026", "6th of July 2026", "2026-07-06 (Monday)",
     "**2026-07-06**", "on 2026-07-06.", "The settlement date is 2026-07-06"],
)  # fmt: skip
def test_a_date_is_accepted_in_its_usual_forms(answer: str) -> None:
    assert grade("settlement_date", "2026-07-06", answer) is True


@pytest.mark.parametrize(
    "answer",
    ["2026-07-07", "06/07/2026", "Tuesday 2026-07-06", "2026-07-06 or 2026-07-07", "July 2026", "6 July", "2026-7-6",
     "2026-07-06 2026-07-06", "2026-02-30", "July 60, 2026", ""],
)  # fmt: skip
def test_another_an_ambiguous_or_a_false_date_is_rejected(answer: str) -> None:
    assert grade("settlement_date", "2026-07-06", answer) is False


@pytest.mark.parametrize(
    ("answer", "right"),
    [("82", True), ("GB82 WEST 1234 5698 7654 32", True), ("check digits 82", True), ("The check digits are 82.", True),
     ("28", False), ("8", False), ("82 or 28", False), ("GB28WEST12345698765432", False), ("WEST12345698765432", False)],
)  # fmt: skip
def test_check_digits_are_read_alone_or_inside_the_identifier(answer: str, right: bool) -> None:
    assert grade("iban_digits", "82", answer, ("GB82WEST12345698765432",)) is right


@pytest.mark.parametrize(
    ("gold", "answer", "right"),
    [("KWD", "kwd", True), ("KWD", "The code is KWD.", True), ("KWD", "currency code: KWD", True), ("KWD", "KWT", False),
     ("KWD", "KWD, USD", False), ("414", "414", True), ("414", "the number is 414", True), ("414", "41", False),
     ("036", "036", True), ("036", "36", False), ("3", "3 decimal places", True), ("3", "3 decimals", True), ("3", "2", False),
     ("3", "13", False), ("balance sheet", "the balance sheet", True), ("balance sheet", "on the balance sheet", True),
     ("balance sheet", "income statement", False), ("debit", "a debit", True), ("debit", "credit", False),
     ("debit", "debit and credit", False), ("debit", "not debit", False)],
)  # fmt: skip
def test_codes_numbers_and_names_are_read_whole(gold: str, answer: str, right: bool) -> None:
    assert grade("currency_code", gold, answer) is right


def test_kinds_of_others_and_choices_are_left_to_the_core() -> None:
    for kind in ("term_definition", "luhn_valid"):
        problem = Problem(kind=kind, question="?", answer="x", anchor="x", key=GraphKey(query="q"))
        assert verify(problem, Trace(text="", reasoning="", answer="x")) is None
