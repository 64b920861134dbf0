"""How numbers are written in the texts shown to a verifier."""

from __future__ import annotations

import math


def written(number: float, digits: int = 6) -> str:
    """Return ``number`` with ``digits`` significant digits, without exponent and trailing zeros.

    Raises:
        ValueError: it is not finite.
    """
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot be written as digits")
    if number == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    text = f"{number:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(number: float, digits: int) -> float:
    """Return ``number`` rounded to ``digits`` significant digits; 0 stays 0."""
    if number == 0:
        return 0.0
    return round(number, digits - 1 - math.floor(math.log10(abs(number))))


def with_unit(text: str, unit: str) -> str:
    """Return a written number followed by its unit."""
    return f"{text} {unit}".rstrip()
