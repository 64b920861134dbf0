"""What the two kinds of deadlines share: periods, evidence, and the worked solution by sums of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from srm_core.calculator import call
from srm_core.composing import Fact, compose, places, rng_for
from srm_core.records import Problem
from srm_pack_law import calendar, facts
from srm_pack_law.citing import PLACE, cited_at
from srm_pack_law.people import FIRMS, party
from srm_pack_law.provisions import HOURS, MAIL, Provision

NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
FIRST, LAST = date(2016, 1, 4), date(2026, 9, 30)
PERIODS = (7, 10, 14, 21, 28, 30, 45, 60)
QUERY = (
    "SELECT ?answer WHERE {{ $day srm:dayNumber ?from . ?other srm:dayNumber ?number ; srm:courtDay ?date . "
    'FILTER({bounds}) BIND(CONCAT(?date, "{cite}") AS ?answer) }} ORDER BY {order} LIMIT 1'
)
GRADER = "a loop day by day with a list of holidays of its own, after 5 U.S.C. 6103"


@dataclass(frozen=True)
class Deadlines:
    """A kind of deadline: the rule, the direction (1 or -1), and how it is asked."""

    kind: str
    rule: Provision
    direction: int
    questions: Sequence[str]


def generate(of: Deadlines, seed: int) -> Iterator[Problem]:
    """Yield problems without end, each day and period once; every other one ends on a day that moves."""
    rng = rng_for(seed, of.kind)
    seen: set[tuple[date, int]] = set()
    moving = False
    while len(seen) < (LAST - FIRST).days * len(PERIODS) // 3:
        day = FIRST + timedelta(days=rng.randint(0, (LAST - FIRST).days))
        days = rng.choice(PERIODS)
        end = day + of.direction * timedelta(days=days)
        if (day, days) in seen or not calendar.is_court_day(day) or calendar.is_court_day(end) == moving:
            continue
        seen.add((day, days))
        moving = len(seen) % 2 == 0
        yield _problem(of, day, days, rng)


def moved(day: date, direction: int) -> date:
    """Return the first court day from ``day`` on in ``direction``."""
    while not calendar.is_court_day(day):
        day += direction * calendar.ONE_DAY
    return day


def _problem(of: Deadlines, day: date, days: int, rng: Random) -> Problem:
    end = day + of.direction * timedelta(days=days)
    last = moved(end, of.direction)
    barring = _holidays(end, last, of.direction)
    near = _holidays(end - timedelta(days=40), end + timedelta(days=20), 1)
    weekday = _is_a(day)
    lines = [of.rule.fact, weekday, *map(_holiday, barring)]
    further = [_holiday(each) for each in near if each not in barring]
    bounds = "?number >= ?from + {n} && ?number <= ?from + {m}" if of.direction > 0 else (
        "?number <= ?from - {n} && ?number >= ?from - {m}"
    )  # fmt: skip
    order = "?number" if of.direction > 0 else "DESC(?number)"
    query = QUERY.format(bounds=bounds.format(n=days, m=days + 8), order=order, cite=PLACE)
    problem = compose(
        kind=of.kind,
        rng=rng,
        questions=of.questions,
        names={"day": day.isoformat(), "days": str(days), "party": party(rng), "other": rng.choice(FIRMS)},
        answer=last.isoformat(),
        anchor=f"{day.isoformat()} {days}",
        needed=lines,
        distractors=[*further[:1], rng.choice((HOURS, MAIL)).fact],
        query=query,
        bindings={"day": calendar.curie(day)},
    )
    place = places(problem)
    steps = [
        f"{weekday.text.removesuffix('.')} [{place[weekday.text]}].",
        f"{day.isoformat()} {'+' if of.direction > 0 else '-'} {days} days: {_sums(day, days, of.direction)}: "
        f"{end.isoformat()}.",
        _weekday_sum(day, days, of.direction, end),
        *_moves(end, last, of.direction, place),
    ]
    text = "\n".join([*steps, f"Answer: {problem.answer}"])
    rule_and_days = tuple(
        dict.fromkeys(cite for line in (of.rule.fact, *map(_holiday, barring)) for cite in line.cites)
    )
    return cited_at(
        problem,
        place[of.rule.text],
        solution=f"{text} [{place[of.rule.text]}]",
        facts=rule_and_days,
        parents=rule_and_days,
        tags={"moved": "yes" if end != last else "no"},
    )


def _is_a(day: date) -> Fact:
    name = calendar.WEEKDAYS[day.weekday()]
    return Fact(f"{day.isoformat()} is a {name}, weekday {calendar.weekday_number(day)}.", (facts.day_weekday(day),))


def _holiday(day: date) -> Fact:
    name = calendar.legal_holidays()[day]
    return Fact(f"{day.isoformat()} is a legal holiday: {name}.", (facts.day_holiday(day, name),))


def _holidays(one: date, other: date, direction: int) -> list[date]:
    """Return the holidays of working days between both, in the direction of counting."""
    low, high = min(one, other), max(one, other)
    found = [day for day in calendar.legal_holidays() if low <= day <= high and day.weekday() < 5]
    return sorted(found, reverse=direction < 0)


def _sums(day: date, days: int, direction: int) -> str:
    """Return the day of the month as a sum; each month that it is beyond is said, and that the last one fits."""
    at = day.day + direction * days
    parts = [call(f"{day.day}{'+' if direction > 0 else '-'}{days}")]
    month = day.replace(day=1)
    while direction > 0 and at > _length(month):
        length = _length(month)
        parts.append(f"month {month.month} has {length}, beyond: {call(f'{at}-{length}')}")
        at -= length
        month = _shifted(month, 1)
    while direction < 0 and at < 1:
        month = _shifted(month, -1)
        length = _length(month)
        parts.append(f"below 1: month {month.month} has {length}, {call(f'{at}+{length}')}")
        at += length
    last = f"month {month.month} has {_length(month)}, fits" if direction > 0 else f"month {month.month} fits"
    return "; ".join([*parts, last])


def _length(month: date) -> int:
    return (_shifted(month, 1) - month).days


def _shifted(month: date, by: int) -> date:
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _weekday_sum(day: date, days: int, direction: int, end: date) -> str:
    total = f"{calendar.weekday_number(day)}{'+' if direction > 0 else '-'}{days}"
    return f"Weekday {call(f'{total}-7*floor(({total})/7)')}: {NAMES[calendar.weekday_number(end)]}."


def _moves(end: date, last: date, direction: int, place: dict[str, int]) -> Iterator[str]:
    """Yield one line a day that is passed over, or one that says that the day stands."""
    day = end
    while day != last:
        if day.weekday() >= 5:
            why = NAMES[calendar.weekday_number(day)]
        else:
            why = f"a legal holiday [{place[_holiday(day).text]}]"
        after = day + direction * calendar.ONE_DAY
        yield f"{day.isoformat()} is {why}: {after.isoformat()}."
        day = after
    yield f"{last.isoformat()} stands."
