"""Which kinds the pack has, and which package's table each is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from srm_core.records import Kind, Problem
from srm_pack_medical.calculators.problems import KINDS as CALCULATOR_KINDS
from srm_pack_medical.drugs import Drug
from srm_pack_medical.hpo import Hpo
from srm_pack_medical.icd import Icd

from . import (
    brand_generic,
    code_description_closed,
    code_first,
    code_hierarchy,
    coded_together,
    common_ancestor,
    drug_class,
    hpo_parent,
    lay_term_code,
    not_under,
    phenotypes_disease,
    synonym_term,
)

FROM_ICD: Mapping[str, Callable[[Icd, int], Iterator[Problem]]] = {
    code_hierarchy.KIND.name: code_hierarchy.generate,
    lay_term_code.KIND.name: lay_term_code.generate,
    coded_together.KIND.name: coded_together.generate,
    code_first.KIND.name: code_first.generate,
    common_ancestor.KIND.name: common_ancestor.generate,
    not_under.KIND.name: not_under.generate,
    code_description_closed.KIND.name: code_description_closed.generate,
}
FROM_DRUGS: Mapping[str, Callable[[Mapping[str, Drug], int], Iterator[Problem]]] = {
    drug_class.KIND.name: drug_class.generate,
    brand_generic.KIND.name: brand_generic.generate,
}
FROM_HPO: Mapping[str, Callable[[Hpo, int], Iterator[Problem]]] = {
    phenotypes_disease.KIND.name: phenotypes_disease.generate,
    hpo_parent.KIND.name: hpo_parent.generate,
    synonym_term.KIND.name: synonym_term.generate,
}
OWN: tuple[Kind, ...] = (
    code_hierarchy.KIND,
    lay_term_code.KIND,
    coded_together.KIND,
    drug_class.KIND,
    code_first.KIND,
    common_ancestor.KIND,
    not_under.KIND,
    brand_generic.KIND,
    phenotypes_disease.KIND,
    hpo_parent.KIND,
    synonym_term.KIND,
    code_description_closed.KIND,
)
CALCULATORS = frozenset(kind.name for kind in CALCULATOR_KINDS)
MEDCALC = "medcalc"  # rows of MedCalc-Bench: a suite, graded like the calculators


def all_kinds() -> tuple[Kind, ...]:
    """Return the pack's kinds: its own, the calculators', and those that the knowledge plugin makes from a corpus."""
    try:
        from srm_knowledge.problems import KINDS as CORPUS_KINDS
    except ImportError:
        return (*OWN, *CALCULATOR_KINDS)
    return (*OWN, *CALCULATOR_KINDS, *CORPUS_KINDS)
