"""Gold values of the formulas: plain functions that share nothing with the worked templates.

Rows of payments are summed flow by flow; nothing is rounded on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula, Inputs


def x(v: Inputs, name: str) -> float:
    """Return the number called ``name``."""
    return float(v[name])


def _rate(v: Inputs, name: str = "rate") -> float:
    return x(v, name) / 100


def _worth(flows: list[float], rate: float) -> float:
    """Return the value today of ``flows``, the first one a period from now."""
    worth = 0.0
    for flow in reversed(flows):
        worth = (worth + flow) / (1 + rate)
    return worth


def _grown(flows: list[float], rate: float) -> float:
    """Return what ``flows`` grow to at the date of the last one."""
    grown = 0.0
    for flow in flows:
        grown = grown * (1 + rate) + flow
    return grown


def _level(v: Inputs, name: str = "payment") -> list[float]:
    return [x(v, name)] * round(x(v, "years"))


def _loan_rate(v: Inputs) -> float:
    return _rate(v) / 12


def _loan_payment(v: Inputs) -> float:
    return x(v, "loan") / _worth([1.0] * round(x(v, "months")), _loan_rate(v))


def _loan_balance(v: Inputs) -> float:
    left = round(x(v, "months") - x(v, "paid"))
    return _worth([_loan_payment(v)] * left, _loan_rate(v))


def _npv(v: Inputs) -> float:
    flows = [float(v[f"flow{n}"]) for n in range(1, 9) if f"flow{n}" in v]
    return _worth(flows, _rate(v)) - x(v, "cost")


def _bond(v: Inputs, periods_a_year: int) -> float:
    coupon = x(v, "face") * _rate(v, "coupon") / periods_a_year
    flows = [coupon] * round(x(v, "years") * periods_a_year)
    flows[-1] += x(v, "face")
    return _worth(flows, _rate(v, "yield_") / periods_a_year)


def _two_years(v: Inputs) -> float:
    rate, coupon = _rate(v, "yield_"), x(v, "coupon")
    first, second = _worth([coupon], rate), _worth([0.0, 100 + coupon], rate)
    return (first + 2 * second) / (first + second)


def normal(z: float) -> float:
    """Return the standard normal distribution function."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def _d(v: Inputs) -> tuple[float, float]:
    spread = _rate(v, "volatility") * x(v, "expiry") ** 0.5
    drift = (_rate(v) + _rate(v, "volatility") ** 2 / 2) * x(v, "expiry")
    d1 = (math.log(x(v, "spot")) - math.log(x(v, "strike")) + drift) / spread
    return d1, d1 - spread


def _strike_today(v: Inputs) -> float:
    return x(v, "strike") / math.exp(_rate(v) * x(v, "expiry"))


def _call(v: Inputs) -> float:
    d1, d2 = _d(v)
    return x(v, "spot") * normal(d1) - _strike_today(v) * normal(d2)


def _put(v: Inputs) -> float:
    d1, d2 = _d(v)
    return _strike_today(v) * (1 - normal(d2)) - x(v, "spot") * (1 - normal(d1))


