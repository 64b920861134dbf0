"""Inputs that several formulas share."""

from __future__ import annotations

from srm_core.formulas.formula import Input, number

DEPOSIT = number("deposit", "deposit", "USD", 500, 20000, 50)
AMOUNT = number("amount", "amount due", "USD", 1000, 50000, 100)
PAYMENT = number("payment", "yearly payment", "USD", 200, 9000, 50)
RATE = number("rate", "yearly rate", "%", 1, 12, 0.25)
GROWTH = number("growth", "yearly growth", "%", 0.5, 4, 0.25)
YEARS = number("years", "years", "", 2, 25)
LOAN = number("loan", "loan", "USD", 5000, 400000, 500)
TERM = number("months", "months", "", 12, 360, 6)
FACE = number("face", "face value", "USD", 1000, 10000, 1000)
COUPON = number("coupon", "coupon rate", "%", 1, 9, 0.25)
YIELD = number("yield_", "yield", "%", 1, 10, 0.1)
PRICE = number("price", "price", "USD", 800, 1200, 0.5)
SPOT = number("spot", "share price S", "USD", 80, 120, 0.5)
STRIKE = number("strike", "strike K", "USD", 80, 120, 1)
RISK_FREE = number("rate", "risk-free rate r", "%", 0.5, 6, 0.25)
VOLATILITY = number("volatility", "volatility", "%", 15, 50, 1)
EXPIRY = number("expiry", "years to expiry T", "", 0.25, 2, 0.25)
CALL = number("call", "call price", "USD", 2, 25, 0.05)
PUT = number("put", "put price", "USD", 2, 25, 0.05)


def flow(n: int, low: float = 500, high: float = 9000) -> Input:
    """Return the cash flow of year ``n``."""
    return number(f"flow{n}", f"flow of year {n}", "USD", low, high, 50)
