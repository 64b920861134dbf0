"""Gold values against numbers worked out by hand or published, and worked solutions against the gold."""

from __future__ import annotations

from datetime import date

import pytest
from srm_pack_finance.calculators.table import FORMULAS
from srm_pack_finance.calculators.values import VALUES, value
from srm_pack_finance.day_counts import COUNTS
from srm_pack_finance.identifiers import iban_digits, isin_digit, luhn_digit
from srm_pack_finance.statements import changes, ratios

BY_HAND = {
    "future_value": ({"deposit": 1000, "rate": 5, "years": 2}, 1102.5),
    "future_value_simple": ({"deposit": 1000, "rate": 5, "years": 2}, 1100),
    "future_value_monthly": ({"deposit": 1000, "rate": 12, "years": 1}, 1126.825),  # 1.01^12
    "future_value_continuous": ({"deposit": 100, "rate": 10, "years": 1}, 110.517),  # e^0.1
    "future_value_annuity": ({"payment": 100, "rate": 10, "years": 3}, 331),
    "future_value_annuity_due": ({"payment": 100, "rate": 10, "years": 3}, 364.1),
    "effective_rate": ({"rate": 12, "periods": 12}, 12.6825),
    "years_to_grow": ({"deposit": 1000, "amount": 1210, "rate": 10}, 2),
    "present_value": ({"amount": 1210, "rate": 10, "years": 2}, 1000),
    "present_value_continuous": ({"amount": 110.517, "rate": 10, "years": 1}, 100),
    "present_value_annuity": ({"payment": 100, "rate": 10, "years": 3}, 248.685),  # table of annuities: 2.4869
    "present_value_annuity_due": ({"payment": 100, "rate": 10, "years": 3}, 273.554),
    "perpetuity": ({"payment": 50, "rate": 5}, 1000),
    "growing_perpetuity": ({"payment": 50, "rate": 7, "growth": 2}, 1000),
    "real_rate": ({"nominal": 8, "inflation": 5}, 2.85714),
    "loan_payment": ({"loan": 200000, "rate": 6, "months": 360}, 1199.10),  # the textbook mortgage
    "yearly_loan_payment": ({"loan": 1000, "rate": 10, "years": 3}, 402.115),
    "sinking_fund": ({"amount": 3310, "rate": 10, "years": 3}, 1000),
    "first_interest": ({"loan": 120000, "rate": 6}, 600),
    "debt_to_income": ({"debt": 900, "income": 3000}, 30),
    "loan_to_value": ({"loan": 160000, "value": 200000}, 80),
    "loan_balance": ({"loan": 200000, "rate": 6, "months": 360, "paid": 12}, 197543.98),  # amortisation table
    "npv1": ({"cost": 1000, "flow1": 1210, "rate": 10}, 100),
    "npv2": ({"cost": 1000, "flow1": 550, "flow2": 605, "rate": 10}, 0),
    "npv3": ({"cost": 1000, "flow1": 550, "flow2": 605, "flow3": 1331, "rate": 10}, 1000),
    "npv4": ({"cost": 500, "flow1": 110, "flow2": 121, "flow3": 133.1, "flow4": 146.41, "rate": 10}, -100),
    "profitability_index": ({"flow1": 1320, "rate": 10, "cost": 1000}, 1.2),
    "payback": ({"cost": 1000, "saving": 400}, 2.5),
    "irr_one_year": ({"cost": 1000, "flow1": 1150}, 15),
    "bond_price": ({"face": 1000, "coupon": 5, "yield_": 5, "years": 7}, 1000),
    "bond_price_semiannual": ({"face": 1000, "coupon": 10, "yield_": 11, "years": 20}, 919.77),  # Fabozzi, chapter 2
    "zero_price": ({"face": 1210, "yield_": 10, "years": 2}, 1000),
    "bill_price": ({"face": 10000, "discount": 4, "days": 90}, 9900),
    "zero_yield": ({"face": 1000, "share": 82.6446, "years": 2}, 10),
    "current_yield": ({"face": 1000, "coupon": 5, "quote": 80}, 6.25),
    "coupon_income": ({"face": 1000, "coupon": 5, "bonds": 3}, 150),
    "modified_duration": ({"duration": 4.2, "yield_": 5}, 4),
    "price_change": ({"modified": 4, "shift": 50}, -2),
    "dv01": ({"modified": 5, "position": 100000}, 50),
    "macaulay_two_years": ({"coupon": 10, "yield_": 10}, 1.90909),
    "convexity_change": ({"modified": 10, "convexity": 200, "shift": 100}, -9),
    "call_price": ({"spot": 42, "strike": 40, "rate": 10, "volatility": 20, "expiry": 0.5}, 4.76),  # Hull, chapter 15
    "put_price": ({"spot": 42, "strike": 40, "rate": 10, "volatility": 20, "expiry": 0.5}, 0.81),  # Hull, chapter 15
    "call_delta": ({"spot": 49, "strike": 50, "rate": 5, "volatility": 20, "expiry": 0.3846}, 0.522),  # Hull, chapter 19
    "put_delta": ({"spot": 49, "strike": 50, "rate": 5, "volatility": 20, "expiry": 0.3846}, -0.478),
    "exercise_probability": ({"spot": 42, "strike": 40, "rate": 10, "volatility": 20, "expiry": 0.5}, 73.49),  # N(0.6278)
    "call_from_put": ({"put": 1, "spot": 31, "strike": 30, "rate": 10, "expiry": 0.25}, 2.741),  # Hull, chapter 11: 29.26
    "put_from_call": ({"call": 3, "spot": 31, "strike": 30, "rate": 10, "expiry": 0.25}, 1.259),  # Hull, chapter 11
    "forward_price": ({"spot": 40, "rate": 5, "expiry": 0.25}, 40.50),  # Hull, chapter 5
    "call_break_even": ({"call": 5, "strike": 100}, 105),
    "put_break_even": ({"put": 7, "strike": 70}, 63),
    "share_from_parity": ({"call": 3, "put": 1.259, "strike": 30, "rate": 10, "expiry": 0.25}, 31),
    "thousand_to_million": ({"value": 1200}, 1.2),
    "million_to_thousand": ({"value": 1.2}, 1200),
    "billion_to_million": ({"value": 1.2}, 1200),
    "million_to_billion": ({"value": 1200}, 1.2),
    "bp_to_percent": ({"value": 25}, 0.25),
    "percent_to_bp": ({"value": 0.25}, 25),
    "fraction_to_percent": ({"value": 0.125}, 12.5),
    "part_in_thousands": ({"value": 2, "share": 25}, 500),
    "mixed_sum": ({"value": 1.2, "small": 300}, 1.5),
}  # fmt: skip


