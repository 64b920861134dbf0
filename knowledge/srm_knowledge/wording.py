"""Facts as short sentences, and the words of a text that carry its content."""

from __future__ import annotations

import re
from collections.abc import Iterable

from srm_core.records import Triple

from .linking import Gazetteer, words_of

_PHRASES = {
    "skos:prefLabel": "is called",
    "rdfs:label": "is called",
    "skos:altLabel": "is also called",
    "skos:definition": "is defined as",
    "skos:broader": "is a kind of",
    "skos:narrower": "includes",
    "skos:related": "is related to",
    "skos:inScheme": "belongs to",
    "rdfs:subClassOf": "is a kind of",
    "rdf:type": "is a",
}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_-]")
_LITTLE_WORDS = """
a an and are as at be been by can do does for from had has have in into is it its may not of on or that the
their them then there these they this those to was were when which who will with
"""
_LITTLE = frozenset(_LITTLE_WORDS.split())


def sentence(fact: Triple, gazetteer: Gazetteer) -> str:
    """Return ``fact`` in words, with the codes of its entities: "Cholera (A00) is a kind of ..."."""
    value = fact.object if fact.datatype or fact.language else entity(fact.object, gazetteer)
    return f"{entity(fact.subject, gazetteer)} {phrase(fact.predicate)} {value}"


def phrase(predicate: str) -> str:
    """Return the verb of a predicate: fixed for SKOS, else its local name taken apart ("hasSymptom": has symptom)."""
    local = predicate.partition(":")[2] or predicate
    return _PHRASES.get(predicate) or " ".join(_CAMEL.split(local)).lower()


def entity(curie: str, gazetteer: Gazetteer) -> str:
    """Return the label with its code in brackets; a term of the corpus has no code."""
    name = gazetteer.name(curie)
    prefix, _, local = curie.partition(":")
    return name if prefix == "corpus" or name == curie else f"{name} ({local})"


def content_words(text: str) -> frozenset[str]:
    """Return the words of ``text`` that carry content, in lower case."""
    return frozenset(word for word in words_of(text) if word not in _LITTLE)


def overlap(words: Iterable[str], text: str) -> float:
    """Return the share of ``words`` that ``text`` holds, in [0, 1]; 0 for no words."""
    wanted = frozenset(words)
    return len(wanted & content_words(text)) / len(wanted) if wanted else 0.0
