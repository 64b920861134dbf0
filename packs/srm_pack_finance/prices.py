"""The user's own price series: a CSV file with the columns date and close. No series is shipped."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from srm_core.calculator import format_number
from srm_core.errors import ConfigError
from srm_core.records import Triple

from .sources import price_source

FEWEST = 3  # rows


@dataclass(frozen=True, eq=False)
class Series:
    """Closing prices by rising date."""

    name: str
    days: tuple[date, ...]
    closes: tuple[float, ...]


@cache
def read_prices(file: str) -> Series:
    """Return the series in ``file``.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a row is no date with a positive price.
    """
    path = Path(file)
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"own.prices = {file!r} cannot be read: {error}") from None
    if not rows or not {"date", "close"} <= set(rows[0]):
        raise ConfigError(f"own.prices = {file!r}: it needs the columns date and close")
    found: dict[date, float] = {}
    for number, row in enumerate(rows, 2):
        try:
            day, close = date.fromisoformat((row["date"] or "").strip()), float(row["close"] or "")
        except ValueError:
            raise ConfigError(f"own.prices = {file!r}, line {number}: not a date with a price") from None
        if not math.isfinite(close) or close <= 0 or day in found:
            raise ConfigError(f"own.prices = {file!r}, line {number}: a price must be positive, a date must occur once")
        found[day] = close
    if len(found) < FEWEST:
        raise ConfigError(f"own.prices = {file!r}: it has {len(found)} rows, at least {FEWEST} are needed")
    days = tuple(sorted(found))
    return Series(path.stem, days, tuple(found[day] for day in days))


def close_triple(series: Series, place: int) -> Triple:
    """Return: the close of one day."""
    return Triple(subject=f"close:{series.name}.{series.days[place]}", predicate="srm:close",
                  object=format_number(series.closes[place]), datatype="xsd:decimal",
                  source=price_source(series.name))  # fmt: skip
