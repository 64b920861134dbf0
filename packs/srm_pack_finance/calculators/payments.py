"""Formulas of loans and savings plans.

Text: Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2.
"""

from __future__ import annotations

from srm_core.formulas.formula import number, plain

from . import inputs as of
from .growth import MONEY

_TEXT = "Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2"
_INCOME = number("income", "monthly income", "USD", 2000, 15000, 50)
LOANS = (
    plain("loan_payment", "monthly loan payment", "USD", (of.LOAN, of.RATE, of.TERM),
          "loan * (rate / 1200) / (1 - 1 / (1 + rate / 1200)^months)",
          "{loan}*({rate}/1200)/(1-1/(1+{rate}/1200)^{months})", _TEXT, tolerance=MONEY, core=True),
    plain("yearly_loan_payment", "yearly loan payment", "USD", (of.LOAN, of.RATE, of.YEARS),
          "loan * (rate / 100) / (1 - 1 / (1 + rate / 100)^years)",
          "{loan}*({rate}/100)/(1-1/(1+{rate}/100)^{years})", _TEXT, tolerance=MONEY, core=True),
    plain("sinking_fund", "yearly saving for the amount due", "USD", (of.AMOUNT, of.RATE, of.YEARS),
          "amount due * (rate / 100) / ((1 + rate / 100)^years - 1)",
          "{amount}*({rate}/100)/((1+{rate}/100)^{years}-1)", _TEXT, tolerance=MONEY, core=True),
    plain("first_interest", "interest of the first month", "USD", (of.LOAN, of.RATE), "loan * rate / 1200",
          "{loan}*{rate}/1200", _TEXT, tolerance=MONEY, core=True),
    plain("debt_to_income", "debt-to-income ratio", "%",
          (number("debt", "monthly debt payments", "USD", 200, 5000, 10), _INCOME),
          "100 * monthly debt payments / monthly income", "100*{debt}/{income}",
          "Regulation Z, 12 CFR 1026.43", tolerance=0.002, core=True, guards=("{income}*0.9-{debt}",)),
    plain("loan_to_value", "loan-to-value ratio", "%",
          (of.LOAN, number("value", "value of the home", "USD", 60000, 900000, 1000)),
          "100 * loan / value of the home", "100*{loan}/{value}", "Basel Framework CRE20",
          tolerance=0.002, core=True, guards=("{value}-{loan}", "{loan}-0.05*{value}")),
    plain("loan_balance", "loan balance after the months paid", "USD",
          (of.LOAN, of.RATE, number("months", "months", "", 60, 360, 6), number("paid", "months paid", "", 6, 54, 6)),
          "loan * ((1 + rate / 1200)^months - (1 + rate / 1200)^(months paid)) / ((1 + rate / 1200)^months - 1)",
          "{loan}*((1+{rate}/1200)^{months}-(1+{rate}/1200)^{paid})/((1+{rate}/1200)^{months}-1)", _TEXT,
          tolerance=MONEY, core=True, held_out=True),
)  # fmt: skip
