"""Find the entities a text names: by their labels, the longest first, and by codes written out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from srm_core.protocols import Knowledge

_WORD = re.compile(r"\w+(?:[-'’.]\w+)*")
_LABELS = """
SELECT ?entity ?label WHERE {
  { ?entity skos:prefLabel ?label } UNION { ?entity rdfs:label ?label } UNION { ?entity skos:altLabel ?label }
}
"""
MAX_WORDS = 12  # of a label that is looked for
MIN_LETTERS = 4  # of a label of one word: shorter ones are mostly ordinary words
_COMMON = """
about after also answer before being between both cause code codes correct defined definition disease drug each
following form from have many more most name named other part patient person question same some such term that
their them then there these they this type used what when where which while will with would your
"""
_ORDINARY = frozenset(_COMMON.split())


@dataclass(frozen=True)
class Gazetteer:
    """Which entities (CURIEs) a label or code names, and what each entity is called."""

    by_words: Mapping[tuple[str, ...], tuple[str, ...]]
    by_code: Mapping[str, str]
    names: Mapping[str, str]  # CURIE -> label

    def link(self, text: str, most: int = 8) -> list[str]:
        """Return the CURIEs named in ``text``, codes first, then longest labels first; at most ``most``."""
        words = words_of(text)
        found: dict[str, int] = {}  # CURIE -> how many words named it
        for word in words:
            code = self.by_code.get(word)
            if code:
                found[code] = MAX_WORDS + 1
        for entities, length in self._spans(words):
            for entity in entities:
                found[entity] = max(found.get(entity, 0), length)
        return sorted(found, key=lambda entity: (-found[entity], entity))[:most]

    def _spans(self, words: Sequence[str]) -> list[tuple[tuple[str, ...], int]]:
        spans, at = [], 0
        while at < len(words):
            for length in range(min(MAX_WORDS, len(words) - at), 0, -1):
                entities = self.by_words.get(tuple(words[at : at + length]))
                if entities:
                    spans.append((entities, length))
                    at += length - 1
                    break
            at += 1
        return spans

    def name(self, curie: str) -> str:
        """Return the label of an entity, or its CURIE."""
        return self.names.get(curie, curie)


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in lower case; codes such as ``E11.65`` and ``A00-B99`` are one word."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def build_gazetteer(knowledge: Knowledge) -> Gazetteer:
    """Return the index of every label in the graph, read by one query."""
    by_words: dict[tuple[str, ...], dict[str, None]] = {}
    by_code: dict[str, str] = {}
    names: dict[str, str] = {}
    for row in knowledge.query(_LABELS, {}):
        entity, label = row["entity"], row["label"]
        names.setdefault(entity, label)
        words = tuple(words_of(label))
        if 0 < len(words) <= MAX_WORDS and _is_telling(words):
            by_words.setdefault(words, {})[entity] = None
        code = entity.partition(":")[2].casefold()
        if any(character.isdigit() for character in code) and code[:1].isalpha():
            by_code.setdefault(code, entity)
    return Gazetteer(by_words={words: tuple(found) for words, found in by_words.items()}, by_code=by_code, names=names)


def _is_telling(words: tuple[str, ...]) -> bool:
    return len(words) > 1 or (len(words[0]) >= MIN_LETTERS and words[0] not in _ORDINARY)


def gazetteer_of(knowledge: Knowledge) -> Gazetteer:
    """Return the index of ``knowledge``, built once if it is a folder of ours, else anew."""
    from .store import FolderKnowledge

    return knowledge.gazetteer if isinstance(knowledge, FolderKnowledge) else build_gazetteer(knowledge)
