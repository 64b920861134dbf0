"""Ratios and changes from the sentences of the evidence alone, in decimal arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

_LINE = re.compile(
    r"^(?P<company>.+) (?P<year>\d{4}): (?P<line>[a-z ]+?) (?P<amount>\(?[\d.,]+\)?) (?:million|thousand) \w+\.?$"
)
Lines = Mapping[str, Decimal]
_RATIOS: dict[str, Callable[[Lines], Decimal]] = {
    "current_ratio": lambda v: v["current assets"] / v["current liabilities"],
    "quick_ratio": lambda v: (v["receivables"] + v["cash"]) / v["current liabilities"],
    "cash_ratio": lambda v: v["cash"] / v["current liabilities"],
    "gross_margin": lambda v: v["gross profit"] / v["revenue"] * 100,
    "operating_margin": lambda v: v["operating income"] / v["revenue"] * 100,
    "net_margin": lambda v: v["net income"] / v["revenue"] * 100,
    "return_on_assets": lambda v: v["net income"] / v["total assets"] * 100,
    "return_on_equity": lambda v: v["net income"] / v["total equity"] * 100,
    "debt_to_equity": lambda v: v["total liabilities"] / v["total equity"],
    "debt_ratio": lambda v: v["total liabilities"] / v["total assets"] * 100,
    "interest_coverage": lambda v: v["operating income"] / v["interest expense"],
    "asset_turnover": lambda v: v["revenue"] / v["total assets"],
    "inventory_turnover": lambda v: v["cost of goods sold"] / v["inventory"],
    "days_sales": lambda v: v["receivables"] / (v["revenue"] / 365),
    "days_payables": lambda v: v["payables"] / (v["cost of goods sold"] / 365),
    "payout": lambda v: v["dividends"] / v["net income"] * 100,
    "tax_rate": lambda v: v["income tax"] / v["income before tax"] * 100,
    "working_capital": lambda v: v["current assets"] - v["current liabilities"],
    "ebitda": lambda v: v["depreciation"] + v["operating income"],
    "free_cash_flow": lambda v: v["operating cash flow"] - v["capital expenditure"],
    "missing_total_assets": lambda v: v["total equity"] + v["total liabilities"],
    "missing_total_liabilities": lambda v: v["total assets"] - v["total equity"],
    "missing_equity": lambda v: v["total assets"] - v["total liabilities"],
    "missing_noncurrent_assets": lambda v: v["total assets"] - v["current assets"],
    "missing_current_liabilities": lambda v: v["total liabilities"] - v["noncurrent liabilities"],
    "missing_gross_profit": lambda v: v["revenue"] - v["cost of goods sold"],
    "missing_cogs": lambda v: v["revenue"] - v["gross profit"],
    "missing_operating_income": lambda v: v["gross profit"] - v["operating expenses"] - v["depreciation"],
    "missing_operating_expenses": lambda v: v["gross profit"] - v["operating income"] - v["depreciation"],
    "missing_pretax": lambda v: v["operating income"] - v["interest expense"],
    "missing_net_income": lambda v: v["income before tax"] - v["income tax"],
    "missing_retained_earnings": lambda v: v["opening retained earnings"] + v["net income"] - v["dividends"],
    "missing_cash": lambda v: v["opening cash"] + v["operating cash flow"] + v["investing cash flow"]
    + v["financing cash flow"],
}  # fmt: skip
_CHANGES: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "percent_change": lambda old, new: new / old * 100 - 100,
    "change": lambda old, new: new - old,
    "average": lambda old, new: (old + new) / 2,
    "growth_rate": lambda old, new: ((new / old).sqrt() - 1) * 100,
}


def from_evidence(question: str, evidence: list[str], formula: str) -> float:
    """Return what ``formula`` gives for the lines of the years that the question names."""
    lines = [found for text in evidence if (found := _LINE.match(text))]
    years = sorted(set(re.findall(r"\b20\d\d\b", question)))
    if formula in _RATIOS:
        return float(_RATIOS[formula]({found["line"]: _amount(found) for found in lines if found["year"] == years[0]}))
    named = max((found["line"] for found in lines if found["line"] in question), key=len)
    values = {found["year"]: _amount(found) for found in lines if found["line"] == named}
    return float(_CHANGES[formula](values[years[0]], values[years[1]]))


def _amount(found: re.Match[str]) -> Decimal:
    text = found["amount"].replace(",", "")
    return -Decimal(text.strip("()")) if text.startswith("(") else Decimal(text)
