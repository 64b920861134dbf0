"""Molar masses from the atomic masses of mendeleev, rounded as the facts show them."""

from __future__ import annotations

from functools import cache

from .composition import atoms
from .elements import load_elements


@cache
def formula_mass(formula: str) -> float:
    """Return the molar mass in g/mol, to three decimals."""
    elements = load_elements()
    return round(sum(count * elements[symbol].weight for symbol, count in atoms(formula).items()), 3)
