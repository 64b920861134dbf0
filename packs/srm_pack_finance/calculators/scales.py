"""Formulas that change the scale of a number: thousands, millions, percent and basis points.

Numbers in filings: SEC Regulation S-X, 17 CFR 210.4-01; a basis point is a hundredth of a percent.
"""

from __future__ import annotations

from srm_core.formulas.formula import Formula, Input, number, plain

_SX = "SEC Regulation S-X, 17 CFR 210.4-01"
_EXACT = 0.0001


def _in(label: str, unit: str, low: float, high: float, step: float) -> Input:
    return number("value", label, unit, low, high, step)


def _scale(
    name: str,
    title: str,
    unit: str,
    source: Input,
    statement: str,
    template: str,
    *,
    held_out: bool = False,
    core: bool = True,
) -> Formula:
    return plain(name, title, unit, (source,), statement, template, _SX, tolerance=_EXACT, core=core,
                 held_out=held_out)  # fmt: skip


_THOUSANDS = _in("amount", "thousand USD", 20, 99000, 10)
_MILLIONS = _in("amount", "million USD", 0.5, 900, 0.1)
_BILLIONS = _in("amount", "billion USD", 0.2, 90, 0.1)
SCALES = (
    _scale("thousand_to_million", "amount in millions", "million USD", _THOUSANDS, "thousands / 1000", "{value}/1000"),
    _scale("million_to_thousand", "amount in thousands", "thousand USD", _MILLIONS, "millions * 1000", "{value}*1000"),
    _scale("billion_to_million", "amount in millions", "million USD", _BILLIONS, "billions * 1000", "{value}*1000"),
    _scale("million_to_billion", "amount in billions", "billion USD", _in("amount", "million USD", 50, 90000, 10),
           "millions / 1000", "{value}/1000", held_out=True),
    _scale("bp_to_percent", "rate in percent", "%", _in("rate", "bp", 3, 1500, 1), "basis points / 100",
           "{value}/100"),
    _scale("percent_to_bp", "rate in basis points", "bp", _in("rate", "%", 0.05, 15, 0.01), "percent * 100",
           "{value}*100"),
    _scale("fraction_to_percent", "share in percent", "%", _in("share", "", 0.011, 0.999, 0.001), "fraction * 100",
           "{value}*100"),
    plain("part_in_thousands", "part of the amount in thousands", "thousand USD",
          (_MILLIONS, number("share", "share", "%", 1, 99, 0.5)), "millions * 1000 * share / 100",
          "{value}*1000*{share}/100", _SX, tolerance=_EXACT, core=True),
    plain("mixed_sum", "sum of both amounts in millions", "million USD",
          (_MILLIONS, number("small", "second amount", "thousand USD", 50, 9900, 50)),
          "millions + thousands / 1000", "{value}+{small}/1000", _SX, tolerance=_EXACT, core=True),
)  # fmt: skip
