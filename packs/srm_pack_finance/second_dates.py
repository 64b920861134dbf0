"""Day counts by QuantLib, accrued interest by daycounts, settlement by exchange-calendars."""

from __future__ import annotations

from datetime import date
from functools import cache


@cache
def quantlib_days(name: str, start: str, end: str) -> float:
    """Return the days between two dates as QuantLib's day counter counts them."""
    import QuantLib as ql  # noqa: N813  # type: ignore[import-untyped, unused-ignore]

    counters = {
        "act_360": ql.Actual360(),
        "act_365f": ql.Actual365Fixed(),
        "thirty_360": ql.Thirty360(ql.Thirty360.BondBasis),
        "thirty_e_360": ql.Thirty360(ql.Thirty360.European),
    }
    first, last = (ql.DateParser.parseISO(day) for day in (start, end))
    return float(counters[name].dayCount(first, last))


def accrued(name: str, start: str, end: str, face: float, coupon: float) -> float:
    """Return the interest accrued between two dates by daycounts; 30/360 (bond basis) by QuantLib.

    daycounts' 30/360 follows the US rule, which also moves the last day of February.
    """
    import daycounts

    first, last = date.fromisoformat(start), date.fromisoformat(end)
    conventions = {
        "act_360": daycounts.Convention.ACTUAL_360,
        "act_365f": daycounts.Convention.ACTUAL_365_FIXED,
        "thirty_e_360": daycounts.Convention.THIRTY_E_360,
    }
    if name == "thirty_360":
        return face * coupon / 100 * quantlib_days(name, start, end) / 360
    return float(daycounts.accrued_interest(face, coupon / 100, first, last, conventions[name]))


def settlement(code: str, day: str, lag: int) -> str:
    """Return the date of the ``lag``-th session after ``day``."""
    from .sessions import calendar

    return str(calendar(code).session_offset(day, lag).date())
