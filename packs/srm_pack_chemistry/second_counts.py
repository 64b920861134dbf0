"""Atoms, weights and coefficients as second graders count them: chemicals' parser, RDKit's atoms, the null space."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from math import gcd
from typing import Any

from .composition import SYMBOLS
from .equations.null_space import coefficients
from .structures import atom_weight, molecule

LONGEST = 120  # characters of a formula
_FORMULA = re.compile(r"[A-Z(][A-Za-z0-9()]*")
_FRAGMENTS: Mapping[str, tuple[str, ...]] = {
    "carboxylic acid": ("fr_COO",),
    "amide": ("fr_amide",),
    "aldehyde": ("fr_aldehyde",),
    "ketone": ("fr_ketone",),
    "alcohol": ("fr_Al_OH",),
    "phenol": ("fr_phenol", "fr_Ar_OH"),
    "primary amine": ("fr_NH2",),
    "nitrile": ("fr_nitrile",),
    "nitro group": ("fr_nitro",),
    "thiol": ("fr_SH",),
    "sulfone": ("fr_sulfone",),
}


def of_text(text: str) -> Mapping[str, int] | None:
    """Return the atoms of a formula as chemicals reads it, or None."""
    bare = unicodedata.normalize("NFKC", text[: LONGEST + 1]).strip().rstrip(".")
    if len(bare) > LONGEST or _FORMULA.fullmatch(bare) is None or bare.count("(") != bare.count(")"):
        return None
    from chemicals.elements import nested_formula_parser

    try:
        found = nested_formula_parser(bare)
    except (ValueError, IndexError, KeyError, TypeError):
        return None
    return {symbol: int(count) for symbol, count in found.items()} if set(found) <= SYMBOLS else None


def of_smiles(smiles: str) -> Mapping[str, int] | None:
    """Return the atoms of a structure, hydrogens included, counted atom by atom."""
    found = molecule(smiles)
    if found is None:
        return None
    total: Counter[str] = Counter()
    for atom in found.GetAtoms():
        total[str(atom.GetSymbol())] += 1
        total["H"] += int(atom.GetTotalNumHs())
    return {symbol: count for symbol, count in total.items() if count}


def weight(made_of: Mapping[str, int]) -> Decimal:
    """Return the molar mass with RDKit's atomic weights."""
    return sum((Decimal(str(atom_weight(symbol))) * count for symbol, count in made_of.items()), Decimal(0))


def has_fragment(smiles: str, group: str) -> bool:
    """Say whether RDKit's own fragment counts find the group; esters, ethers and alkynes are found atom by atom."""
    found = molecule(smiles)
    if found is None:
        return False
    if group in ("ester", "ether"):
        bridges = [_bridge(atom) for atom in found.GetAtoms() if atom.GetSymbol() == "O" and atom.GetDegree() == 2]
        return group in bridges
    if group == "alkyne":
        bonds = [bond for bond in found.GetBonds() if str(bond.GetBondType()) == "TRIPLE"]
        return any(bond.GetBeginAtom().GetSymbol() == bond.GetEndAtom().GetSymbol() == "C" for bond in bonds)
    from rdkit.Chem import Fragments

    return any(getattr(Fragments, name)(found) > 0 for name in _FRAGMENTS.get(group, ()))


def _bridge(oxygen: Any) -> str:
    """Return what an oxygen between two atoms makes of them: "ester", "ether" or nothing."""
    sides = oxygen.GetNeighbors()
    if any(side.GetSymbol() != "C" for side in sides):
        return ""
    doubles = [
        str(bond.GetOtherAtom(side).GetSymbol())
        for side in sides
        for bond in side.GetBonds()
        if str(bond.GetBondType()) == "DOUBLE"
    ]
    return "ester" if "O" in doubles else "" if "S" in doubles or "N" in doubles else "ether"


def terms(equation: str) -> Mapping[str, int] | None:
    """Return the coefficient of each species of an equation with one arrow, or None."""
    sides = re.split(r"->|→|=", equation)
    parts = [part.strip() for side in sides for part in re.split(r"\s\+\s|(?<=[\w)])\+(?=[\dA-Z])", side)]
    read = [re.fullmatch(r"(\d{0,5})\s*([A-Z][A-Za-z0-9()]*)", unicodedata.normalize("NFKC", part)) for part in parts]
    if len(sides) != 2 or len(parts) > 12 or any(each is None for each in read):
        return None
    return {each[2]: int(each[1] or 1) for each in read if each is not None}


def is_multiple(gold: str, answer: str) -> bool:
    """Say whether the answer's coefficients are a whole multiple of the null space of the gold's species."""
    wanted, said = terms(gold), terms(answer[:500])
    if wanted is None or said is None or set(wanted) != set(said):
        return False
    left, _, right = (re.sub(r"(?<![\w)])\d+\s+", "", part) for part in gold.partition(" -> "))
    species = (tuple(left.split(" + ")), tuple(right.split(" + ")))
    solved = coefficients(*species)
    reactants = set(terms(answer[:500].replace("→", "->").replace("=", "->").partition("->")[0] + " -> H") or {}) - {
        "H"
    }
    if solved is None or reactants != set(species[0]):
        return False
    given = [said[text] for text in (*species[0], *species[1])]
    common = gcd(*given)
    return common > 0 and tuple(value // common for value in given) == solved


def state_in_salt(cation: str, anion: str, element: str) -> int | None:
    """Return the oxidation state of an element from the charges of the salt's ions."""
    body, _, sign = cation.partition("^")
    if body == element:
        return int(sign[:-1] or 1)
    body, _, sign = anion.partition("^")
    held = of_text(body)
    if held is None or element not in held:
        return None
    rest = -int(sign[:-1] or 1) + 2 * held.get("O", 0) - held.get("H", 0)
    return rest // held[element]
