"""A second way to a deadline: day by day, with a list of holidays after 5 U.S.C. 6103 that no package made."""

from __future__ import annotations

import re
from datetime import date, timedelta

from srm_core.records import GraphKey, Problem

_FIXED = ((1, 1, 0), (6, 19, 2021), (7, 4, 0), (11, 11, 0), (12, 25, 0))  # month, day, first year
_NTH_MONDAY = ((1, 3), (2, 3), (9, 1), (10, 2))  # King, Washington, Labor, Columbus: month, which Monday
_PERIOD = re.compile(r"\b(\d{1,3}) days\b")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = timedelta(days=1)


def is_holiday(day: date) -> bool:
    """Say whether the statute sets ``day`` aside, or the Friday or Monday in place of a day of a weekend."""
    if any(_is_fixed(day + shift) for shift in (timedelta(0), *_stands_for(day))):
        return True
    if day.weekday() == 0:
        which = (day.day - 1) // 7 + 1
        return (day.month, which) in _NTH_MONDAY or (day.month == 5 and (day + 7 * _DAY).month == 6)
    return day.month == 11 and day.weekday() == 3 and (day.day - 1) // 7 == 3


def agrees(problem: Problem, answer: str) -> bool:
    """Say whether the date in ``answer`` is the last day of the period that the question states."""
    said, asked = _ISO.findall(answer), _PERIOD.search(problem.question)
    if len(said) != 1 or asked is None or not isinstance(problem.key, GraphKey):
        return False
    step = _DAY if problem.kind == "deadline_days" else -_DAY
    day = date.fromisoformat(problem.key.bindings["day"].partition(":")[2])
    left = int(asked.group(1))
    while left > 0 or day.weekday() >= 5 or is_holiday(day):
        day += step
        left -= 1
    return bool(day.isoformat() == said[0])


def _stands_for(day: date) -> tuple[timedelta, ...]:
    if day.weekday() == 4:
        return (_DAY,)
    return (-_DAY,) if day.weekday() == 0 else ()


def _is_fixed(day: date) -> bool:
    return any((day.month, day.day) == (month, number) and day.year >= first for month, number, first in _FIXED)
