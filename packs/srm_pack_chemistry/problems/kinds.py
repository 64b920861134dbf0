"""Which kinds the pack has, and what makes each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from srm_core.records import Kind, Problem
from srm_pack_chemistry.calculations.problems import KINDS as CALCULATED

from . import (
    balance,
    boiling_point_compare,
    element_lookup,
    functional_group,
    ionic_formula,
    ionic_name,
    isotope_average_mass,
    molar_mass,
    name_formula,
    name_smiles,
    oxidation_state,
    periodic_trend,
    reaction_enthalpy,
    reaction_gibbs,
    smiles_formula,
    smiles_name,
    stoichiometry,
    synonym_name,
)

MAKERS: Mapping[str, Callable[[int], Iterator[Problem]]] = {
    name_formula.KIND.name: name_formula.generate,
    molar_mass.KIND.name: molar_mass.generate,
    ionic_formula.KIND.name: ionic_formula.generate,
    balance.KIND.name: balance.generate,
    stoichiometry.KIND.name: stoichiometry.generate,
    reaction_enthalpy.KIND.name: reaction_enthalpy.generate,
    periodic_trend.KIND.name: periodic_trend.generate,
    synonym_name.KIND.name: synonym_name.generate,
    name_smiles.KIND.name: name_smiles.generate,
    smiles_name.KIND.name: smiles_name.generate,
    functional_group.KIND.name: functional_group.generate,
    ionic_name.KIND.name: ionic_name.generate,
    oxidation_state.KIND.name: oxidation_state.generate,
    reaction_gibbs.KIND.name: reaction_gibbs.generate,
    element_lookup.KIND.name: element_lookup.generate,
    isotope_average_mass.KIND.name: isotope_average_mass.generate,
    boiling_point_compare.KIND.name: boiling_point_compare.generate,
    smiles_formula.KIND.name: smiles_formula.generate,
}
OWN: tuple[Kind, ...] = (
    name_formula.KIND,
    molar_mass.KIND,
    ionic_formula.KIND,
    balance.KIND,
    stoichiometry.KIND,
    reaction_enthalpy.KIND,
    periodic_trend.KIND,
    *CALCULATED,
    synonym_name.KIND,
    name_smiles.KIND,
    smiles_name.KIND,
    functional_group.KIND,
    ionic_name.KIND,
    oxidation_state.KIND,
    reaction_gibbs.KIND,
    element_lookup.KIND,
    isotope_average_mass.KIND,
    boiling_point_compare.KIND,
    smiles_formula.KIND,
)


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds, and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return OWN
    return (*OWN, *CORPUS_KINDS)
