"""Ratios and identities of statement lines, each with a gold function that shares nothing with its template.

Text: Penman, Financial Statement Analysis and Security Valuation, chapter 2; White, Sondhi and Fried, The
Analysis and Use of Financial Statements, chapter 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from srm_core.formulas.formula import Formula, Inputs, plain

from .lines import LINES, line

_TEXT = "White, Sondhi and Fried, The Analysis and Use of Financial Statements, chapter 4"
_IDENTITY = "Penman, Financial Statement Analysis and Security Valuation, chapter 2"
AMOUNT = "amount"  # stands for the scale and currency of the statement at hand
_NAME = re.compile("|".join(sorted(LINES, key=len, reverse=True)))


def _of(
    name: str,
    title: str,
    unit: str,
    template: str,
    source: str = _TEXT,
    *,
    held_out: bool = False,
    tolerance: float = 0.005,
    core: bool = True,
) -> Formula:
    """Return a formula whose statement is its template with the lines' names spelled out."""
    names = tuple(dict.fromkeys(_NAME.findall(template)))
    said = re.sub(r"\s*([*+/-])\s*", r" \1 ", _NAME.sub(lambda found: LINES[found.group()], template))
    worked = _NAME.sub(lambda found: "{" + found.group() + "}", template.replace(" ", ""))
    return plain(name, title, unit, tuple(line(each) for each in names), said, worked, source, tolerance=tolerance,
                 core=core, held_out=held_out)  # fmt: skip


RATIOS = (
    _of("current_ratio", "current ratio", "", "current_assets/current_liabilities"),
    _of("quick_ratio", "quick ratio", "", "(cash+receivables)/current_liabilities"),
    _of("cash_ratio", "cash ratio", "", "cash/current_liabilities", core=False),
    _of("gross_margin", "gross margin", "%", "100*gross_profit/revenue"),
    _of("operating_margin", "operating margin", "%", "100*operating_income/revenue"),
    _of("net_margin", "net margin", "%", "100*net_income/revenue"),
    _of("return_on_assets", "return on assets", "%", "100*net_income/total_assets"),
    _of("return_on_equity", "return on equity", "%", "100*net_income/equity"),
    _of("debt_to_equity", "debt-to-equity ratio", "", "total_liabilities/equity"),
    _of("debt_ratio", "debt ratio", "%", "100*total_liabilities/total_assets", held_out=True),
    _of("interest_coverage", "interest coverage", "", "operating_income/interest"),
    _of("asset_turnover", "asset turnover", "", "revenue/total_assets", core=False),
    _of("inventory_turnover", "inventory turnover", "", "cogs/inventory"),
    _of("days_sales", "days sales outstanding", "days", "365*receivables/revenue"),
    _of("days_payables", "days payables outstanding", "days", "365*payables/cogs", held_out=True),
    _of("payout", "dividend payout ratio", "%", "100*dividends/net_income", core=False),
    _of("tax_rate", "effective tax rate", "%", "100*tax/pretax"),
    _of("working_capital", "working capital", AMOUNT, "current_assets-current_liabilities", tolerance=1e-4),
    _of("ebitda", "EBITDA", AMOUNT, "operating_income+depreciation", tolerance=1e-4),
    _of("free_cash_flow", "free cash flow", AMOUNT, "operating_cash_flow-capex", tolerance=1e-4),
)
IDENTITIES = tuple(
    _of(f"missing_{name}", LINES[name], AMOUNT, template, _IDENTITY, tolerance=1e-4, held_out=name in ("equity",
    "cogs"))
    for name, template in {
        "total_assets": "total_liabilities+equity",
        "total_liabilities": "total_assets-equity",
        "equity": "total_assets-total_liabilities",
        "noncurrent_assets": "total_assets-current_assets",
        "current_liabilities": "total_liabilities-noncurrent_liabilities",
        "gross_profit": "revenue-cogs",
        "cogs": "revenue-gross_profit",
        "operating_income": "gross_profit-operating_expenses-depreciation",
        "operating_expenses": "gross_profit-depreciation-operating_income",
        "pretax": "operating_income-interest",
        "net_income": "pretax-tax",
        "retained_earnings": "opening_retained+net_income-dividends",
        "cash": "opening_cash+operating_cash_flow+investing_cash_flow+financing_cash_flow",
    }.items()
)  # fmt: skip


