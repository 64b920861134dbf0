"""On which date a trade settles, one or two sessions later, over closures that the evidence shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from srm_core.composing import Fact, compose, places, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_finance.sessions import CITIES, DAYS, Exchange, closed_on, next_session, session_curie, trades

KIND = Kind(
    name="settlement_date",
    title="the settlement date of a trade, one or two sessions later, over closures of the exchange",
    book="open",
    anchor="the exchange and the year",
    shared="nothing: closures and sessions belong to the exchange and the year",
    core=True,
    second_grader="exchange-calendars, session by session",
)
QUESTIONS = (
    "A trade on {exchange} on {weekday} {day} settles T+{lag}. On which date?",
    "{exchange}, trade date {weekday} {day}, T+{lag}: which settlement date?",
    "When does a share bought on {exchange} ({city}) on {weekday} {day} settle, T+{lag}?",
    "Give the T+{lag} settlement date of a trade of {weekday} {day} on {exchange}.",
)
_LOCAL = '(REPLACE(STR(?node), "^.*[.]", "") AS ?answer)'
Item = tuple[Exchange, date, int]


def generate(exchanges: Mapping[str, Exchange], seed: int) -> Iterator[Problem]:
    """Yield one problem a trade date and lag whose settlement a closure moves."""
    items = [(exchange, day, lag) for exchange in exchanges.values() for day, lag in trades(exchange)]
    for item in spread(items, seed=seed, name=_name, anchor=_anchor):
        yield _problem(item, exchanges, seed)


def _name(item: Item) -> str:
    return f"{item[0].code} {item[1]} {item[2]}"


def _anchor(item: Item) -> str:
    return f"{item[0].curie}/{item[1].year}"


def _problem(item: Item, exchanges: Mapping[str, Exchange], seed: int) -> Problem:
    exchange, day, lag = item
    rng = rng_for(seed, KIND.name, _name(item))
    days = _walked(exchange, day, lag)
    closures = [each for each, what in days if what == "closed"]
    hops = (next_session(exchange, exchange.after(day, n)) for n in range(lag))
    first, *rest = (closed_on(exchange, each) for each in closures)
    settled = exchange.after(day, lag)
    posed = compose(
        kind=KIND.name,
        rng=rng,
        questions=QUESTIONS,
        names={"exchange": exchange.code, "city": CITIES[exchange.code], "weekday": DAYS[day.weekday()],
        "day": str(day),
               "lag": str(lag)},
        answer=str(settled),
        accept=(f"{DAYS[settled.weekday()]} {settled}",),
        anchor=_anchor(item),
        needed=[Fact(first.text, (*first.triples, *hops)), *rest],
        distractors=_others(exchange, settled, closures),
        query=f"SELECT {_LOCAL} WHERE {{ $day {'/'.join(['srm:nextSession'] * lag)} ?node }}",
        bindings={"day": session_curie(exchange, day)},
    )  # fmt: skip
    place = places(posed)
    cited = {each: f" [{place[closed_on(exchange, each).text]}]" for each in closures}
    steps = [f"{DAYS[each.weekday()]} {each} {what}{cited.get(each, '')}" for each, what in days]
    return posed.revised(solution=f"{DAYS[day.weekday()]} {day} trade; {'; '.join(steps)}.\nAnswer: {settled}")


def _walked(exchange: Exchange, day: date, lag: int) -> list[tuple[date, str]]:
    """Return each day from the trade to its settlement and what it is: "closed", "weekend", "T+1"."""
    days, sessions = [], 0
    while sessions < lag:
        day += timedelta(days=1)
        sessions += exchange.open_on(day)
        what = "closed" if day in exchange.closed else "weekend" if day.weekday() > 4 else f"T+{sessions}"
        days.append((day, what))
    return days


def _others(exchange: Exchange, settled: date, closures: list[date]) -> list[Fact]:
    """Return near misses of the same exchange and year: the next closures that do not matter."""
    later = sorted(day for day in exchange.closed if day.year == settled.year and day > settled)
    earlier = sorted(day for day in exchange.closed if day.year == settled.year and day < min(closures))
    return [closed_on(exchange, day) for day in (*later[:1], *earlier[-1:])]
