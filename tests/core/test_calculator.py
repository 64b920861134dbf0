"""Arithmetic is exact, closed and the same everywhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srm_core import calculator
from srm_core.calculator import ExpressionError, evaluate, format_number, pieces, plain, recompute

NUMBERS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("140-104", 36),
        ("2+3*4", 14),
        ("(2+3)*4", 20),
        ("2^3^2", 512),  # right to left
        ("-2^2", -4),
        ("1/8", 0.125),
        ("sqrt(16)+abs(-3)", 7),
        ("min(4,2,3)", 2),
        ("max(1)", None),  # of one number there is no largest
        ("ln(exp(1))", 1),
        ("log10(1000)", 3),
        ("1e3", 1000),
    ],
)
def test_the_value_of_an_expression(expression: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(ExpressionError):
            evaluate(expression)
    else:
        assert evaluate(expression) == pytest.approx(value)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1/0",
        "sqrt(-1)",
        "ln(0)",
        "10^400",
        "1e16",
        "9**9**9",
        "(-8)^0.5",
        "__import__('os')",
        "(1).__class__",
        "print(1)",
        "[1]",
        "True",
        "'a'",
        "1 if 1 else 2",
        "a+1",
        "1<2",
        "7//2",
        "7%2",
        "sqrt(x=4)",
        "sqrt()",
        "sqrt(1,2)",
        "1j",
        "+1" * 101,
        "(" * 150,
        "1;2",
        "lambda: 1",
    ],
)
def test_what_is_not_arithmetic_has_no_value(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression)
    assert calculator.computed(expression) == "?"


@given(st.text(max_size=220))
def test_no_text_does_anything_but_give_a_number_or_an_expression_error(text: str) -> None:
    try:
        assert math.isfinite(evaluate(text))
    except ExpressionError:
        assert calculator.computed(text) == "?"


@given(NUMBERS, NUMBERS)
def test_sums_and_products_agree_with_python(one: float, other: float) -> None:
    assert evaluate(f"{one!r}+({other!r})") == pytest.approx(one + other)
    assert evaluate(f"({one!r})*({other!r})") == pytest.approx(one * other)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (36.0, "36"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (2 / 3, "0.666667"),
        (-0.0, "0"),
        (100.0, "100"),
        (123456.7, "123457"),
        (1e-9, "0.000000001"),
        (1234567.0, "1234567"),
    ],
)
def test_a_number_is_written_without_exponent_or_idle_zeros(value: float, text: str) -> None:
    assert format_number(value) == text


@given(NUMBERS)
def test_a_written_number_is_the_number_to_six_digits(value: float) -> None:
    assert float(format_number(value)) == pytest.approx(value, rel=5.1e-6, abs=1e-300)


def test_a_pending_expression_is_seen_only_at_the_end() -> None:
    assert calculator.pending("so <<140-104=") == "140-104"
    assert calculator.pending("so <<140-104=36>>") is None
    assert calculator.pending("so <<140-104") is None
    assert calculator.pending("a=b <<1+1=") == "1+1"


def test_values_are_computed_anew() -> None:
    assert recompute("gap <<140-104=99>> and <<1/0=5>>") == "gap <<140-104=36>> and <<1/0=?>>"


def test_a_reader_sees_the_values_alone() -> None:
    assert plain("The gap is <<140-104=36>>.") == "The gap is 36."


@given(st.text(alphabet="ab <>=1+-\n", max_size=60))
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(piece for piece, _ in pieces(text)) == text


def test_the_pieces_cut_at_the_brackets_and_the_equals_sign() -> None:
    assert pieces("x <<1-2=-1>> y") == [
        ("x ", False),
        ("<<", False),
        ("1-2", False),
        ("=", False),
        ("-1", True),
        (">>", True),
        (" y", False),
    ]


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_call_survives_being_computed_anew(one: int, other: int) -> None:
    text = calculator.call(f"{one}-{other}" if other >= 0 else f"{one}+{-other}")
    assert recompute(text) == text
    assert float(plain(text)) == pytest.approx(one - other, rel=1e-5)
