"""Day counts between two dates, by the definitions of ISDA 2006, section 4.16 (d) to (g)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from random import Random
from types import MappingProxyType

from srm_core.composing import Fact
from srm_core.records import Triple

from .sources import FORMULAS

FIRST, LAST = 2019, 2027  # years that problems are about
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
BASES: Mapping[str, int] = MappingProxyType({"act_360": 360, "act_365f": 365, "thirty_360": 360, "thirty_e_360": 360})


def actual(start: date, end: date) -> int:
    """Return the days from ``start`` to ``end``."""
    return end.toordinal() - start.toordinal()


def thirty(start: date, end: date) -> int:
    """Return the days of 30/360 (bond basis)."""
    first = min(start.day, 30)
    second = 30 if end.day == 31 and first == 30 else end.day
    return (end.year * 12 + end.month - start.year * 12 - start.month) * 30 + second - first


def thirty_e(start: date, end: date) -> int:
    """Return the days of 30E/360 (Eurobond basis)."""
    months = end.year * 12 + end.month - start.year * 12 - start.month
    return months * 30 + min(end.day, 30) - min(start.day, 30)


COUNTS: Mapping[str, Callable[[date, date], int]] = MappingProxyType(
    {"act_360": actual, "act_365f": actual, "thirty_360": thirty, "thirty_e_360": thirty_e}
)


def drawn_dates(rng: Random) -> tuple[date, date]:
    """Return two dates, 20 to 320 days apart; every third time one of them is the last of a month."""
    start = date(rng.randint(FIRST, LAST - 1), 1, 1) + timedelta(days=rng.randint(0, 364))
    if rng.random() < 0.2:
        start = month_end(start)
    end = start + timedelta(days=rng.randint(20, 320))
    return start, month_end(end) if rng.random() < 0.25 else end


def month_end(day: date) -> date:
    """Return the last day of the month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)


@cache
def before_month(year: int, month: int) -> Fact:
    """Return "59 days of 2025 lie before March."."""
    days = (date(year, month, 1) - date(year, 1, 1)).days
    triple = _literal(f"month:{year}-{month:02d}", "srm:daysBefore", str(days))
    return Fact(f"{days} days of {year} lie before {MONTHS[month - 1]}.", (triple,), shared=True)


@cache
def year_length(year: int) -> Fact:
    """Return "2024 has 366 days."."""
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    return Fact(f"{year} has {days} days.", (_literal(f"year:{year}", "srm:days", str(days)),), shared=True)


def calendar_triples() -> list[Triple]:
    """Return the facts about months and years that evidence may show."""
    years = range(FIRST, LAST + 1)
    facts = [before_month(year, month) for year in years for month in range(1, 13)]
    return [triple for fact in (*facts, *map(year_length, years)) for triple in fact.triples]


def _literal(subject: str, predicate: str, text: str) -> Triple:
    return Triple(subject=subject, predicate=predicate, object=text, datatype="xsd:integer", source=FORMULAS)
