"""The lines of an invented statement: their names, and in which order they are worked out."""

from __future__ import annotations

from srm_core.formulas.formula import Input

LINES: dict[str, str] = {
    "revenue": "revenue",
    "cogs": "cost of goods sold",
    "gross_profit": "gross profit",
    "operating_expenses": "operating expenses",
    "depreciation": "depreciation",
    "operating_income": "operating income",
    "interest": "interest expense",
    "pretax": "income before tax",
    "tax": "income tax",
    "net_income": "net income",
    "dividends": "dividends",
    "cash": "cash",
    "receivables": "receivables",
    "inventory": "inventory",
    "current_assets": "current assets",
    "noncurrent_assets": "noncurrent assets",
    "total_assets": "total assets",
    "payables": "payables",
    "current_liabilities": "current liabilities",
    "noncurrent_liabilities": "noncurrent liabilities",
    "total_liabilities": "total liabilities",
    "equity": "total equity",
    "retained_earnings": "retained earnings",
    "opening_retained": "opening retained earnings",
    "operating_cash_flow": "operating cash flow",
    "capex": "capital expenditure",
    "investing_cash_flow": "investing cash flow",
    "financing_cash_flow": "financing cash flow",
    "opening_cash": "opening cash",
}


def line(name: str) -> Input:
    """Return a statement line as an input of a formula; its value comes from a statement, never from a draw."""
    return Input(name, LINES[name])
