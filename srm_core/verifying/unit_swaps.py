"""Units that are certainly not the one asked for: the same quantity in another size, or another quantity."""

from __future__ import annotations

import re
from collections.abc import Iterator

# symbol -> symbols of the same quantity that differ in size (SI Brochure, 9th ed., tables 7 and 8; ISO 4217 for money)
_SIZES = {
    "kg": ("g", "mg", "lb"), "g": ("kg", "mg"), "mg": ("g", "kg"), "µg": ("mg", "g"), "μg": ("mg", "g"),
    "ng": ("mg", "g"), "pg": ("mg",), "mcg": ("mg", "g"),
    "L": ("mL", "dL"), "dL": ("L", "mL"), "mL": ("L", "dL"), "µL": ("mL", "L"), "μL": ("mL", "L"), "fL": ("mL",),
    "mol": ("mmol", "kmol"), "mmol": ("mol", "nmol"), "µmol": ("mmol", "mol"), "μmol": ("mmol", "mol"),
    "nmol": ("mmol",), "pmol": ("mmol",), "mEq": ("Eq",), "mOsm": ("Osm",),
    "m": ("km", "cm", "mm"), "cm": ("m", "mm"), "mm": ("m", "cm"), "km": ("m", "mm"), "nm": ("mm", "m"), "in": ("cm",),
    "s": ("min", "ms"), "ms": ("s", "min"), "min": ("s", "h"), "h": ("min", "s"), "hours": ("minutes", "days"),
    "days": ("hours", "years"), "years": ("months", "days"), "months": ("years", "days"), "year": ("month",),
    "day": ("hour",), "minutes": ("hours",), "weeks": ("days",),
    "J": ("kJ",), "kJ": ("J",), "kcal": ("cal",), "eV": ("keV",), "W": ("kW",), "kW": ("W",),
    "Pa": ("kPa",), "kPa": ("Pa", "mmHg"), "bar": ("Pa",), "atm": ("Pa",), "mmHg": ("kPa",), "K": ("°F",),
    "°C": ("°F", "K"), "°F": ("°C",), "N": ("kN",), "Hz": ("kHz",), "V": ("mV",), "mV": ("V",), "A": ("mA",),
    "pc": ("AU", "km"), "kpc": ("pc",), "Mpc": ("pc",), "AU": ("km", "pc"), "au": ("km", "pc"), "ly": ("km",),
    "deg": ("rad", "arcsec"), "degrees": ("radians",), "°": ("rad",), "arcsec": ("deg",), "arcmin": ("deg",),
    "rad": ("deg",), "USD": ("EUR", "JPY"), "EUR": ("USD",), "$": ("€",), "%": ("‰",), "percent": ("per mille",),
    "million": ("thousand",), "thousand": ("million",), "bp": ("%",), "points": ("%",),
}  # fmt: skip
_STRANGERS = ("kg", "mmHg", "years")  # quantities that share nothing; two of them are foreign to any unit
_TOKEN = re.compile(r"[A-Za-zµμ°%$€]+")


def other_sizes(unit: str) -> Iterator[str]:
    """Yield ``unit`` with one of its symbols replaced by another size of the same quantity."""
    for found in _TOKEN.finditer(unit):
        for other in _SIZES.get(found.group(), ()):
            yield unit[: found.start()] + other + unit[found.end() :]


def strangers(unit: str, context: str) -> Iterator[str]:
    """Yield units of other quantities; none that ``unit`` contains or that ``context`` (question, evidence) names."""
    words = set(_TOKEN.findall(f"{unit} {context}"))
    yield from (other for other in _STRANGERS if other not in words and other not in unit)
