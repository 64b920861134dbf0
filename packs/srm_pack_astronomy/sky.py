"""Where the planets and the Moon stand, by astronomy-engine at 0h UT of fixed dates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from srm_core.config import PackConfig

from .catalogue import SMOKE_DOCUMENTS
from .constellations import abbreviation_of
from .sources import package_version

PLANETS = ("Mercury", "Venus", "Mars", "Jupiter", "Saturn")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
YEARS = range(2008, 2028)
SMOKE_YEARS = range(2026, 2028)
PLANET_DAYS = (1, 11, 21)
MOON_DAYS = (1, 6, 11, 16, 21, 26)


@dataclass(frozen=True)
class Position:
    """A body on a date: its constellation, and its apparent ecliptic longitude in degrees, one decimal."""

    body: str
    day: date
    constellation: str  # IAU abbreviation
    longitude: float

    @property
    def curie(self) -> str:
        """Return the CURIE of the body on that date."""
        return f"sky:{self.body}-{self.day.isoformat()}"


@dataclass(frozen=True)
class Moon:
    """The Moon on a date: how many degrees east of the Sun it is in longitude (0 to 360), one decimal."""

    day: date
    elongation: float

    @property
    def curie(self) -> str:
        """Return the CURIE of the Moon on that date."""
        return f"sky:Moon-{self.day.isoformat()}"


def spoken(day: date) -> str:
    """Return "1 March 2027", in English whatever the locale is."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def positions(config: PackConfig) -> tuple[Position, ...]:
    """Return the planets and the Sun on every date in the scope of a build."""
    return _positions(_years(config))


def moons(config: PackConfig) -> tuple[Moon, ...]:
    """Return the Moon on every date in the scope of a build."""
    return _moons(_years(config))


def _years(config: PackConfig) -> range:
    return SMOKE_YEARS if config.max_documents <= SMOKE_DOCUMENTS else YEARS


def _days(years: range, in_month: tuple[int, ...]) -> Iterator[date]:
    return (date(year, month, day) for year in years for month in range(1, 13) for day in in_month)


@cache
def _positions(years: range) -> tuple[Position, ...]:
    return tuple(_position(body, day) for body in ("Sun", *PLANETS) for day in _days(years, PLANET_DAYS))


@cache
def _moons(years: range) -> tuple[Moon, ...]:
    package_version("astronomy-engine")
    import astronomy

    return tuple(
        Moon(day, round(astronomy.MoonPhase(astronomy.Time.Make(day.year, day.month, day.day, 0, 0, 0)), 1) % 360)
        for day in _days(years, MOON_DAYS)
    )


def _position(body: str, day: date) -> Position:
    package_version("astronomy-engine")
    import astronomy

    vector = astronomy.GeoVector(
        getattr(astronomy.Body, body), astronomy.Time.Make(day.year, day.month, day.day, 0, 0, 0), True
    )
    place = astronomy.EquatorFromVector(vector)
    name = astronomy.Constellation(place.ra, place.dec).name
    return Position(body, day, abbreviation_of(name), round(astronomy.Ecliptic(vector).elon, 1) % 360)
