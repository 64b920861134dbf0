"""Formulas recomputed by numpy-financial, QuantLib and decimal arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

Inputs = Mapping[str, float]


@cache
def _npf() -> Any:
    import numpy_financial  # type: ignore[import-untyped, unused-ignore]

    return numpy_financial


@cache
def _ql() -> Any:
    import QuantLib  # type: ignore[import-untyped, unused-ignore]

    return QuantLib


def recomputed(name: str, inputs: Inputs) -> float:
    """Return the value of the formula called ``name``, by the library for it."""
    return float(_ROUTES[name](inputs))


def _r(v: Inputs, per: float = 100) -> float:
    return v["rate"] / per


def _growth(v: Inputs, compounding: str) -> float:
    ql = _ql()
    kinds = {"yearly": (ql.Compounded, ql.Annual), "monthly": (ql.Compounded, ql.Monthly),
             "continuous": (ql.Continuous, ql.Annual), "simple": (ql.Simple, ql.Annual)}  # fmt: skip
    return float(ql.InterestRate(_r(v), ql.Actual365Fixed(), *kinds[compounding]).compoundFactor(v.get("years", 1.0)))


def _balance(v: Inputs) -> float:
    payment = _npf().pmt(_r(v, 1200), v["months"], v["loan"])
    return float(-_npf().fv(_r(v, 1200), v["paid"], payment, v["loan"]))


def _npv(v: Inputs) -> float:
    flows = [-v["cost"], *(v[f"flow{n}"] for n in range(1, 9) if f"flow{n}" in v)]
    return float(_npf().npv(_r(v), flows))


def _bond(v: Inputs, periods: int, coupon: float) -> float:
    """Return the price of a bond whose coupons are whole periods away, by QuantLib's cash flows."""
    ql = _ql()
    start = ql.Date(15, 1, 2020)
    end = ql.Date(15, 1, 2020 + round(v["years"]))
    frequency = ql.Annual if periods == 1 else ql.Semiannual
    schedule = ql.Schedule(start, end, ql.Period(frequency), ql.NullCalendar(), ql.Unadjusted, ql.Unadjusted,
                           ql.DateGeneration.Backward, False)  # fmt: skip
    count = ql.Thirty360(ql.Thirty360.BondBasis)
    bond = ql.FixedRateBond(0, v["face"], schedule, [coupon / 100], count)
    ql.Settings.instance().evaluationDate = start
    price = ql.BondFunctions.cleanPrice(bond, v["yield_"] / 100, count, ql.Compounded, frequency, start)
    return float(price * v["face"] / 100)


def _duration(v: Inputs) -> float:
    ql = _ql()
    start = ql.Date(15, 1, 2020)
    schedule = ql.Schedule(start, ql.Date(15, 1, 2022), ql.Period(ql.Annual), ql.NullCalendar(), ql.Unadjusted,
                           ql.Unadjusted, ql.DateGeneration.Backward, False)  # fmt: skip
    count = ql.Thirty360(ql.Thirty360.BondBasis)
    bond = ql.FixedRateBond(0, 100.0, schedule, [v["coupon"] / 100], count)
    ql.Settings.instance().evaluationDate = start
    rate = ql.InterestRate(v["yield_"] / 100, count, ql.Compounded, ql.Annual)
    return float(ql.BondFunctions.duration(bond, rate, ql.Duration.Macaulay, start))


def _black(v: Inputs, kind: str) -> Any:
    """Return QuantLib's Black calculator on the forward of the share."""
    ql = _ql()
    forward = v["spot"] * _growth({"rate": v["rate"], "years": v["expiry"]}, "continuous")
    discount = v["spot"] / forward
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if kind == "call" else ql.Option.Put, v["strike"])
    return ql.BlackCalculator(payoff, forward, v["volatility"] / 100 * v["expiry"] ** 0.5, discount)


def _bond_today(v: Inputs) -> float:
    return v["strike"] / _growth({"rate": v["rate"], "years": v["expiry"]}, "continuous")


def _exact(v: Inputs, times: str, name: str = "value") -> float:
    return float(Decimal(repr(v[name])) * Decimal(times))


