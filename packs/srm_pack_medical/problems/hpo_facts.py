"""How facts of the Human Phenotype Ontology read in a prompt."""

from __future__ import annotations

from collections.abc import Sequence

from srm_core.composing import Fact
from srm_pack_medical import facts
from srm_pack_medical.hpo import Disease, Hpo, Term

LONGEST = 42  # characters of a name
ABNORMALITY = "hp:0000118"


def also_called(hpo: Hpo, term: Term, alias: str) -> Fact:
    """Return "Kidney cyst is a name of Renal cyst."."""
    return Fact(f"{alias} is a name of {term.name}.", (facts.term_alias(hpo, term, alias), facts.term_label(hpo, term)))


def kind_of(hpo: Hpo, term: Term) -> Fact:
    """Return "Renal cyst is a kind of Abnormal renal morphology."; the term has one parent."""
    parent = hpo.terms[term.parents[0]]
    text = f"{term.name} is a kind of {parent.name}."
    return Fact(text, (facts.term_broader(hpo, term, parent.curie), facts.term_label(hpo, term)))


def shows(hpo: Hpo, disease: Disease, phenotypes: Sequence[str]) -> Fact:
    """Return "Alagille syndrome 1 shows A; B; C."."""
    names = "; ".join(hpo.terms[curie].name for curie in phenotypes)
    text = f"{disease.name} shows {names}."
    return Fact(text, (facts.disease_label(hpo, disease), *(facts.has_phenotype(hpo, disease, c) for c in phenotypes)))


def named(hpo: Hpo, term: Term) -> Fact:
    """Return "HP:0000107 is Renal cyst."."""
    return Fact(f"{term.curie.upper()} is {term.name}.", (facts.term_label(hpo, term),))


def numbered(hpo: Hpo, term: Term, alias: str) -> Fact:
    """Return "Kidney cyst has number HP:0000107."."""
    return Fact(f"{alias} has number {term.curie.upper()}.", (facts.term_alias(hpo, term, alias),))


def findings(hpo: Hpo) -> list[Term]:
    """Return the phenotypic abnormalities; modes of inheritance, onsets and modifiers are no findings."""
    below: dict[str, list[str]] = {}
    for term in hpo.terms.values():
        for parent in term.parents:
            below.setdefault(parent, []).append(term.curie)
    found: set[str] = set()
    waiting = [ABNORMALITY]
    while waiting:
        new = [curie for curie in below.get(waiting.pop(), ()) if curie not in found]
        found.update(new)
        waiting += new
    return [term for term in hpo.terms.values() if term.curie in found]


def askable(term: Term) -> list[str]:
    """Return the short synonyms to ask by; none if the term's own name is long."""
    return [alias for alias in term.synonyms if len(alias) <= LONGEST] if len(term.name) <= LONGEST else []
