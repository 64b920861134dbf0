"""Formulas of projects: net present value, and what it is compared with.

Text: Brealey, Myers and Allen, Principles of Corporate Finance, chapters 5 and 6.
"""

from __future__ import annotations

from srm_core.formulas.formula import Formula, number, plain

from . import inputs as of
from .growth import MONEY

_TEXT = "Brealey, Myers and Allen, Principles of Corporate Finance, chapter 5"
_COST = number("cost", "cost today", "USD", 1000, 9000, 50)


def _npv(flows: int, *, held_out: bool = False) -> Formula:
    years = range(1, flows + 1)
    said = " + ".join(f"flow {n} / (1 + rate / 100)^{n}" for n in years)
    worked = "+".join(f"{{flow{n}}}/(1+{{rate}}/100)^{n}" for n in years)
    return plain(f"npv{flows}", f"net present value over {flows} years", "USD",
                 (_COST, *(of.flow(n) for n in years), of.RATE), f"{said} - cost", f"{worked}-{{cost}}", _TEXT,
                 tolerance=MONEY, core=True, held_out=held_out,
                 guards=("abs(" + worked.replace("/(1+{rate}/100)", "/1.06") + "-{cost})-300",))  # fmt: skip


PROJECTS = (
    _npv(1), _npv(2), _npv(3), _npv(4, held_out=True),
    plain("profitability_index", "profitability index of a one-year project", "", (of.flow(1), of.RATE, _COST),
          "flow 1 / (1 + rate / 100) / cost", "{flow1}/(1+{rate}/100)/{cost}", _TEXT, tolerance=0.002),
    plain("payback", "payback period", "years", (_COST, number("saving", "yearly saving", "USD", 300, 4000, 20)),
          "cost / yearly saving", "{cost}/{saving}", _TEXT, tolerance=0.002, core=True),
    plain("irr_one_year", "internal rate of return of a one-year project", "%", (_COST, of.flow(1)),
          "100 * (flow 1 / cost - 1)", "100*({flow1}/{cost}-1)", _TEXT, tolerance=0.002,
          guards=("{flow1}-1.02*{cost}", "1.6*{cost}-{flow1}")),
)  # fmt: skip
