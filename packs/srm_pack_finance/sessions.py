"""Exchange sessions: on which weekdays an exchange is closed, from exchange-calendars, and which session comes next."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from srm_core.composing import Fact
from srm_core.errors import MissingExtra
from srm_core.records import Triple

from .sources import session_source

FIRST, LAST = 2022, 2026  # years
CITIES = {
    "XNYS": "New York", "XLON": "London", "XTKS": "Tokyo", "XHKG": "Hong Kong", "XFRA": "Frankfurt", "XPAR": "Paris",
    "XSWX": "Zurich", "XTSE": "Toronto", "XASX": "Sydney", "XSES": "Singapore", "XKRX": "Seoul", "XSTO": "Stockholm",
    "XOSL": "Oslo", "XWAR": "Warsaw", "XJSE": "Johannesburg", "BVMF": "Sao Paulo", "XMEX": "Mexico City",
    "XDUB": "Dublin", "XWBO": "Vienna", "XNZE": "Wellington",
}  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AROUND = 4  # sessions before a closure whose settlement it may touch


@dataclass(frozen=True, eq=False)
class Exchange:
    """An exchange that is open on weekdays, and the weekdays of some years on which it is closed."""

    code: str
    closed: frozenset[date]

    @property
    def curie(self) -> str:
        """Return the CURIE of the exchange."""
        return f"exchange:{self.code}"

    def open_on(self, day: date) -> bool:
        """Say whether there is a session on ``day``."""
        return day.weekday() < 5 and day not in self.closed

    def after(self, day: date, sessions: int) -> date:
        """Return the day of the ``sessions``-th session after ``day``."""
        while sessions:
            day += timedelta(days=1)
            sessions -= self.open_on(day)
        return day


@cache
def load_exchanges(count: int = len(CITIES)) -> dict[str, Exchange]:
    """Return the first ``count`` exchanges by their market identifier.

    Raises:
        MissingExtra: exchange-calendars is not installed.
    """
    return {code: Exchange(code, _closures(code)) for code in tuple(CITIES)[:count]}


def _closures(code: str) -> frozenset[date]:
    open_days = {stamp.date() for stamp in calendar(code).sessions}
    day, closed = date(FIRST, 1, 1), set()
    while day <= date(LAST, 12, 31):
        if day.weekday() < 5 and day not in open_days:
            closed.add(day)
        day += timedelta(days=1)
    return frozenset(closed)


@cache
def calendar(code: str):  # type: ignore[no-untyped-def]  # the package states no types
    """Return the package's own calendar of an exchange."""
    try:
        import exchange_calendars  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise MissingExtra("the finance pack needs exchange-calendars: pip install 'srm-sdk[finance]'") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what newer pandas will stop doing is the package's to settle
        return exchange_calendars.get_calendar(code, start=f"{FIRST}-01-01", end=f"{LAST}-12-31")


def trades(exchange: Exchange) -> Iterator[tuple[date, int]]:
    """Yield (trade date, sessions to settlement) near every closure, inside one year, each once."""
    seen: set[tuple[date, int]] = set()
    for closure in sorted(exchange.closed):
        for back in range(1, 7):
            day = closure - timedelta(days=back)
            for lag in (1, 2):
                item = day, lag
                if day.year != closure.year or item in seen or not exchange.open_on(day):
                    continue
                end = exchange.after(day, lag)
                if end.year == day.year and closure < end:
                    seen.add(item)
                    yield item


def session_curie(exchange: Exchange, day: date) -> str:
    """Return the CURIE of a session."""
    return f"session:{exchange.code}.{day}"


def next_session(exchange: Exchange, day: date) -> Triple:
    """Return: which session comes after that of ``day``."""
    return Triple(subject=session_curie(exchange, day), predicate="srm:nextSession",
                  object=session_curie(exchange, exchange.after(day, 1)), source=session_source())  # fmt: skip


@cache
def closed_on(exchange: Exchange, day: date) -> Fact:
    """Return "XNYS is closed on Friday 2026-07-03."."""
    triple = Triple(subject=exchange.curie, predicate="srm:closedOn", object=str(day), datatype="xsd:date",
                    source=session_source())  # fmt: skip
    return Fact(f"{exchange.code} is closed on {DAYS[day.weekday()]} {day}.", (triple,))


def session_triples(exchange: Exchange) -> Iterator[Triple]:
    """Yield the exchange's name, its closures, and the next session for the days that problems are about."""
    yield Triple(subject=exchange.curie, predicate="rdfs:label", object=f"{CITIES[exchange.code]} exchange",
                 datatype="xsd:string", source=session_source())  # fmt: skip
    for day in sorted(exchange.closed):
        yield from closed_on(exchange, day).triples
    days = {day for trade, lag in trades(exchange) for day in (trade, exchange.after(trade, lag - 1))}
    for day in sorted(days):
        yield next_session(exchange, day)
