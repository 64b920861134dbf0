"""Enthalpies and Gibbs energies of formation: the CRC table of chemicals, its gaps filled from JANAF 1998."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from .compounds import load_compounds
from .sources import package_folder

TABLE = ("Heat Capacity", "CRC Standard Thermodynamic Properties of Chemical Substances.tsv")
FILLER = ("Reactions", "JANAF_1998.tsv")
# Products and elements of the reactions that are asked: CAS number, formula, phase.
_FIXED = (
    ("124-38-9", "CO2", "g"), ("7732-18-5", "H2O", "l"), ("7732-18-5", "H2O", "g"), ("630-08-0", "CO", "g"),
    ("7446-09-5", "SO2", "g"), ("7647-01-0", "HCl", "g"), ("74-82-8", "CH4", "g"), ("7664-41-7", "NH3", "g"),
)  # fmt: skip
_ELEMENTS = ("O2", "H2", "N2")


@dataclass(frozen=True)
class Species:
    """A substance in one phase with its energies of formation in kJ/mol, as far as they are known."""

    formula: str
    phase: str
    name: str  # empty for the small molecules that a formula names well enough
    owner: str  # CURIE of its compound, or of itself
    enthalpy: float | None
    gibbs: float | None

    @property
    def written(self) -> str:
        """Return the formula with its phase: ``H2O(l)``."""
        return f"{self.formula}({self.phase})"

    @property
    def curie(self) -> str:
        """Return the CURIE of the substance in this phase."""
        return f"{self.owner}/{self.phase}"

    def energy(self, kind: str) -> float:
        """Return the energy of formation that ``kind`` ("Hf" or "Gf") asks for."""
        value = self.enthalpy if kind == "Hf" else self.gibbs
        if value is None:
            raise ValueError(f"{self.written} has no {kind}")
        return value


@cache
def fixed_species() -> Mapping[str, Species]:
    """Return small molecules and elements, by formula and phase as written."""
    table = _table()
    found = {}
    for cas, formula, phase in _FIXED:
        row = table[cas]
        one = Species(formula, phase, "", f"species:{formula}", _kilo(row[f"Hf{phase}"]), _kilo(row[f"Gf{phase}"]))
        found[one.written] = one
    for formula in _ELEMENTS:
        found[f"{formula}(g)"] = Species(formula, "g", "", f"species:{formula}", 0.0, 0.0)
    return found


@cache
def compound_species() -> tuple[Species, ...]:
    """Return every compound of the pack in every phase for which the table has an energy of formation."""
    return tuple(_compounds())


def _compounds() -> Iterator[Species]:
    taken = {cas for cas, _, _ in _FIXED}
    table = _table()
    for compound in load_compounds().values():
        row = table.get(compound.cas)
        if row is None or compound.cas in taken:
            continue
        for phase in ("g", "l", "s"):
            enthalpy, gibbs = _kilo(row[f"Hf{phase}"]), _kilo(row[f"Gf{phase}"])
            if enthalpy is not None or gibbs is not None:
                yield Species(compound.formula, phase, compound.name, compound.curie, enthalpy, gibbs)


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    table = {row["CAS"]: dict(row) for row in _rows(TABLE)}
    for row in _rows(FILLER):
        mine = table.setdefault(row["CAS"], dict.fromkeys(("Hfg", "Gfg", "Hfl", "Gfl", "Hfs", "Gfs"), ""))
        for field in ("Hfg", "Gfg", "Hfl", "Gfl"):
            mine[field] = mine[field] or row[field]
    return table


def _rows(place: tuple[str, ...]) -> list[dict[str, str]]:
    with package_folder("chemicals").joinpath(*place).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _kilo(text: str) -> float | None:
    return round(float(text) / 1000, 1) if text else None
