"""From the words of a chart to the code: a term is classed as a description, the description has a code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from srm_core.composing import LOCAL, compose, literal, rng_for, spread
from srm_core.records import Kind, Problem
from srm_pack_medical.icd import Code, Icd

from .icd_facts import category, classed, means

KIND = Kind(
    name="lay_term_code",
    title="the ICD-10-CM code of a term from a chart, among its neighbours",
    book="open",
    anchor="the category (three characters) of the code",
    shared="nothing",
    core=True,
    second_grader="the codes whose inclusion terms hold the term, from simple_icd_10_cm",
)
QUESTIONS = (
    "Which code is used for '{term}'?",
    "Give the code for this term: {term}",
    "What is the ICD-10-CM code of '{term}'?",
    "A chart says '{term}'. Which code?",
)
LONGEST = 48  # characters of a term or label; prompts stay short


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield one problem a term that belongs to one code only and whose code has two neighbours to be confused with."""
    owners = Counter(term for code in icd.codes.values() for term in dict.fromkeys((*code.terms, *code.includes)))
    family: dict[str, list[Code]] = {}
    for code in icd.of_level("category", "subcategory"):
        if len(code.label) <= LONGEST:
            family.setdefault(code.name[:3], []).append(code)
    pairs = [(code, term) for codes in family.values() for code in codes for term in _terms(code) if owners[term] == 1]
    for code, term in spread(
        pairs, seed=seed, name=lambda p: f"{p[0].name} {p[1]}", anchor=lambda p: category(p[0].name)
    ):
        rng = rng_for(seed, KIND.name, code.name, term)
        neighbours = {other.label: other for other in family[code.name[:3]]}
        near = [other for label, other in neighbours.items() if label != code.label]
        if len(near) < 2:
            continue
        others = rng.sample(near, 2)
        confusing = [classed(other, rng.choice(_terms(other))) for other in others if _terms(other)][:1]
        yield compose(
            kind=KIND.name,
            rng=rng,
            questions=QUESTIONS,
            names={"term": term},
            answer=code.name,
            anchor=category(code.name),
            needed=[classed(code, term), means(code)],
            distractors=[*(means(other) for other in others), *confusing],
            query=f"SELECT ({LOCAL} AS ?answer) WHERE {{ ?node srm:inclusionTerm {literal(term)} }}",
            accept=(code.label,),
        )


def _terms(code: Code) -> list[str]:
    return [term for term in code.terms if len(term) <= LONGEST and term != code.label]
