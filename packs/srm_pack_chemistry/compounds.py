"""Named compounds with structures: the small PubChem table of chemicals, without what hazards.py lists.

A row is kept only where RDKit derives the table's own InChIKey and formula from its SMILES.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from . import hazards
from .composition import atoms, composition, hill
from .sources import package_folder
from .structures import formula_of, inchikey

TABLE = ("Identifiers", "chemical identifiers pubchem small.tsv")
MOST_ALIASES = 6
LONGEST = 36  # characters of a name
_NAME = re.compile(r"[a-z0-9(][a-z0-9,'()+ -]*[a-z0-9)]")
_WORDS = re.compile(r"[a-z]{4}")
_CODE = re.compile(
    r"\d{2,}-\d{2}-\d|\d{4}|(?:nsc|ccris|hsdb|unii|ai3|epa|caswell|rcra|un|ec|einecs|fema|ins|cas)\b ?\d?"
)
_CHEMICAL = re.compile(r"(?:,|\d-|(?:yl|ane|ene|ine|one|ol|ate|ide|oic|ether|acid|amine|ile|yne|al|hyde)\b)")
_ODD = re.compile(
    r"\(9ci\)|^\(?\d+b\)|^[\d, ]+, |\[|\((?:van|usan|inn|ban|jan|usp|iupac|german|french|dutch|italian|polish|spanish"
    r"|czech|.{2,}ish)\)"
)


@dataclass(frozen=True)
class Compound:
    """One compound. ``name`` is PubChem's title, ``aliases`` are names that no other compound has."""

    cas: str
    name: str
    iupac: str
    aliases: tuple[str, ...]
    formula: str  # Hill
    smiles: str
    key: str  # InChIKey
    heavy: int  # atoms other than hydrogen
    boiling: float | None = None  # K

    @property
    def curie(self) -> str:
        """Return the compound's CURIE."""
        return f"cas:{self.cas}"


@cache
def load_compounds() -> Mapping[str, Compound]:
    """Return the compounds by CAS number, each name and alias belonging to one compound only."""
    rows = list(_rows())
    owners = Counter(name for row in rows for name in {row.name, row.iupac, *row.aliases})
    boiling = _boiling_points()
    names: set[str] = set()
    found: dict[str, Compound] = {}
    for row in rows:
        if (
            row.name in names
            or owners[row.name] > 1
            or hazards.blocked((row.name, row.iupac, *row.aliases), row.cas, row.smiles)
        ):
            continue
        names.add(row.name)
        aliases = tuple(
            alias for alias in row.aliases if owners[alias] == 1 and alias not in row.name and not hazards.named(alias)
        )
        found[row.cas] = replace(row, aliases=aliases[:MOST_ALIASES], boiling=boiling.get(row.cas))
    return MappingProxyType(found)


@cache
def blocked_rows() -> tuple[str, ...]:
    """Return the CAS numbers of the table's rows that hazards.py keeps out."""
    return tuple(
        row.cas for row in _rows() if hazards.blocked((row.name, row.iupac, *row.aliases), row.cas, row.smiles)
    )


def spoken(name: str) -> str:
    """Return a name as the first word of a sentence."""
    return name[:1].upper() + name[1:]


def _rows() -> Iterator[Compound]:
    path = package_folder("chemicals").joinpath(*TABLE)
    for line in path.read_text(encoding="utf-8").splitlines():
        _, cas, formula, _, smiles, _, key, iupac, name, *rest = line.split("\t")
        if composition(formula) is None or not _telling(name):
            continue
        hill_formula = hill(atoms(formula))
        if formula_of(smiles) != hill_formula or inchikey(smiles) != key:
            continue
        aliases = tuple(
            dict.fromkeys(
                other for other in (*rest, iupac) if _telling(other) and _CHEMICAL.search(other) and other != name
            )
        )
        heavy = sum(count for symbol, count in atoms(formula).items() if symbol != "H")
        yield Compound(cas, name, iupac, aliases, hill_formula, smiles, key, heavy)


def _telling(name: str) -> bool:
    return (
        len(name) <= LONGEST
        and _NAME.fullmatch(name) is not None
        and _WORDS.search(name) is not None
        and _CODE.search(name) is None
        and _ODD.search(name) is None
        and name.count("(") == name.count(")")
    )


def _boiling_points() -> Mapping[str, float]:
    path = package_folder("chemicals") / "Phase Change" / "Yaws Boiling Points.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["CAS"]: float(row["Tb"]) for row in csv.DictReader(lines, delimiter="\t") if row["Tb"]}
