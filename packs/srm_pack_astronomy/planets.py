"""The eight planets in numbers, for free questions. After: NASA Planetary Fact Sheet (NSSDCA, D. R. Williams)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from srm_core.records import Triple

from .sources import PLANET_SOURCE

# mass and radius (equatorial) in units of Earth's, semi-major axis in AU, period in days, mean density in g/cm3
_TABLE = """
Mercury 0.0553 0.383 0.387 88.0 5.429
Venus 0.815 0.949 0.723 224.7 5.243
Earth 1 1 1 365.2 5.513
Mars 0.107 0.532 1.52 687.0 3.934
Jupiter 317.8 11.21 5.20 4331 1.326
Saturn 95.2 9.45 9.57 10747 0.687
Uranus 14.5 4.01 19.17 30589 1.270
Neptune 17.1 3.88 30.18 59800 1.638
"""
QUANTITIES: Mapping[str, str] = MappingProxyType(
    {
        "mass": "Earth masses",
        "radius": "Earth radii",
        "semi-major axis": "AU",
        "period": "days",
        "density": "g/cm3",
    }
)
PLANETS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        name: dict(zip(QUANTITIES, values, strict=True))
        for line in _TABLE.strip().splitlines()
        for name, *values in [line.split()]
    }
)


def planet_triples() -> Iterator[Triple]:
    """Yield the label and the quantities of every planet."""
    for name, values in PLANETS.items():
        yield _fact(name, "rdfs:label", name, "xsd:string")
        for quantity, number in values.items():
            yield quantity_fact(name, quantity, number)


def quantity_fact(name: str, quantity: str, number: str) -> Triple:
    """Return: a quantity of a planet, in the unit of `QUANTITIES`."""
    return _fact(name, f"srm:{quantity.replace('-', '').replace(' ', '_')}", number, "xsd:decimal")


def _fact(name: str, predicate: str, value: str, datatype: str) -> Triple:
    return Triple(subject=f"planet:{name}", predicate=predicate, object=value, datatype=datatype, source=PLANET_SOURCE)
