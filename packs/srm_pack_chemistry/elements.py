"""The elements and isotopes of mendeleev, read from its database file: no pandas, no ORM."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from .sources import package_folder

_ROWS = """
SELECT e.atomic_number, e.symbol, e.name, e.atomic_weight, e.group_id, e.period, e.block, s.name, e.en_pauling,
       i.ionization_energy, e.covalent_radius_cordero, e.is_radioactive, t.melting, t.boiling
FROM elements e JOIN series s ON s.id = e.series_id
LEFT JOIN ionizationenergies i ON i.atomic_number = e.atomic_number AND i.ion_charge = 0
LEFT JOIN (SELECT atomic_number, MAX(melting_point) AS melting, MAX(boiling_point) AS boiling FROM phasetransitions
           GROUP BY atomic_number HAVING COUNT(*) = 1) t ON t.atomic_number = e.atomic_number
ORDER BY e.atomic_number
"""
_ISOTOPES = "SELECT mass_number, mass, abundance FROM isotopes WHERE atomic_number = ? AND abundance > 0 ORDER BY 1"
_STATES = "SELECT oxidation_state FROM oxidationstates WHERE atomic_number = ? AND category = 'main' ORDER BY 1"


@dataclass(frozen=True)
class Isotope:
    """A stable isotope: mass number, mass in u, natural abundance in percent."""

    number: int
    mass: float
    abundance: float


@dataclass(frozen=True)
class Element:
    """One element. A property that is unknown is None."""

    number: int
    symbol: str
    name: str
    weight: float  # rounded to three decimals
    group: int | None
    period: int
    block: str
    series: str
    electronegativity: float | None  # Pauling
    ionization: float | None  # first, eV
    radius: float | None  # covalent, pm (Cordero 2008)
    melting: float | None  # K, where there is one form
    boiling: float | None  # K, where there is one form
    stable: bool
    isotopes: tuple[Isotope, ...]
    states: tuple[int, ...]  # main oxidation states

    @property
    def curie(self) -> str:
        """Return the element's CURIE."""
        return f"element:{self.symbol}"


@cache
def load_elements() -> Mapping[str, Element]:
    """Return the 118 elements by symbol."""
    database = package_folder("mendeleev") / "elements.db"
    store = sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)
    try:
        found = {row[1]: _element(store, row) for row in store.execute(_ROWS).fetchall()}
    finally:
        store.close()
    return MappingProxyType(found)


def _element(store: sqlite3.Connection, row: tuple[object, ...]) -> Element:
    (
        number,
        symbol,
        name,
        weight,
        group,
        period,
        block,
        series,
        negativity,
        ionization,
        radius,
        radioactive,
        melting,
        boiling,
    ) = row
    isotopes = tuple(Isotope(int(n), float(m), float(a)) for n, m, a in store.execute(_ISOTOPES, (number,)))
    states = tuple(int(state) for (state,) in store.execute(_STATES, (number,)))
    return Element(
        number=int(str(number)),
        symbol=str(symbol),
        name=str(name).lower(),
        weight=round(float(str(weight)), 3),
        group=None if group is None else int(float(str(group))),
        period=int(str(period)),
        block=str(block),
        series=str(series).lower(),
        electronegativity=_rounded(negativity, 2),
        ionization=_rounded(ionization, 2),
        radius=_rounded(radius, 0),
        melting=_rounded(melting, 1),
        boiling=_rounded(boiling, 1),
        stable=not radioactive,
        isotopes=isotopes,
        states=states,
    )


def _rounded(value: object, places: int) -> float | None:
    return None if value is None else round(float(str(value)), places)
