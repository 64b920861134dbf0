"""Functional groups as substructure queries of our own, and how each reads in a SMILES."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from srm_pack_chemistry.compounds import Compound
from srm_pack_chemistry.structures import matches

# name: (SMARTS, what the fact says)
GROUPS: Mapping[str, tuple[str, str]] = {
    "carboxylic acid": ("[$([CX3][#6]),$([CX3H1])](=O)[OX2H1]", "C(=O)O with a hydrogen on the last O"),
    "ester": ("[CX3](=O)[OX2H0][#6]", "C(=O)O with carbon behind the last O"),
    "amide": ("[CX3](=O)[NX3]", "C(=O)N"),
    "aldehyde": ("[CX3H1,CX3H2](=O)[#6,#1]", "C=O with a hydrogen on its carbon"),
    "ketone": ("[#6][CX3](=O)[#6]", "C(=O) between two carbons"),
    "alcohol": ("[CX4;!$(C([OX2H])[O,S,N])][OX2H1]", "O with a hydrogen on a saturated carbon"),
    "phenol": ("c[OX2H1]", "O with a hydrogen on an aromatic ring"),
    "ether": ("[#6;!$([#6]=[O,N,S])][OX2H0][#6;!$([#6]=[O,N,S])]", "O between two carbons without C=O"),
    "primary amine": ("[NX3H2][#6;!$([#6]=[O,N,S])]", "NH2 on a carbon"),
    "nitrile": ("[CX2]#[NX1]", "C#N"),
    "nitro group": ("[#6][NX3+](=O)[O-]", "[N+](=O)[O-]"),
    "thiol": ("[#6][SX2H1]", "S with a hydrogen on a carbon"),
    "alkyne": ("[CX2]#[CX2]", "C#C"),
    "sulfone": ("[#6]S(=O)(=O)[#6]", "S(=O)(=O) between two carbons"),
}


@cache
def groups_of(one: Compound) -> frozenset[str]:
    """Return the functional groups that the compound's structure holds."""
    return frozenset(name for name, (smarts, _) in GROUPS.items() if matches(one.smiles, smarts))
