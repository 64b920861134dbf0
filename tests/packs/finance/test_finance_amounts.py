"""How amounts are read: scale, currency, percent, basis points, parentheses."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from srm_pack_finance.amounts import verify_amount

from srm_core.records import FormulaKey, Trace


def right(unit: str, gold: float, answer: str) -> bool | None:
    width = abs(gold) * 0.001
    key = FormulaKey(formula="f", inputs={}, unit=unit, low=gold - width, high=gold + width)
    return verify_amount(key, Trace(text="", reasoning="", answer=answer)).correct


ACCEPTED = {
    ("million USD", 1.2): ("$1.2 million", "1,200 thousand USD", "1.2m", "US$1,200,000", "USD 1.2 million", "$1.2M",
                           "1200000 dollars", "0.0012 billion", "1.2 million U.S. dollars", "1,200k", "**1.2 million**"),
    ("million USD", -3.4): ("(3.4) million", "$(3.4) million", "-$3.4 million", "($3.4 million)", "−3.4 million USD",
                            "-3,400 thousand", "(3,400,000)"),
    ("%", 12.5): ("12.5%", "12.5 percent", "12.5", "0.125", "1,250 basis points", "1250 bps", "12.5 per cent"),
    ("%", -3.4): ("-3.4%", "(3.4)%", "(3.4%)", "-3.4 percent", "−3.4 %"),
    ("bp", 25): ("25 bp", "25 basis points", "25bps", "0.25%", "25"),
    ("USD", 1050.25): ("$1,050.25", "1050.25", "1,050.25 USD", "1050.25 dollars", "The value is $1,050.25."),
    ("", 1.53): ("1.53", "1.53x", "1.53 times"),
    ("years", 5.5): ("5.5 years", "5.5", "5.5 yrs"),
}  # fmt: skip
REJECTED = {
    ("million USD", 1.2): ("1.2", "1.2 thousand", "$1.2", "€1.2 million", "1.2 billion", "-1.2 million", "(1.2) million",
                           "1.2 million or 1.3 million", "1.2 million 1.3", "1.2%", "1.2 million %", "1.3 million",
                           "not 1.2 million", "between 1.1 and 1.3 million", "maybe 1.2 million"),
    ("million USD", -3.4): ("3.4 million", "-3.4", "(3.4)", "(3.4) thousand"),
    ("%", 12.5): ("125%", "12.5 bp", "1.25", "$12.5", "12.5 million", "-12.5%", "(12.5)%", "12.5% or 13%", "0.125%",
                  "1250", "12.6%"),
    ("%", -3.4): ("3.4%", "3.4"),
    ("bp", 25): ("0.25", "25%", "2.5 bp", "0.0025"),
    ("USD", 1050.25): ("€1,050.25", "1050.25%", "1,050.25 million", "1050.25 years", "1050 or 1051", "10,50.25", "1060"),
    ("", 1.53): ("1.53%", "$1.53", "153%", "1.53 million", "15.3"),
    ("years", 5.5): ("5.5 months", "5.5%", "$5.5"),
}  # fmt: skip


@pytest.mark.parametrize(("key", "answer"), [(key, answer) for key, answers in ACCEPTED.items() for answer in answers])
def test_an_amount_is_accepted_in_its_usual_forms(key: tuple[str, float], answer: str) -> None:
    assert right(*key, answer) is True


@pytest.mark.parametrize(("key", "answer"), [(key, answer) for key, answers in REJECTED.items() for answer in answers])
def test_a_near_miss_is_rejected(key: tuple[str, float], answer: str) -> None:
    assert right(*key, answer) is False


@pytest.mark.parametrize(
    "answer",
    ["(" * 1_000_000, "1" * 2000, "1," * 999, "1.2 million " * 150, "\x00\x01" * 500, "nan", "inf", "1e999 million",
     "\u202e1.2 million", "-" * 1999 + "1", "( " * 999 + "1", "9" * 400 + " million", "1 " * 999, "[" * 1900, "$" * 1900],
)  # fmt: skip
def test_hostile_text_is_wrong_and_quickly_so(answer: str) -> None:
    started = time.process_time()
    assert right("million USD", 1.2, answer) is False
    assert time.process_time() - started < 0.5


@given(st.text(max_size=120))
def test_no_garbage_raises(text: str) -> None:
    assert right("million USD", 731.25, text) is False or "731" in text
