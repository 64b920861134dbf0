"""The one door to RDKit: structures are read without its log, and only short and small ones."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

LONGEST = 300  # characters of a SMILES that is read at all
MOST_ATOMS = 80  # of a structure that is compared


@cache
def _rdkit() -> Any:
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")  # type: ignore[attr-defined, unused-ignore]
    return Chem


@lru_cache(maxsize=4096)
def molecule(smiles: str) -> Any | None:
    """Return the molecule that ``smiles`` writes, or None: too long, too large, or no structure."""
    text = smiles.strip()
    if not text or len(text) > LONGEST or not text.isascii() or any(c.isspace() or not c.isprintable() for c in text):
        return None
    chem = _rdkit()
    settings = chem.SmilesParserParams()
    settings.allowCXSMILES = False
    settings.parseName = False
    try:
        found = chem.MolFromSmiles(text, settings)
    except (RuntimeError, ValueError):
        return None
    return found if found is not None and 0 < found.GetNumAtoms() <= MOST_ATOMS else None


def inchikey(smiles: str) -> str:
    """Return the InChIKey of a SMILES, or "" if it cannot be read."""
    found = molecule(smiles)
    return "" if found is None else str(_rdkit().MolToInchiKey(found))


def canonical(smiles: str) -> str:
    """Return RDKit's canonical isomeric SMILES, or "" if it cannot be read."""
    found = molecule(smiles)
    return "" if found is None else str(_rdkit().MolToSmiles(found))


def reordered(smiles: str) -> str:
    """Return the same structure written from its last atom on, or "" if it cannot be read."""
    found = molecule(smiles)
    if found is None:
        return ""
    return str(_rdkit().MolToSmiles(found, rootedAtAtom=found.GetNumAtoms() - 1, canonical=False))


def formula_of(smiles: str) -> str:
    """Return the Hill formula of a SMILES as RDKit counts it, or "" if it cannot be read."""
    found = molecule(smiles)
    if found is None:
        return ""
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    return str(CalcMolFormula(found))


@cache
def pattern(smarts: str) -> Any:
    """Return the query that ``smarts`` writes."""
    query = _rdkit().MolFromSmarts(smarts)
    if query is None:
        raise ValueError(f"{smarts!r} is no SMARTS")
    return query


def matches(smiles: str, smarts: str) -> bool:
    """Say whether the structure contains the pattern."""
    found = molecule(smiles)
    return found is not None and bool(found.HasSubstructMatch(pattern(smarts)))


def atom_weight(symbol: str) -> float:
    """Return RDKit's own atomic weight, or 0 for a symbol that it does not know."""
    table = _rdkit().GetPeriodicTable()
    try:
        return float(table.GetAtomicWeight(symbol))
    except RuntimeError:
        return 0.0
