"""Common ions with their systematic names, and the salts they make. A table of our own, after IUPAC (Red Book 2005)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import gcd

from .composition import atoms


@dataclass(frozen=True)
class Ion:
    """An ion: systematic name, formula without charge, charge."""

    name: str
    formula: str
    charge: int

    @property
    def curie(self) -> str:
        """Return the ion's CURIE."""
        return f"ion:{self.formula}{abs(self.charge)}{'+' if self.charge > 0 else '-'}"

    @property
    def written(self) -> str:
        """Return the ion as written: ``Fe^3+``, ``Na^+``."""
        size = str(abs(self.charge)) if abs(self.charge) > 1 else ""
        return f"{self.formula}^{size}{'+' if self.charge > 0 else '-'}"

    @property
    def poly(self) -> bool:
        """Say whether the ion has more than one atom, so that it takes brackets."""
        return sum(atoms(self.formula).values()) > 1


@dataclass(frozen=True)
class Salt:
    """A neutral pair of ions: how many of each, its formula and its name."""

    cation: Ion
    anion: Ion
    cations: int
    anions: int

    @property
    def formula(self) -> str:
        """Return the formula as written: ``Fe2(SO4)3``."""
        return group(self.cation, self.cations) + group(self.anion, self.anions)

    @property
    def name(self) -> str:
        """Return the systematic name."""
        return f"{self.cation.name} {self.anion.name}"

    @property
    def curie(self) -> str:
        """Return the salt's CURIE."""
        return f"salt:{self.formula}"


CATIONS = tuple(
    Ion(name, formula, charge)
    for charge, row in (
        (1, "lithium Li,sodium Na,potassium K,rubidium Rb,caesium Cs,silver Ag,"
            "copper(I) Cu,ammonium NH4,thallium(I) Tl"),
        (2, "magnesium Mg,calcium Ca,strontium Sr,barium Ba,zinc Zn,cadmium Cd,iron(II) Fe,copper(II) Cu,nickel(II) Ni,"
            "cobalt(II) Co,manganese(II) Mn,lead(II) Pb,tin(II) Sn,mercury(II) Hg,chromium(II) Cr,palladium(II) Pd"),
        (3, "aluminium Al,iron(III) Fe,chromium(III) Cr,cobalt(III) Co,gallium(III) Ga,"
            "scandium(III) Sc,lanthanum(III) La,bismuth(III) Bi,yttrium(III) Y,vanadium(III) V,titanium(III) Ti"),
        (4, "titanium(IV) Ti,tin(IV) Sn,zirconium(IV) Zr,thorium(IV) Th,cerium(IV) Ce"),
    )
    for name, formula in (part.split(" ") for part in row.split(","))
)  # fmt: skip
ANIONS = tuple(
    Ion(name, formula, -charge)
    for charge, row in (
        (1, "fluoride F,chloride Cl,bromide Br,iodide I,hydroxide OH,nitrate NO3,nitrite NO2,chlorate ClO3,"
            "chlorite ClO2,hypochlorite ClO,perchlorate ClO4,bromate BrO3,iodate IO3,permanganate MnO4,acetate CH3COO,"
            "formate HCOO,hydrogencarbonate HCO3,hydrogensulfate HSO4,dihydrogenphosphate H2PO4,thiocyanate SCN"),
        (2, "oxide O,sulfide S,selenide Se,sulfate SO4,sulfite SO3,carbonate CO3,chromate CrO4,dichromate Cr2O7,"
            "thiosulfate S2O3,oxalate C2O4,hydrogenphosphate HPO4,molybdate MoO4,tungstate WO4,selenate SeO4"),
        (3, "nitride N,phosphide P,phosphate PO4,arsenate AsO4,vanadate VO4,borate BO3"),
    )
    for name, formula in (part.split(" ") for part in row.split(","))
)  # fmt: skip
_OXIDISERS = frozenset({"NO3", "NO2", "ClO3", "ClO2", "ClO4", "ClO", "BrO3", "IO3", "MnO4", "CrO4", "Cr2O7"})


def salt(cation: Ion, anion: Ion) -> Salt:
    """Return the salt whose charges cancel with the fewest ions."""
    common = gcd(cation.charge, -anion.charge)
    return Salt(cation, anion, -anion.charge // common, cation.charge // common)


@cache
def salts() -> tuple[Salt, ...]:
    """Return every pair of a cation and an anion, without ammonium beside an oxidiser (such salts can explode)."""
    return tuple(_salts())


def _salts() -> Iterator[Salt]:
    seen: set[str] = set()
    for cation in CATIONS:
        for anion in ANIONS:
            if cation.formula == "NH4" and (anion.formula in _OXIDISERS or (anion.charge == -3 and not anion.poly)):
                continue
            made = salt(cation, anion)
            if made.formula not in seen:
                seen.add(made.formula)
                yield made


def group(ion: Ion, count: int) -> str:
    """Return ``count`` of an ion as a formula has them: ``Fe2``, ``(SO4)3``, ``SO4``."""
    if count == 1:
        return ion.formula
    return f"({ion.formula}){count}" if ion.poly else f"{ion.formula}{count}"
