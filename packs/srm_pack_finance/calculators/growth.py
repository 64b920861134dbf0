"""Formulas of one amount or a row of equal amounts: what they grow to, and what they are worth today.

Texts: Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2; continuous compounding: Hull, Options,
Futures, and Other Derivatives, chapter 4; real rates: Fisher 1930, The Theory of Interest.
"""

from __future__ import annotations

from srm_core.formulas.formula import number, plain

from . import inputs as of

_TEXT = "Brealey, Myers and Allen, Principles of Corporate Finance, chapter 2"
_HULL = "Hull, Options, Futures, and Other Derivatives, chapter 4"
MONEY = 0.001  # relative half-width of the accepted band of an amount
FUTURE = (
    plain("future_value", "future value", "USD", (of.DEPOSIT, of.RATE, of.YEARS), "deposit * (1 + rate / 100)^years",
          "{deposit}*(1+{rate}/100)^{years}", _TEXT, tolerance=MONEY, core=True),
    plain("future_value_simple", "future value with simple interest", "USD", (of.DEPOSIT, of.RATE, of.YEARS),
          "deposit * (1 + rate / 100 * years)", "{deposit}*(1+{rate}/100*{years})", _TEXT, tolerance=MONEY, core=True),
    plain("future_value_monthly", "future value compounded monthly", "USD", (of.DEPOSIT, of.RATE, of.YEARS),
          "deposit * (1 + rate / 1200)^(12 * years)", "{deposit}*(1+{rate}/1200)^(12*{years})", _TEXT,
          tolerance=MONEY, core=True),
    plain("future_value_continuous", "future value compounded continuously", "USD", (of.DEPOSIT, of.RATE, of.YEARS),
          "deposit * exp(rate / 100 * years)", "{deposit}*exp({rate}/100*{years})", _HULL, tolerance=MONEY, core=True),
    plain("future_value_annuity", "future value of yearly payments", "USD", (of.PAYMENT, of.RATE, of.YEARS),
          "payment * ((1 + rate / 100)^years - 1) / (rate / 100)",
          "{payment}*((1+{rate}/100)^{years}-1)/({rate}/100)", _TEXT, tolerance=MONEY, core=True),
    plain("future_value_annuity_due", "future value of yearly payments made in advance", "USD",
          (of.PAYMENT, of.RATE, of.YEARS), "payment * (1 + rate / 100) * ((1 + rate / 100)^years - 1) / (rate / 100)",
          "{payment}*(1+{rate}/100)*((1+{rate}/100)^{years}-1)/({rate}/100)", _TEXT,
          tolerance=MONEY, core=True, held_out=True),
    plain("effective_rate", "effective annual rate", "%",
          (of.RATE, number("periods", "periods a year", "", 2, 52, 2)),
          "100 * ((1 + rate / (100 * periods))^periods - 1)", "100*((1+{rate}/(100*{periods}))^{periods}-1)", _TEXT,
          tolerance=0.002),
    plain("years_to_grow", "time to reach the amount due", "years", (of.DEPOSIT, of.AMOUNT, of.RATE),
          "ln(amount / deposit) / ln(1 + rate / 100)", "ln({amount}/{deposit})/ln(1+{rate}/100)", _TEXT,
          tolerance=MONEY, guards=("{amount}-{deposit}*1.05",)),
)  # fmt: skip
PRESENT = (
    plain("present_value", "present value", "USD", (of.AMOUNT, of.RATE, of.YEARS), "amount due / (1 + rate / "
                                                                                   "100)^years",
          "{amount}/(1+{rate}/100)^{years}", _TEXT, tolerance=MONEY, core=True),
    plain("present_value_continuous", "present value compounded continuously", "USD", (of.AMOUNT, of.RATE, of.YEARS),
          "amount due / exp(rate / 100 * years)", "{amount}/exp({rate}/100*{years})", _HULL,
          tolerance=MONEY, core=True),
    plain("present_value_annuity", "present value of yearly payments", "USD", (of.PAYMENT, of.RATE, of.YEARS),
          "payment * (1 - 1 / (1 + rate / 100)^years) / (rate / 100)",
          "{payment}*(1-1/(1+{rate}/100)^{years})/({rate}/100)", _TEXT, tolerance=MONEY, core=True),
    plain("perpetuity", "present value of a perpetuity", "USD", (of.PAYMENT, of.RATE), "payment / (rate / 100)",
          "{payment}/({rate}/100)", _TEXT, tolerance=MONEY, core=True),
    plain("growing_perpetuity", "present value of a growing perpetuity", "USD", (of.PAYMENT, of.RATE, of.GROWTH),
          "payment / ((rate - growth) / 100)", "{payment}/(({rate}-{growth})/100)", _TEXT,
          tolerance=MONEY, core=True, guards=("{rate}-{growth}-0.9",)),
    plain("present_value_annuity_due", "present value of yearly payments made in advance", "USD",
          (of.PAYMENT, of.RATE, of.YEARS), "payment * (1 + rate / 100) * (1 - 1 / (1 + rate / 100)^years) / (rate / "
                                           "100)",
          "{payment}*(1+{rate}/100)*(1-1/(1+{rate}/100)^{years})/({rate}/100)", _TEXT,
          tolerance=MONEY, core=True, held_out=True),
    plain("real_rate", "real rate", "%",
          (number("nominal", "nominal rate", "%", 3, 14, 0.25), number("inflation", "inflation", "%", 0.5, 9, 0.25)),
          "100 * ((1 + nominal / 100) / (1 + inflation / 100) - 1)",
          "100*((1+{nominal}/100)/(1+{inflation}/100)-1)", "Fisher 1930, The Theory of Interest",
          tolerance=0.002, guards=("{nominal}-{inflation}-0.4",)),
)  # fmt: skip
