"""Retrieval for a question: passages near in meaning and facts about the entities it names. The gold is never read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest

from srm_core.protocols import Knowledge
from srm_core.records import Evidence, Problem, Triple

from .linking import Gazetteer, gazetteer_of
from .wording import content_words, overlap, sentence

SHOWN = 6
ENTITIES = 6  # of the question that are looked up
PER_ENTITY = 40  # facts of one entity that are weighed
_PLAIN = frozenset({"skos:prefLabel", "rdfs:label", "skos:inScheme"})  # say nothing the sentence does not say anyway


def evidence_for(problem: Problem, knowledge: Knowledge, shown: int = SHOWN) -> Iterator[Evidence]:
    """Yield at most ``shown`` pieces for the question and its options, passages and facts in turn, best first."""
    asked = "\n".join((problem.question, *problem.choices))
    facts = _facts(asked, knowledge, gazetteer_of(knowledge))
    passages = knowledge.search(asked, shown)
    turns = chain.from_iterable(zip_longest(facts, passages))
    seen: set[str] = set()
    for item in turns:
        if item is not None and item.text not in seen and len(seen) < shown:
            seen.add(item.text)
            yield item


def _facts(asked: str, knowledge: Knowledge, gazetteer: Gazetteer) -> list[Evidence]:
    """Return the facts of the entities that ``asked`` names, weighed by the share of its words they share."""
    words = content_words(asked)
    found: dict[str, Evidence] = {}
    for entity in gazetteer.link(asked, ENTITIES):
        for fact in _about(entity, knowledge):
            text = sentence(fact, gazetteer)
            found.setdefault(fact.id, Evidence(text=text, cites=(fact.id,), score=overlap(words, text)))
    return sorted(found.values(), key=lambda item: (-item.score, item.text, item.cites))


def _about(entity: str, knowledge: Knowledge) -> list[Triple]:
    facts: list[Triple] = []
    for fact in chain(knowledge.facts(subject=entity), knowledge.facts(object=entity)):
        if fact.predicate not in _PLAIN:
            facts.append(fact)
        if len(facts) == PER_ENTITY:
            break
    return facts