def _sum(v: Inputs, plus: str, minus: str = "") -> float:
    """Return the sum of some lines without others, in tenths on the way, so that it is exact."""
    tenths = [round(float(v[name]) * 10) for name in plus.split()]
    taken = [round(float(v[name]) * 10) for name in minus.split()]
    return (sum(tenths) - sum(taken)) / 10


def _share(v: Inputs, part: str, whole: str) -> float:
    return float(v[part]) / float(v[whole]) * 100


def _times(v: Inputs, part: str, whole: str) -> float:
    return float(v[part]) / float(v[whole])


VALUES: Mapping[str, Callable[[Inputs], float]] = MappingProxyType({
    "current_ratio": lambda v: _times(v, "current_assets", "current_liabilities"),
    "quick_ratio": lambda v: _sum(v, "cash receivables") / float(v["current_liabilities"]),
    "cash_ratio": lambda v: _times(v, "cash", "current_liabilities"),
    "gross_margin": lambda v: _share(v, "gross_profit", "revenue"),
    "operating_margin": lambda v: _share(v, "operating_income", "revenue"),
    "net_margin": lambda v: _share(v, "net_income", "revenue"),
    "return_on_assets": lambda v: _share(v, "net_income", "total_assets"),
    "return_on_equity": lambda v: _share(v, "net_income", "equity"),
    "debt_to_equity": lambda v: _times(v, "total_liabilities", "equity"),
    "debt_ratio": lambda v: _share(v, "total_liabilities", "total_assets"),
    "interest_coverage": lambda v: _times(v, "operating_income", "interest"),
    "asset_turnover": lambda v: _times(v, "revenue", "total_assets"),
    "inventory_turnover": lambda v: _times(v, "cogs", "inventory"),
    "days_sales": lambda v: _times(v, "receivables", "revenue") * 365,
    "days_payables": lambda v: _times(v, "payables", "cogs") * 365,
    "payout": lambda v: _share(v, "dividends", "net_income"),
    "tax_rate": lambda v: _share(v, "tax", "pretax"),
    "working_capital": lambda v: _sum(v, "current_assets", "current_liabilities"),
    "ebitda": lambda v: _sum(v, "operating_income depreciation"),
    "free_cash_flow": lambda v: _sum(v, "operating_cash_flow", "capex"),
    "missing_total_assets": lambda v: _sum(v, "equity total_liabilities"),
    "missing_total_liabilities": lambda v: _sum(v, "total_assets", "equity"),
    "missing_equity": lambda v: _sum(v, "total_assets", "total_liabilities"),
    "missing_noncurrent_assets": lambda v: _sum(v, "total_assets", "current_assets"),
    "missing_current_liabilities": lambda v: _sum(v, "total_liabilities", "noncurrent_liabilities"),
    "missing_gross_profit": lambda v: _sum(v, "revenue", "cogs"),
    "missing_cogs": lambda v: _sum(v, "revenue", "gross_profit"),
    "missing_operating_income": lambda v: _sum(v, "gross_profit", "operating_expenses depreciation"),
    "missing_operating_expenses": lambda v: _sum(v, "gross_profit", "operating_income depreciation"),
    "missing_pretax": lambda v: _sum(v, "operating_income", "interest"),
    "missing_net_income": lambda v: _sum(v, "pretax", "tax"),
    "missing_retained_earnings": lambda v: _sum(v, "net_income opening_retained", "dividends"),
    "missing_cash": lambda v: _sum(
        v, "opening_cash financing_cash_flow investing_cash_flow operating_cash_flow"
    ),
})  # fmt: skip
