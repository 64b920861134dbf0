"""Where the pack's facts come from, at which version, and under which terms."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from srm_core.errors import MissingExtra
from srm_core.records import Source

FORMULAS = Source(name="srm finance formulas", licence="Apache-2.0")
STATEMENTS = Source(name="srm invented statements", licence="Apache-2.0")
LINE_ITEMS = Source(name="srm table of line items", licence="Apache-2.0")


@cache
def currency_source() -> Source:
    """Return the source of currencies: the published ISO 4217 table, read through iso4217."""
    return Source(
        name="ISO 4217 table (SIX) via iso4217",
        licence="LicenseRef-public-domain",
        version=package_version("iso4217"),
        url="https://github.com/dahlia/iso4217",
    )


@cache
def session_source() -> Source:
    """Return the source of exchange closures: the calendars of exchange-calendars."""
    return Source(
        name="exchange-calendars",
        licence="Apache-2.0",
        version=package_version("exchange-calendars"),
        url="https://github.com/gerrymanoim/exchange_calendars",
    )


def price_source(file: str) -> Source:
    """Return the source of the user's own price series."""
    return Source(name=f"own prices: {file}", licence="proprietary")


def package_version(distribution: str) -> str:
    """Return the installed version of ``distribution``, or raise a `MissingExtra` that says how to install it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        raise MissingExtra(f"the finance pack needs {distribution}: pip install 'srm-sdk[finance]'") from None
