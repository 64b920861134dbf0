"""Facts for a free question, from the graph and in the words the student was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from srm_knowledge.linking import gazetteer_of

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem, Triple

ENTITIES = 4  # of the question that are looked up
STEPS = 4  # up the hierarchy of a code
NOTES = 3  # of one code that say what goes before it
_GIVEN = re.compile(r"'([^']+)'|\"([^\"]+)\"|:\s*([^:?]+?)\s*$")  # a term in quotes, or behind a colon


def evidence_for(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield what the graph says of the codes, terms and drugs that the question names; the gold is never read."""
    asked = "\n".join((problem.question, *problem.choices))
    for term in terms_in(problem.question):
        for fact in knowledge.facts(predicate="srm:inclusionTerm", object=term):
            yield from _classed(fact, knowledge)
    gazetteer = gazetteer_of(knowledge)
    for entity in gazetteer.link(asked, ENTITIES):
        if entity.startswith("icd10cm:"):
            yield from _code(entity, asked, knowledge)
        elif entity.startswith("drug:"):
            yield from _drug(entity, asked, knowledge)


def terms_in(question: str) -> list[str]:
    """Return the terms a question quotes or ends with behind a colon."""
    return [next(part for part in match.groups() if part) for match in _GIVEN.finditer(question)]


def _classed(fact: Triple, knowledge: Knowledge) -> Iterator[Evidence]:
    for label in knowledge.facts(subject=fact.subject, predicate="rdfs:label"):
        yield _said(f"{fact.object} is classed as {label.object}", fact, label)
        yield _said(f"{label.object} has code {_name(fact.subject)}", label)


def _code(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the way up to the block and the notes on it; the code of a label that is named."""
    for label in knowledge.facts(subject=entity, predicate="rdfs:label"):
        if label.object.casefold() in asked.casefold():
            yield _said(f"{label.object} has code {_name(entity)}", label)
    for _ in range(STEPS):
        for note in list(knowledge.facts(subject=entity, predicate="srm:codeFirst"))[:NOTES]:
            yield _said(f"{_name(entity)} is coded after {_name(note.object)}", note)
        above = next(iter(knowledge.facts(subject=entity, predicate="skos:broader")), None)
        if above is None:
            return
        group = "-" in above.object
        yield _said(f"{_name(entity)} is {'in' if group else 'under'} {_name(above.object)}", above)
        if group:
            return
        entity = above.object


def _drug(entity: str, asked: str, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the drug's name for an alias that is named, and its class."""
    words = asked.casefold()
    for label in knowledge.facts(subject=entity, predicate="rdfs:label"):
        for alias in knowledge.facts(subject=entity, predicate="skos:altLabel"):
            if alias.object.casefold() in words:
                yield _said(f"{alias.object[:1].upper()}{alias.object[1:]} is a name of {label.object}", alias, label)
        for above in knowledge.facts(subject=entity, predicate="skos:broader"):
            for group in knowledge.facts(subject=above.object, predicate="rdfs:label"):
                yield _said(f"{label.object} belongs to {group.object}", above, label)


def _name(curie: str) -> str:
    return curie.partition(":")[2]


def _said(text: str, *facts: Triple) -> Evidence:
    return Evidence(text=f"{text}.", cites=tuple(fact.id for fact in facts), score=1.0)
