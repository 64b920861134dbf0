"""Closed book: what a category means, from memory alone. Reported apart, never a headline."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.composing import rng_for, spread
from srm_core.records import GraphKey, Kind, Problem
from srm_pack_medical import facts
from srm_pack_medical.icd import Icd

from .icd_facts import category

KIND = Kind(
    name="code_description_closed",
    title="what an ICD-10-CM code means, without facts",
    book="closed",
    anchor="the category (three characters) of the code",
    shared="nothing: a held-out code was never seen, so only the base's own memory can help",
    second_grader="the description, from simple_icd_10_cm",
)
QUESTIONS = (
    "What does ICD-10-CM code {code} mean?",
    "Describe ICD-10-CM code {code}.",
    "Which condition has the ICD-10-CM code {code}?",
)
LONGEST = 60  # characters of a description


def generate(icd: Icd, seed: int) -> Iterator[Problem]:
    """Yield one problem a category or four-character code with a short description that no other code bears."""
    codes = [c for c in icd.of_level("category", "subcategory") if len(c.name) <= 5 and len(c.label) <= LONGEST]
    for code in spread(codes, seed=seed, name=lambda c: c.name, anchor=lambda c: category(c.name)):
        label = facts.code_label(code).id
        yield Problem(
            kind=KIND.name,
            question=rng_for(seed, KIND.name, code.name).choice(QUESTIONS).format(code=code.name),
            answer=code.label,
            accept=code.terms,
            anchor=category(code.name),
            facts=(label,),
            parents=(label,),
            key=GraphKey(
                query="SELECT ?answer WHERE { $code rdfs:label ?answer }", bindings={"code": facts.icd(code.name)}
            ),
            solution=f"Answer: {code.label}",
        )