def test_every_formula_has_a_value_and_a_case() -> None:
    assert set(VALUES) == set(FORMULAS) == set(BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_gold_value_equals_the_number_worked_out_by_hand(name: str) -> None:
    inputs, expected = BY_HAND[name]
    gold = value(FORMULAS[name], {key: float(number) for key, number in inputs.items()})
    assert gold == pytest.approx(expected, rel=1e-3, abs=6e-3)


LINES = {"revenue": 1000, "cogs": 600, "gross_profit": 400, "operating_expenses": 150, "depreciation": 50,
         "operating_income": 200, "interest": 40, "pretax": 160, "tax": 40, "net_income": 120, "dividends": 30,
         "cash": 50, "receivables": 100, "inventory": 75, "current_assets": 250, "noncurrent_assets": 750,
         "total_assets": 1000, "payables": 60, "current_liabilities": 125, "noncurrent_liabilities": 275,
         "total_liabilities": 400, "equity": 600, "retained_earnings": 290, "opening_retained": 200,
         "operating_cash_flow": 180, "capex": 90, "investing_cash_flow": -90, "financing_cash_flow": -60,
         "opening_cash": 20}  # fmt: skip
RATIOS = {"current_ratio": 2, "quick_ratio": 1.2, "cash_ratio": 0.4, "gross_margin": 40, "operating_margin": 20,
          "net_margin": 12, "return_on_assets": 12, "return_on_equity": 20, "debt_to_equity": 2 / 3, "debt_ratio": 40,
          "interest_coverage": 5, "asset_turnover": 1, "inventory_turnover": 8, "days_sales": 36.5, "days_payables": 36.5,
          "payout": 25, "tax_rate": 25, "working_capital": 125, "ebitda": 250, "free_cash_flow": 90}  # fmt: skip


@pytest.mark.parametrize("name", RATIOS)
def test_a_ratio_equals_the_number_worked_out_by_hand(name: str) -> None:
    assert {formula.name for formula in ratios.RATIOS} == set(RATIOS)
    assert ratios.VALUES[name](LINES) == pytest.approx(RATIOS[name])


@pytest.mark.parametrize("formula", ratios.IDENTITIES, ids=lambda formula: formula.name)
def test_an_identity_gives_the_line_that_was_left_out(formula: object) -> None:
    name = formula.name  # type: ignore[attr-defined]
    assert ratios.VALUES[name](LINES) == LINES[name.removeprefix("missing_")]


def test_changes_equal_the_numbers_worked_out_by_hand() -> None:
    inputs = {"old": 100.0, "new": 144.0}
    expected = {"percent_change": 44, "change": 44, "average": 122, "growth_rate": 20}
    assert {name: gold(inputs) for name, gold in changes.VALUES.items()} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "start", "end", "days"),
    [  # ISDA 2006, section 4.16, and its published worked dates
        ("thirty_360", "2007-01-15", "2007-01-31", 16), ("thirty_360", "2007-01-31", "2007-02-28", 28),
        ("thirty_360", "2007-08-31", "2008-02-28", 178), ("thirty_360", "2007-09-30", "2008-03-31", 180),
        ("thirty_e_360", "2007-01-15", "2007-01-31", 15), ("thirty_e_360", "2007-08-31", "2008-02-28", 178),
        ("act_360", "2007-12-28", "2008-03-01", 64), ("act_365f", "2008-02-08", "2009-02-08", 366),
    ],
)  # fmt: skip
def test_a_day_count_equals_the_published_one(name: str, start: str, end: str, days: int) -> None:
    assert COUNTS[name](date.fromisoformat(start), date.fromisoformat(end)) == days


def test_check_digits_equal_published_ones() -> None:
    assert luhn_digit("7992739871") == 3  # the example of ISO/IEC 7812-1 as it is usually printed
    assert isin_digit("US037833100") == 5  # US0378331005
    assert isin_digit("DE000BAY001") == 7  # DE000BAY0017
    assert iban_digits("GB", "WEST12345698765432") == 82  # the registry's example
    assert iban_digits("BE", "539007547034") == 68  # the registry's example
