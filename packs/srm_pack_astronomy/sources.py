"""Where the pack's facts come from, at which version, and under which terms."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from srm_core.errors import MissingExtra
from srm_core.records import Source


@cache
def catalogue_source() -> Source:
    """Return the source of the objects: OpenNGC's database, share-alike, read from the package that carries it."""
    return Source(
        name="OpenNGC via pyongc",
        licence="CC-BY-SA-4.0",
        version=package_version("pyongc"),
        url="https://github.com/mattiaverga/OpenNGC",
    )


@cache
def ephemeris_source() -> Source:
    """Return the source of positions on dates: computed by astronomy-engine (VSOP87, Chapront's Moon)."""
    return Source(
        name="computed with astronomy-engine",
        licence="MIT",
        version=package_version("astronomy-engine"),
        url="https://github.com/cosinekitty/astronomy",
    )


FORMULA_SOURCE = Source(name="srm astronomical formulas", licence="Apache-2.0")
NAMES_SOURCE = Source(
    name="IAU constellation names and definitions",
    licence="CC0-1.0",
    url="https://www.iau.org/public/themes/constellations/",
)
PLANET_SOURCE = Source(
    name="NASA Planetary Fact Sheet",
    licence="LicenseRef-US-public-domain",
    url="https://nssdc.gsfc.nasa.gov/planetary/factsheet/",
)


@cache
def package_version(distribution: str) -> str:
    """Return the installed version of ``distribution``, or raise a `MissingExtra` that says how to install it."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        raise MissingExtra(f"the astronomy pack needs {distribution}: pip install 'srm-sdk[astronomy]'") from None
