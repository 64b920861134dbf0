"""Invented companies and their statements over three years: the same for every seed, and every identity holds.

No name is meant to be that of a real company. Values have one decimal, in millions or thousands of one currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

YEARS = (2022, 2023, 2024)
_FIRST = ("Harlow", "Bramble", "Kestrel", "Ostrava", "Pinewell", "Tarn", "Veldt", "Quarry", "Linden", "Marsden",
"Cobalt",
          "Fenwick", "Ardmore", "Juniper", "Saltmarsh", "Thornby", "Wexcombe", "Norrick", "Elmstow", "Dovecote",
          "Graystone",
          "Ironvale", "Larkhill", "Millbrae", "Oakhurst", "Penrose", "Redfern", "Stonely", "Underhill",
          "Whitlock")  # fmt: skip
_SECOND = ("Mills", "Foods", "Optics", "Logistics", "Paper", "Energy", "Textiles", "Software", "Pharma", "Motors",
"Glass",
           "Ceramics", "Shipping", "Telecom", "Robotics", "Brewing")  # fmt: skip
_CURRENCIES = ("USD", "USD", "USD", "EUR", "GBP", "CHF", "CAD")
ALL = len(_FIRST) * len(_SECOND)


@dataclass(frozen=True, eq=False)
class Company:
    """A company and what it reports: tenths of ``scale`` of ``currency``, by year and line."""

    name: str
    scale: str  # "million" or "thousand"
    currency: str
    tenths: Mapping[int, Mapping[str, int]]

    @property
    def slug(self) -> str:
        """Return the name as a part of a CURIE."""
        return self.name.lower().replace(" ", "-")

    @property
    def curie(self) -> str:
        """Return the CURIE of the company."""
        return f"company:{self.slug}"

    def value(self, year: int, line: str) -> float:
        """Return the value of ``line`` in ``year`` in the company's scale."""
        return self.tenths[year][line] / 10


@cache
def companies(count: int) -> tuple[Company, ...]:
    """Return the first ``count`` companies, in an order that mixes the names."""
    names = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    Random("companies").shuffle(names)
    return tuple(_company(name) for name in names[:count])


def _company(name: str) -> Company:
    rng = Random(f"company/{name}")
    million = rng.random() < 0.7
    size = rng.randint(400, 9000) if million else rng.randint(20_000, 300_000)
    years: dict[int, dict[str, int]] = {}
    opening = (round(size * rng.uniform(0.05, 0.2)), round(size * rng.uniform(0.2, 0.6)))
    for year in YEARS:
        size = round(size * rng.uniform(0.9, 1.22))
        years[year] = _statement(rng, size, *opening)
        opening = years[year]["cash"], years[year]["retained_earnings"]
    return Company(name, "million" if million else "thousand", rng.choice(_CURRENCIES), years)


def _statement(rng: Random, revenue: int, opening_cash: int, opening_retained: int) -> dict[str, int]:
    def part(low: float, high: float, of: int = revenue) -> int:
        return max(11, round(of * rng.uniform(low, high)))

    line = {"revenue": revenue, "cogs": part(0.4, 0.72), "operating_expenses": part(0.08, 0.22),
            "depreciation": part(0.02, 0.07), "interest": part(0.004, 0.03)}  # fmt: skip
    line["gross_profit"] = revenue - line["cogs"]
    line["operating_income"] = line["gross_profit"] - line["operating_expenses"] - line["depreciation"]
    line["pretax"] = line["operating_income"] - line["interest"]
    line["tax"] = part(0.15, 0.28, line["pretax"]) if line["pretax"] > 0 else 0
    line["net_income"] = line["pretax"] - line["tax"]
    line["dividends"] = part(0.1, 0.6, line["net_income"]) if line["net_income"] > 30 else 0
    line["opening_retained"] = opening_retained
    line["retained_earnings"] = opening_retained + line["net_income"] - line["dividends"]
    line["operating_cash_flow"] = line["net_income"] + line["depreciation"] + part(-0.03, 0.04)
    line["capex"] = part(0.03, 0.1)
    line["investing_cash_flow"] = -line["capex"]
    line["opening_cash"] = opening_cash
    line["financing_cash_flow"] = -line["dividends"] + rng.randint(-revenue // 40, revenue // 40)
    change = line["operating_cash_flow"] + line["investing_cash_flow"] + line["financing_cash_flow"]
    if opening_cash + change < 15:
        line["financing_cash_flow"] += 15 - opening_cash - change + part(0.02, 0.05)
        change = line["operating_cash_flow"] + line["investing_cash_flow"] + line["financing_cash_flow"]
    line["cash"] = opening_cash + change
    line["receivables"], line["inventory"] = part(0.07, 0.2), part(0.05, 0.2)
    line["current_assets"] = line["cash"] + line["receivables"] + line["inventory"] + part(0.01, 0.05)
    line["noncurrent_assets"] = part(0.5, 1.2)
    line["total_assets"] = line["current_assets"] + line["noncurrent_assets"]
    line["payables"] = part(0.06, 0.15)
    line["current_liabilities"] = line["payables"] + part(0.03, 0.15)
    line["noncurrent_liabilities"] = part(0.15, 0.5)
    line["total_liabilities"] = line["current_liabilities"] + line["noncurrent_liabilities"]
    line["equity"] = line["total_assets"] - line["total_liabilities"]
    return line
