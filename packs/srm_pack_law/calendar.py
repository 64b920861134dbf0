"""Days of the federal courts: weekdays and legal holidays, the latter from the package ``holidays``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from .sources import calendar_source

FIRST, LAST = date(2015, 1, 1), date(2027, 1, 31)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ONE_DAY = timedelta(days=1)


@cache
def legal_holidays() -> Mapping[date, str]:
    """Return the legal holidays with the weekdays on which those of a weekend are observed."""
    calendar_source()
    from holidays import country_holidays

    years = range(FIRST.year, LAST.year + 2)
    found = country_holidays("US", years=years).items()
    return {day: name for day, name in sorted(found) if FIRST <= day <= LAST}


def is_court_day(day: date) -> bool:
    """Say whether ``day`` is no Saturday, Sunday or legal holiday."""
    return day.weekday() < 5 and day not in legal_holidays()


def all_days() -> list[date]:
    """Return every day of the calendar."""
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def curie(day: date) -> str:
    """Return the node of a day."""
    return f"day:{day.isoformat()}"


def weekday_number(day: date) -> int:
    """Return 0 for Sunday to 6 for Saturday, as the deadlines' worked solutions count."""
    return (day.weekday() + 1) % 7
