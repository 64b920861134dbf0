"""Formulas of bonds: prices from yields, and how prices move.

Texts: Fabozzi, Bond Markets, Analysis, and Strategies, chapters 2 to 4; Macaulay 1938.
"""

from __future__ import annotations

from srm_core.formulas.formula import Branch, Formula, number, plain

from . import inputs as of
from .growth import MONEY

_TEXT = "Fabozzi, Bond Markets, Analysis, and Strategies, chapter 2"
_MOVES = "Fabozzi, Bond Markets, Analysis, and Strategies, chapter 4"
_DURATION = number("duration", "Macaulay duration", "years", 1, 18, 0.1)
_MODIFIED = number("modified", "modified duration", "years", 1, 16, 0.1)
PRICES = (
    Formula("bond_price", "bond price", (of.FACE, of.COUPON, of.YIELD, of.YEARS), "USD", "arithmetic", _TEXT,
            "face * (coupon / yield * (1 - v) + v), v = 1 / (1 + yield / 100)^years",
            (Branch((("v", "1/(1+{yield_}/100)^{years}"), ("", "{face}*({coupon}/{yield_}*(1-{v})+{v})"))),),
            tolerance=MONEY, core=True),
    Formula("bond_price_semiannual", "price of a bond with half-yearly coupons",
            (of.FACE, of.COUPON, of.YIELD, of.YEARS), "USD", "arithmetic", _TEXT,
            "face * (coupon / yield * (1 - v) + v), v = 1 / (1 + yield / 200)^(2 * years)",
            (Branch((("v", "1/(1+{yield_}/200)^(2*{years})"), ("", "{face}*({coupon}/{yield_}*(1-{v})+{v})"))),),
            tolerance=MONEY, core=True),
    plain("zero_price", "price of a zero-coupon bond", "USD", (of.FACE, of.YIELD, of.YEARS),
          "face / (1 + yield / 100)^years", "{face}/(1+{yield_}/100)^{years}", _TEXT, tolerance=MONEY, core=True),
    plain("bill_price", "price of a bill sold at a discount", "USD",
          (of.FACE, number("discount", "bank discount", "%", 0.5, 8, 0.1), number("days", "days", "", 20, 360, 1)),
          "face * (1 - discount / 100 * days / 360)", "{face}*(1-{discount}/100*{days}/360)",
          "Stigum, Money Market Calculations, chapter 4", tolerance=0.0002, held_out=True),
    plain("zero_yield", "yield of a zero-coupon bond", "%",
          (number("face", "face value", "USD", 1000, 10000, 1000), number("share", "price as percent of face", "%", 40,
           96, 0.5), of.YEARS),
          "100 * ((100 / price as percent)^(1 / years) - 1)", "100*((100/{share})^(1/{years})-1)", _TEXT,
          tolerance=0.002, core=True),
)  # fmt: skip
MEASURES = (
    plain("current_yield", "current yield", "%", (of.FACE, of.COUPON, number("quote", "quoted price", "% of face", 80,
          120, 0.25)), "100 * coupon / quoted price", "100*{coupon}/{quote}", _TEXT, tolerance=0.002, core=True),
    plain("coupon_income", "yearly coupon income", "USD", (of.FACE, of.COUPON,
          number("bonds", "number of bonds", "", 2, 90)),
          "number of bonds * face * coupon / 100", "{bonds}*{face}*{coupon}/100", _TEXT, tolerance=0.0002, core=True),
    plain("modified_duration", "modified duration", "years", (_DURATION, of.YIELD),
          "Macaulay duration / (1 + yield / 100)", "{duration}/(1+{yield_}/100)", _MOVES, tolerance=0.002, core=True),
    plain("price_change", "price change in percent", "%",
          (_MODIFIED, number("shift", "rise of the yield", "bp", 5, 150, 5)),
          "-modified duration * rise in bp / 100", "-{modified}*{shift}/100", _MOVES, tolerance=0.002, core=True),
    plain("dv01", "price value of a basis point", "USD", (_MODIFIED, number("position", "position", "USD", 10000,
    900000,
          1000)), "modified duration * position / 10000", "{modified}*{position}/10000", _MOVES,
          tolerance=0.002, core=True),
    Formula("macaulay_two_years", "Macaulay duration of a two-year bond", (of.COUPON, of.YIELD), "years", "arithmetic",
            "Macaulay 1938, Some Theoretical Problems, chapter 2",
            "(a + 2 * b) / (a + b), a = coupon / (1 + yield / 100), b = (100 + coupon) / (1 + yield / 100)^2",
            (Branch((("a", "{coupon}/(1+{yield_}/100)"), ("b", "(100+{coupon})/(1+{yield_}/100)^2"),
                     ("", "({a}+2*{b})/({a}+{b})"))),), tolerance=0.001),
    plain("convexity_change", "price change with convexity", "%",
          (_MODIFIED, number("convexity", "convexity", "", 10, 300, 5),
           number("shift", "rise of the yield", "bp", 20, 150, 5)),
          "-modified duration * rise in bp / 100 + convexity * (rise in bp)^2 / 2000000",
          "-{modified}*{shift}/100+{convexity}*{shift}^2/2000000", _MOVES, tolerance=0.002, core=True, held_out=True),
)  # fmt: skip
