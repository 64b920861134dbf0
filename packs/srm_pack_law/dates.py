"""Reads the one date of an answer in its usual forms."""

from __future__ import annotations

import re
from datetime import date

from .calendar import WEEKDAYS

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FULL = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_WEEKDAY = r"(?:(?P<weekday>[a-z]{6,9}),? )?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS = (
    re.compile(_WEEKDAY + r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"),
    re.compile(_WEEKDAY + rf"(?P<name>[a-z]{{3,9}})\.? {_DAY},? (?P<year>\d{{4}})"),
    re.compile(_WEEKDAY + rf"{_DAY} (?:of )?(?P<name>[a-z]{{3,9}})\.?,? (?P<year>\d{{4}})"),
    re.compile(_WEEKDAY + r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"),  # as written in the United States
)


def read_date(text: str) -> date | None:
    """Return the date that ``text`` is, or None; a weekday that is named must be the date's."""
    said = " ".join(text.casefold().strip("*`\"' .").split()).removeprefix("on ")
    for form in _FORMS:
        match = form.fullmatch(said)
        if match is not None:
            return _date(match.groupdict())
    return None


def _date(parts: dict[str, str | None]) -> date | None:
    number = parts.get("month")
    month = int(number) if number else _month(parts.get("name") or "")
    try:
        day = date(int(parts["year"] or 0), month, int(parts["day"] or 0))
    except ValueError:
        return None
    weekday = parts.get("weekday")
    return day if weekday in (None, WEEKDAYS[day.weekday()].casefold()) else None


def _month(name: str) -> int:
    if name in _FULL:
        return _FULL.index(name) + 1
    short = "sep" if name == "sept" else name
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0
