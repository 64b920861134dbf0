"""Units in words, for those symbols whose name leaves no doubt (SI Brochure, 9th ed., tables 4, 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterator

_NAMES = {
    "kg": "kilograms", "g": "grams", "mg": "milligrams", "L": "liters", "mL": "milliliters", "dL": "deciliters",
    "mmol": "millimoles", "mol": "moles", "m": "meters", "cm": "centimeters", "mm": "millimeters", "km": "kilometers",
    "s": "seconds", "ms": "milliseconds", "min": "minutes", "h": "hours", "K": "kelvin", "J": "joules",
    "kJ": "kilojoules", "W": "watts", "%": "percent", "years": "years", "days": "days", "points": "points",
    "mmHg": "millimeters of mercury", "pc": "parsecs", "USD": "US dollars", "EUR": "euros",
}  # fmt: skip


def spelled(unit: str) -> Iterator[str]:
    """Yield ``unit`` in words: one symbol, or two of them around a slash ("milligrams per deciliter")."""
    parts = unit.split("/")
    if len(parts) > 2 or not all(part in _NAMES for part in parts):
        return
    words = _NAMES[parts[0]]
    text = words if len(parts) == 1 else f"{words} per {_NAMES[parts[1]].removesuffix('s')}"
    if text != unit:
        yield text