VALUES: Mapping[str, Callable[[Inputs], float]] = MappingProxyType({
    "future_value": lambda v: x(v, "deposit") * math.pow(1 + _rate(v), x(v, "years")),
    "future_value_simple": lambda v: x(v, "deposit") + x(v, "deposit") * _rate(v) * x(v, "years"),
    "future_value_monthly": lambda v: x(v, "deposit") * math.pow(1 + _rate(v) / 12, 12 * x(v, "years")),
    "future_value_continuous": lambda v: x(v, "deposit") * math.e ** (_rate(v) * x(v, "years")),
    "future_value_annuity": lambda v: _grown(_level(v), _rate(v)),
    "future_value_annuity_due": lambda v: _grown([*_level(v), 0.0], _rate(v)),
    "effective_rate": lambda v: (math.pow(1 + _rate(v) / x(v, "periods"), x(v, "periods")) - 1) * 100,
    "years_to_grow": lambda v: math.log(x(v, "amount") / x(v, "deposit"), 1 + _rate(v)),
    "present_value": lambda v: x(v, "amount") * math.pow(1 + _rate(v), -x(v, "years")),
    "present_value_continuous": lambda v: x(v, "amount") * math.exp(-_rate(v) * x(v, "years")),
    "present_value_annuity": lambda v: _worth(_level(v), _rate(v)),
    "present_value_annuity_due": lambda v: x(v, "payment") + _worth(_level(v)[1:], _rate(v)),
    "perpetuity": lambda v: x(v, "payment") / _rate(v),
    "growing_perpetuity": lambda v: x(v, "payment") / (_rate(v) - _rate(v, "growth")),
    "real_rate": lambda v: 100 * (_rate(v, "nominal") - _rate(v, "inflation")) / (1 + _rate(v, "inflation")),
    "loan_payment": _loan_payment,
    "yearly_loan_payment": lambda v: x(v, "loan") / _worth([1.0] * round(x(v, "years")), _rate(v)),
    "sinking_fund": lambda v: x(v, "amount") / _grown([1.0] * round(x(v, "years")), _rate(v)),
    "first_interest": lambda v: _loan_rate(v) * x(v, "loan"),
    "debt_to_income": lambda v: x(v, "debt") / x(v, "income") * 100,
    "loan_to_value": lambda v: x(v, "loan") / x(v, "value") * 100,
    "loan_balance": _loan_balance,
    "npv1": _npv,
    "npv2": _npv,
    "npv3": _npv,
    "npv4": _npv,
    "profitability_index": lambda v: _worth([x(v, "flow1")], _rate(v)) / x(v, "cost"),
    "payback": lambda v: x(v, "cost") / x(v, "saving"),
    "irr_one_year": lambda v: 100 * (x(v, "flow1") - x(v, "cost")) / x(v, "cost"),
    "bond_price": lambda v: _bond(v, 1),
    "bond_price_semiannual": lambda v: _bond(v, 2),
    "zero_price": lambda v: x(v, "face") * math.pow(1 + _rate(v, "yield_"), -x(v, "years")),
    "bill_price": lambda v: x(v, "face") - x(v, "face") * _rate(v, "discount") * x(v, "days") / 360,
    "zero_yield": lambda v: 100 * (math.pow(x(v, "share") / 100, -1 / x(v, "years")) - 1),
    "current_yield": lambda v: x(v, "coupon") / x(v, "quote") * 100,
    "coupon_income": lambda v: x(v, "bonds") * (x(v, "face") * _rate(v, "coupon")),
    "modified_duration": lambda v: x(v, "duration") / (1 + _rate(v, "yield_")),
    "price_change": lambda v: -x(v, "modified") * (x(v, "shift") / 10000) * 100,
    "dv01": lambda v: x(v, "position") * x(v, "modified") * 0.0001,
    "macaulay_two_years": _two_years,
    "convexity_change": lambda v: 100 * (
        -x(v, "modified") * (x(v, "shift") / 10000) + 0.5 * x(v, "convexity") * (x(v, "shift") / 10000) ** 2
    ),
    "call_price": _call,
    "put_price": _put,
    "call_delta": lambda v: normal(_d(v)[0]),
    "put_delta": lambda v: -normal(-_d(v)[0]),
    "exercise_probability": lambda v: 100 * normal(_d(v)[1]),
    "call_from_put": lambda v: x(v, "put") + x(v, "spot") - _strike_today(v),
    "put_from_call": lambda v: x(v, "call") + _strike_today(v) - x(v, "spot"),
    "forward_price": lambda v: x(v, "spot") * math.e ** (_rate(v) * x(v, "expiry")),
    "call_break_even": lambda v: x(v, "strike") + x(v, "call"),
    "put_break_even": lambda v: x(v, "strike") - x(v, "put"),
    "share_from_parity": lambda v: x(v, "call") + _strike_today(v) - x(v, "put"),
    "thousand_to_million": lambda v: x(v, "value") * 1e3 / 1e6,
    "million_to_thousand": lambda v: x(v, "value") * 1e6 / 1e3,
    "billion_to_million": lambda v: x(v, "value") * 1e9 / 1e6,
    "million_to_billion": lambda v: x(v, "value") * 1e6 / 1e9,
    "bp_to_percent": lambda v: x(v, "value") / 10000 * 100,
    "percent_to_bp": lambda v: x(v, "value") / 100 * 10000,
    "fraction_to_percent": lambda v: x(v, "value") * 100,
    "part_in_thousands": lambda v: x(v, "value") * 1e6 * _rate(v, "share") / 1e3,
    "mixed_sum": lambda v: (x(v, "value") * 1e6 + x(v, "small") * 1e3) / 1e6,
})  # fmt: skip


def value(formula: Formula, inputs: Inputs) -> float:
    """Return the value of ``formula`` in its unit.

    Raises:
        KeyError: an input that the formula needs is missing, or the formula is not of this table.
    """
    return VALUES[formula.name](inputs)
