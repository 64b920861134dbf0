"""Exact intervals against values worked out by hand, and numbers as they are written."""

from __future__ import annotations

import pytest

from srm_core.verifying.numbers import rounded, written
from srm_core.verifying.rates import exact_rate


def test_no_error_in_n_has_the_closed_form_of_the_rule_of_three() -> None:
    rate = exact_rate(0, 600)
    assert rate.low == 0.0
    assert rate.high == pytest.approx(1 - 0.025 ** (1 / 600))
    assert rate.limit == pytest.approx(1 - 0.05 ** (1 / 600)) == pytest.approx(0.00498, abs=1e-5)


def test_the_ends_solve_the_binomial_tails_they_are_defined_by() -> None:
    # P(X >= 1 | p) = 1 - (1 - p)^2 = 0.025 and P(X <= 1 | p) = 1 - p^2 = 0.025 for one of two
    rate = exact_rate(1, 2)
    assert rate.low == pytest.approx(1 - 0.975**0.5)
    assert rate.high == pytest.approx(0.975**0.5)
    assert rate.limit == pytest.approx(0.95**0.5)


def test_all_errors_and_no_trials() -> None:
    assert exact_rate(5, 5).high == exact_rate(5, 5).limit == 1.0
    assert exact_rate(5, 5).low == pytest.approx(0.025 ** (1 / 5))
    nothing = exact_rate(0, 0)
    assert (nothing.value, nothing.low, nothing.high, nothing.limit) == (0.0, 0.0, 1.0, 1.0)


@pytest.mark.parametrize(("count", "n"), [(-1, 3), (4, 3)])
def test_an_impossible_count_is_refused(count: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no proportion"):
        exact_rate(count, n)


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (0.485207, 6, "0.485207"),
        (1234567.0, 6, "1234567"),
        (-12.5, 6, "-12.5"),
        (0, 6, "0"),
        (0.00012345, 3, "0.000123"),
    ],
)
def test_a_number_is_written_without_exponent(number: float, digits: int, text: str) -> None:
    assert written(number, digits) == text


def test_infinity_is_not_written() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        written(float("inf"))


def test_rounding_keeps_significant_digits() -> None:
    assert rounded(286.543, 2) == 290.0
    assert rounded(-0.04567, 3) == -0.0457
    assert rounded(0, 3) == 0.0
