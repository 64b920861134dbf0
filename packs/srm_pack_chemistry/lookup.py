"""Facts for a free question, from the graph and in the words the student was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from srm_knowledge.linking import gazetteer_of

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem, Triple

from .compounds import spoken
from .hazards import out_of_scope

ENTITIES = 5  # of the question that are looked up
MOST = 6  # facts
_FORMULA = re.compile(r"\b(?:[A-Z][a-z]?\d*|\((?:[A-Z][a-z]?\d*)+\)\d*){1,12}")
# What a question asks for, by a word in it, and how the fact reads.
_ASKED = (
    (r"smiles|structure|functional group", "srm:smiles", "{name} has SMILES {value}"),
    (r"formula|composition", "srm:formula", "{name} has formula {value}"),
    (r"boil", "srm:boilingPoint", "{name} boils at {value} K"),
    (r"electronegativ", "srm:electronegativity", "{name} has electronegativity {value}"),
    (r"ioni[sz]ation", "srm:ionizationEnergy", "{name} has first ionization energy {value} eV"),
    (r"radius|larger atom|smaller atom", "srm:covalentRadius", "{name} has covalent radius {value} pm"),
    (r"melt", "srm:meltingPoint", "{name} has melting point {value} K"),
    (r"\bgroup\b", "srm:group", "{name} is in group {value}"),
    (r"\bperiod\b", "srm:period", "{name} is in period {value}"),
    (r"\bblock\b", "srm:block", "{name} is in block {value}"),
    (r"\bseries\b", "srm:series", "{name} belongs to the {value}"),
)


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield at most six facts about what the question names, nothing for a hazardous request; no gold is read."""
    asked = "\n".join((problem.question, *problem.choices))
    if out_of_scope(asked):
        return
    yield from islice(_facts(asked, knowledge), MOST)


def _facts(asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    for entity in gazetteer_of(knowledge).link(asked, ENTITIES):
        yield from _entity(entity, asked, knowledge)
    if re.search(r"molar mass|weigh|grams", asked, re.IGNORECASE):
        for formula in dict.fromkeys(match.group() for match in _FORMULA.finditer(asked)):
            for fact in knowledge.facts(subject=f"species:{formula}", predicate="srm:molarMass"):
                yield _said(f"{formula} has molar mass {fact.object} g/mol", fact)


def _entity(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    label = next(iter(knowledge.facts(subject=entity, predicate="rdfs:label")), None)
    if label is None:
        return
    words = asked.casefold()
    for alias in knowledge.facts(subject=entity, predicate="skos:altLabel"):
        if alias.object.casefold() in words and label.object.casefold() not in words:
            yield _said(f"{spoken(alias.object)} is a name of {label.object}", alias, label)
            break
    if entity.startswith("ion:"):
        for fact in knowledge.facts(subject=entity, predicate="srm:written"):
            yield _said(f"{spoken(label.object)} is {fact.object}", label, fact)
    for pattern, predicate, wording in _ASKED:
        if re.search(pattern, words):
            for fact in islice(knowledge.facts(subject=entity, predicate=predicate), 1):
                yield _said(wording.format(name=spoken(label.object), value=fact.object), fact)


def _said(text: str, *facts: Triple) -> Evidence:
    return Evidence(text=f"{text}.", cites=tuple(fact.id for fact in facts), score=1.0)
