"""What astropy says of the same places and dates. Only what both sources agree on is posed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from functools import cache

from srm_core.config import PackConfig

from .catalogue import Thing, things
from .constellations import abbreviation_of
from .offline import quiet, stay_offline
from .sky import Moon, Position, moons, positions

_log = logging.getLogger(__name__)
NEAR = 0.2  # degrees between the two sources' longitudes; they differ by 0.02 at most
BOUNDARY = 3.0  # degrees from a quarter, or from the Sun, where one word for the place is too coarse


@cache
def agreed_things(config_documents: int) -> tuple[Thing, ...]:
    """Return the objects whose constellation in OpenNGC is the one that IAU boundaries give for their coordinates."""
    pool = things(PackConfig(max_documents=config_documents))
    found = constellations_at([thing.ra for thing in pool], [thing.dec for thing in pool])
    kept = tuple(thing for thing, place in zip(pool, found, strict=True) if thing.constellation == place)
    _log.info("%d of %d objects left out: astropy puts them in another constellation", len(pool) - len(kept), len(pool))
    return kept


@cache
def agreed_positions(config_documents: int) -> tuple[Position, ...]:
    """Return the positions of planets and Sun on whose constellation and longitude both sources agree."""
    pool = positions(PackConfig(max_documents=config_documents))
    kept: list[Position] = []
    for body in dict.fromkeys(position.body for position in pool):
        mine = [position for position in pool if position.body == body]
        places = places_of(body, [position.day for position in mine])
        kept += [
            position
            for position, (place, longitude) in zip(mine, places, strict=True)
            if place == position.constellation and apart(position.longitude, longitude) < NEAR
        ]
    _log.info("%d of %d positions left out: the two ephemerides differ", len(pool) - len(kept), len(pool))
    return tuple(kept)


@cache
def agreed_moons(config_documents: int) -> tuple[Moon, ...]:
    """Return the Moons on whose elongation both sources agree and which are no quarter, new or full Moon."""
    pool = moons(PackConfig(max_documents=config_documents))
    days = [moon.day for moon in pool]
    lunar, solar = places_of("Moon", days), places_of("Sun", days)
    kept = tuple(
        moon
        for moon, (_, one), (_, other) in zip(pool, lunar, solar, strict=True)
        if apart(moon.elongation, (one - other) % 360) < NEAR and apart(moon.elongation % 90, 0, 90) > BOUNDARY
    )
    _log.info("%d of %d Moons left out: near a quarter, or the ephemerides differ", len(pool) - len(kept), len(pool))
    return kept


def apart(one: float, other: float, turn: float = 360) -> float:
    """Return the smaller distance between two angles on a circle of ``turn`` degrees."""
    gap = abs(one - other) % turn
    return min(gap, turn - gap)


def constellations_at(right_ascensions: Sequence[float], declinations: Sequence[float]) -> list[str]:
    """Return the IAU abbreviation of the constellation at each place (degrees, J2000), by astropy."""
    stay_offline()
    from astropy import units
    from astropy.coordinates import SkyCoord, get_constellation

    with quiet():
        places = SkyCoord(right_ascensions, declinations, unit=units.deg)
        return [abbreviation_of(str(name)) for name in get_constellation(places)]


def places_of(body: str, days: Sequence[date]) -> list[tuple[str, float]]:
    """Return the constellation and the ecliptic longitude (degrees, of date) of ``body`` at 0h UT, by astropy."""
    stay_offline()
    from astropy.coordinates import GeocentricTrueEcliptic, get_body, get_constellation
    from astropy.time import Time

    with quiet():
        times = Time([day.isoformat() for day in days], scale="utc")
        seen = get_body(body.lower(), times, ephemeris="builtin")
        names = get_constellation(seen)
        ecliptic = seen.transform_to(GeocentricTrueEcliptic(equinox=times, obstime=times))
    return [(abbreviation_of(str(name)), float(degrees)) for name, degrees in zip(names, ecliptic.lon.deg, strict=True)]
