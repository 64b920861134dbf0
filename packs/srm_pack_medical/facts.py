"""The triples of the pack, one function a predicate: the graph and the problems' citations share them, so ids agree."""

from __future__ import annotations

from srm_core.records import Triple

from .drugs import Drug
from .hpo import Disease, Hpo, Term
from .icd import Code
from .sources import drug_source, hpo_source, icd_source

STRING = "xsd:string"


def icd(name: str) -> str:
    """Return the CURIE of an ICD-10-CM node."""
    return f"icd10cm:{name}"


def _icd_fact(code: str, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=icd(code), predicate=predicate, object=value, datatype=datatype, source=icd_source())


def code_broader(code: Code) -> Triple:
    """Return: the code lies directly under its parent."""
    return _icd_fact(code.name, "skos:broader", icd(code.parent))


def code_label(code: Code) -> Triple:
    """Return: the code means its label."""
    return _icd_fact(code.name, "rdfs:label", code.label, STRING)


def inclusion_term(code: str, term: str) -> Triple:
    """Return: the term is coded with the code."""
    return _icd_fact(code, "srm:inclusionTerm", term, STRING)


def excludes1(code: str, other: str) -> Triple:
    """Return: the two are never coded together."""
    return _icd_fact(code, "srm:excludes1", icd(other))


def excludes2(code: str, other: str) -> Triple:
    """Return: the other is not part of the code, and both may be coded together."""
    return _icd_fact(code, "srm:excludes2", icd(other))


def code_first(code: str, other: str) -> Triple:
    """Return: the other is sequenced before the code."""
    return _icd_fact(code, "srm:codeFirst", icd(other))


def _drug_fact(drug: Drug, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=drug.curie, predicate=predicate, object=value, datatype=datatype, source=drug_source())


def drug_label(drug: Drug) -> Triple:
    """Return: the drug's name."""
    return _drug_fact(drug, "rdfs:label", drug.name, STRING)


def drug_alias(drug: Drug, alias: str) -> Triple:
    """Return: the drug is also known as ``alias``."""
    return _drug_fact(drug, "skos:altLabel", alias, STRING)


def drug_broader(drug: Drug, group: Drug) -> Triple:
    """Return: MeSH's tree puts the drug directly under ``group``."""
    return _drug_fact(drug, "skos:broader", group.curie)


def drug_mesh(drug: Drug) -> Triple:
    """Return: the drug's MeSH descriptor."""
    return _drug_fact(drug, "srm:mesh", f"mesh:{drug.mesh}")


def drug_drugbank(drug: Drug) -> Triple:
    """Return: the drug's DrugBank entry."""
    return _drug_fact(drug, "srm:drugbank", f"drugbank:{drug.drugbank}")


def drug_tree(drug: Drug, number: str) -> Triple:
    """Return: one of the drug's MeSH tree numbers."""
    return _drug_fact(drug, "srm:meshTree", number, STRING)


def _hpo_fact(hpo: Hpo, subject: str, predicate: str, value: str, datatype: str = "") -> Triple:
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=hpo_source(hpo.release))


def term_label(hpo: Hpo, term: Term) -> Triple:
    """Return: the phenotype's name."""
    return _hpo_fact(hpo, term.curie, "rdfs:label", term.name, STRING)


def term_alias(hpo: Hpo, term: Term, alias: str) -> Triple:
    """Return: an exact synonym of the phenotype."""
    return _hpo_fact(hpo, term.curie, "skos:altLabel", alias, STRING)


def term_definition(hpo: Hpo, term: Term) -> Triple:
    """Return: the phenotype's definition."""
    return _hpo_fact(hpo, term.curie, "skos:definition", term.definition, STRING)


def term_broader(hpo: Hpo, term: Term, parent: str) -> Triple:
    """Return: the phenotype is a kind of ``parent`` (a CURIE)."""
    return _hpo_fact(hpo, term.curie, "skos:broader", parent)


def disease_label(hpo: Hpo, disease: Disease) -> Triple:
    """Return: the disease's name."""
    return _hpo_fact(hpo, disease.curie, "rdfs:label", disease.name, STRING)


def has_phenotype(hpo: Hpo, disease: Disease, term: str) -> Triple:
    """Return: the phenotype ``term`` (a CURIE) has been described in the disease."""
    return _hpo_fact(hpo, disease.curie, "srm:hasPhenotype", term)