_ROUTES: Mapping[str, Callable[[Inputs], float]] = {
    "future_value": lambda v: -_npf().fv(_r(v), v["years"], 0, v["deposit"]),
    "future_value_simple": lambda v: v["deposit"] * _growth(v, "simple"),
    "future_value_monthly": lambda v: -_npf().fv(_r(v, 1200), 12 * v["years"], 0, v["deposit"]),
    "future_value_continuous": lambda v: v["deposit"] * _growth(v, "continuous"),
    "future_value_annuity": lambda v: -_npf().fv(_r(v), v["years"], v["payment"], 0),
    "future_value_annuity_due": lambda v: -_npf().fv(_r(v), v["years"], v["payment"], 0, "begin"),
    "effective_rate": lambda v: 100 * (-_npf().fv(_r(v) / v["periods"], v["periods"], 0, 1) - 1),
    "years_to_grow": lambda v: _npf().nper(_r(v), 0, -v["deposit"], v["amount"]),
    "present_value": lambda v: -_npf().pv(_r(v), v["years"], 0, v["amount"]),
    "present_value_continuous": lambda v: v["amount"] / _growth(v, "continuous"),
    "present_value_annuity": lambda v: -_npf().pv(_r(v), v["years"], v["payment"]),
    "present_value_annuity_due": lambda v: -_npf().pv(_r(v), v["years"], v["payment"], 0, "begin"),
    "perpetuity": lambda v: -_npf().pv(_r(v), 4000, v["payment"]),
    "growing_perpetuity": lambda v: (
        -_npf().pv((1 + _r(v)) / (1 + v["growth"] / 100) - 1, 4000, v["payment"] / (1 + v["growth"] / 100))
    ),
    "real_rate": lambda v: 100 * _npf().rate(1, 0, -(1 + v["inflation"] / 100), 1 + v["nominal"] / 100),
    "loan_payment": lambda v: -_npf().pmt(_r(v, 1200), v["months"], v["loan"]),
    "yearly_loan_payment": lambda v: -_npf().pmt(_r(v), v["years"], v["loan"]),
    "sinking_fund": lambda v: -_npf().pmt(_r(v), v["years"], 0, v["amount"]),
    "first_interest": lambda v: -_npf().ipmt(_r(v, 1200), 1, 360, v["loan"]),
    "debt_to_income": lambda v: float(Decimal(repr(v["debt"])) / Decimal(repr(v["income"])) * 100),
    "loan_to_value": lambda v: float(Decimal(repr(v["loan"])) / Decimal(repr(v["value"])) * 100),
    "loan_balance": _balance,
    **dict.fromkeys(("npv1", "npv2", "npv3", "npv4"), _npv),
    "profitability_index": lambda v: _npf().npv(_r(v), [0, v["flow1"]]) / v["cost"],
    "payback": lambda v: float(Decimal(repr(v["cost"])) / Decimal(repr(v["saving"]))),
    "irr_one_year": lambda v: 100 * _npf().irr([-v["cost"], v["flow1"]]),
    "bond_price": lambda v: _bond(v, 1, v["coupon"]),
    "bond_price_semiannual": lambda v: _bond(v, 2, v["coupon"]),
    "zero_price": lambda v: _bond(v, 1, 0.0),
    "bill_price": lambda v: float(
        Decimal(repr(v["face"])) * (1 - Decimal(repr(v["discount"])) * Decimal(repr(v["days"])) / 36000)
    ),
    "zero_yield": lambda v: 100 * _npf().rate(v["years"], 0, -v["share"], 100),
    "current_yield": lambda v: float(Decimal(repr(v["coupon"])) * 100 / Decimal(repr(v["quote"]))),
    "coupon_income": lambda v: _exact(v, repr(v["face"] * v["bonds"] / 100), "coupon"),
    "modified_duration": lambda v: v["duration"] / _growth({"rate": v["yield_"]}, "yearly"),
    "price_change": lambda v: float(-Decimal(repr(v["modified"])) * Decimal(repr(v["shift"])) / 100),
    "dv01": lambda v: _exact(v, repr(v["modified"] / 1e4), "position"),
    "macaulay_two_years": _duration,
    "convexity_change": lambda v: float(
        -Decimal(repr(v["modified"])) * Decimal(repr(v["shift"])) / 100
        + Decimal(repr(v["convexity"])) * Decimal(repr(v["shift"])) ** 2 / 2_000_000
    ),
    "call_price": lambda v: _black(v, "call").value(),
    "put_price": lambda v: _black(v, "put").value(),
    "call_delta": lambda v: _black(v, "call").delta(v["spot"]),
    "put_delta": lambda v: _black(v, "put").delta(v["spot"]),
    "exercise_probability": lambda v: 100 * _black(v, "call").itmCashProbability(),
    "call_from_put": lambda v: v["put"] - _bond_today(v) + v["spot"],
    "put_from_call": lambda v: v["call"] + _bond_today(v) - v["spot"],
    "forward_price": lambda v: v["spot"] * _growth({"rate": v["rate"], "years": v["expiry"]}, "continuous"),
    "call_break_even": lambda v: float(Decimal(repr(v["strike"])) + Decimal(repr(v["call"]))),
    "put_break_even": lambda v: float(Decimal(repr(v["strike"])) - Decimal(repr(v["put"]))),
    "share_from_parity": lambda v: v["call"] + _bond_today(v) - v["put"],
    "thousand_to_million": lambda v: _exact(v, "0.001"),
    "million_to_thousand": lambda v: _exact(v, "1000"),
    "billion_to_million": lambda v: _exact(v, "1000"),
    "million_to_billion": lambda v: _exact(v, "0.001"),
    "bp_to_percent": lambda v: _exact(v, "0.01"),
    "percent_to_bp": lambda v: _exact(v, "100"),
    "fraction_to_percent": lambda v: _exact(v, "100"),
    "part_in_thousands": lambda v: _exact(v, repr(v["share"])) * 10,
    "mixed_sum": lambda v: float(Decimal(repr(v["value"])) + Decimal(repr(v["small"])) / 1000),
}
