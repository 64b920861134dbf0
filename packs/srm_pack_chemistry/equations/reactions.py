"""Reactions of school and college chemistry, made from tables of formulas and ions; coefficients are solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from srm_core.records import digest
from srm_pack_chemistry.composition import atoms
from srm_pack_chemistry.compounds import load_compounds
from srm_pack_chemistry.ions import ANIONS, CATIONS, Ion, salt

from .matrix import written
from .null_space import coefficients

LARGEST = 60  # coefficient of a reaction that is asked


@dataclass(frozen=True)
class Reaction:
    """A reaction with its smallest whole coefficients. ``family`` says how it is worked."""

    family: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    counts: tuple[int, ...]
    charges: tuple[int, int] = (0, 0)  # that one unit of each reactant brings; (0, 0): not worked by charge

    @property
    def curie(self) -> str:
        """Return the reaction's CURIE."""
        return f"reaction:{digest([self.left, self.right])[:12]}"

    @property
    def skeleton(self) -> str:
        """Return the equation without coefficients."""
        return written([(1, text) for text in self.left], [(1, text) for text in self.right])

    @property
    def balanced(self) -> str:
        """Return the equation with its coefficients."""
        pairs = list(zip(self.counts, (*self.left, *self.right), strict=True))
        return written(pairs[: len(self.left)], pairs[len(self.left) :])

    def count(self, species: str) -> int:
        """Return the coefficient of a species."""
        return self.counts[(*self.left, *self.right).index(species)]


ACIDS = ("HF", "HCl", "HBr", "HI", "HNO3", "HClO4", "CH3COOH", "HCOOH", "H2SO4", "H2SO3", "H2CO3", "H2C2O4", "H3PO4")
_ANION_OF = {
    "HF": "F", "HCl": "Cl", "HBr": "Br", "HI": "I", "HNO3": "NO3", "HClO4": "ClO4", "CH3COOH": "CH3COO",
    "HCOOH": "HCOO", "H2SO4": "SO4", "H2SO3": "SO3", "H2CO3": "CO3", "H2C2O4": "C2O4", "H3PO4": "PO4",
}  # fmt: skip
_ELEMENTS = {"F": "F2", "Cl": "Cl2", "Br": "Br2", "I": "I2", "O": "O2", "S": "S", "N": "N2", "P": "P", "Se": "Se"}
_INSOLUBLE = {
    "CO3": "Ca Sr Ba Zn Pb Mg Mn Cd", "PO4": "Ca Sr Ba Zn Pb Mg Al Fe", "SO4": "Ba Sr Pb",
    "S": "Cu Zn Pb Cd Ni Co Fe Mn",
    "Cl": "Ag Pb", "Br": "Ag Pb", "I": "Ag Pb", "OH": "Mg Al Fe Cu Zn Ni Co Mn Cr",
    "CrO4": "Ag Ba Pb Sr", "C2O4": "Ca Ba Sr Pb",
}  # fmt: skip
_METALS = [ion for ion in CATIONS if ion.formula not in ("NH4", "Tl")]
_BY_FORMULA = {ion.formula: ion for ion in ANIONS}


@cache
def reactions() -> tuple[Reaction, ...]:
    """Return every reaction, each once, in the order of its families."""
    found: dict[str, Reaction] = {}
    for family, left, right, charges in _all():
        counts = coefficients(left, right)
        if counts is not None and max(counts) <= LARGEST:
            reaction = Reaction(family, left, right, counts, charges)
            found.setdefault(reaction.curie, reaction)
    return tuple(found.values())


Made = tuple[str, tuple[str, ...], tuple[str, ...], tuple[int, int]]


def _all() -> Iterator[Made]:
    yield from _combustions()
    for metal in _METALS:
        yield from _with_acids(metal)
        yield from _from_elements(metal)
    yield from _precipitations()


def _combustions() -> Iterator[Made]:
    formulas = dict.fromkeys(c.formula for c in load_compounds().values() if c.heavy <= 16)
    for formula in formulas:
        made_of = set(atoms(formula))
        if {"C", "H"} <= made_of <= {"C", "H", "O", "N", "S"} and made_of != {"C", "H", "O", "N", "S"}:
            products = ["CO2", "H2O", *(["N2"] if "N" in made_of else []), *(["SO2"] if "S" in made_of else [])]
            yield "combustion", (formula, "O2"), tuple(products), (0, 0)


def _with_acids(metal: Ion) -> Iterator[Made]:
    base, oxide, carbonate = (salt(metal, _BY_FORMULA[one]) for one in ("OH", "O", "CO3"))
    for acid in ACIDS:
        anion = _BY_FORMULA[_ANION_OF[acid]]
        made, protons = salt(metal, anion).formula, -anion.charge
        yield "neutralisation", (acid, base.formula), (made, "H2O"), (protons, metal.charge)
        yield "oxide and acid", (oxide.formula, acid), (made, "H2O"), (2 * oxide.anions, protons)
        if metal.charge <= 2 and acid not in ("H2CO3", "H2SO3"):
            yield "carbonate and acid", (carbonate.formula, acid), (made, "H2O", "CO2"), (2 * carbonate.anions, protons)


def _from_elements(metal: Ion) -> Iterator[Made]:
    for symbol, element in _ELEMENTS.items():
        if symbol in _BY_FORMULA:
            anion = _BY_FORMULA[symbol]
            charges = (metal.charge, -anion.charge * (2 if element.endswith("2") else 1))
            yield "synthesis", (metal.formula, element), (salt(metal, anion).formula,), charges


def _precipitations() -> Iterator[Made]:
    partners = [ion for ion in CATIONS if ion.formula in ("Na", "K", "Li")]
    for anion, metals in _INSOLUBLE.items():
        for metal in CATIONS:
            if metal.formula not in metals.split():
                continue
            for partner in partners:
                for carrier in ("NO3", "CH3COO"):
                    yield _exchange(metal, partner, _BY_FORMULA[carrier], _BY_FORMULA[anion])


def _exchange(metal: Ion, partner: Ion, carrier: Ion, anion: Ion) -> Made:
    soluble, other = salt(metal, carrier), salt(partner, anion)
    products = (salt(metal, anion).formula, salt(partner, carrier).formula)
    charges = (soluble.cations * metal.charge, other.cations * partner.charge)
    return "precipitation", (soluble.formula, other.formula), products, charges
