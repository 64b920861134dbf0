"""What the terms of a vocabulary are called, and which CURIE a predicate of the mapping has in a knowledge base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from srm_core.errors import ConfigError
from srm_core.records import Triple
from srm_core.verify import fold

from ..curies import NAMESPACES, spaces_with, to_iri
from ..naming import NAMESPACE, Naming, declared
from .mapping import Vocabulary

LONGEST = 80  # characters of a name that a question can hold
FactsOf = Callable[[str], Iterable[Triple]]  # the facts of one predicate


@dataclass(frozen=True)
class Names:
    """The one name of each term that has exactly one, which no other term has.

    A term with two labels in the language, or that shares its label with another, could be asked for in words that
    mean two things: it has no name here, and is in no question.
    """

    of: Mapping[str, str]  # by CURIE
    also: Mapping[str, tuple[str, ...]]  # further names that no other term has
    labels: tuple[str, ...]  # CURIEs of the label predicates


class Predicates:
    """Turns predicates of a mapping (CURIE or IRI) into the CURIEs of a knowledge base with these facts."""

    def __init__(self, vocabulary: Vocabulary, facts_of: FactsOf) -> None:
        self._prefixes = vocabulary.prefixes
        spaces = dict(filter(None, map(declared, facts_of(NAMESPACE))))
        self._spaces = spaces_with(spaces)
        self._naming = Naming(spaces)
        self._known = frozenset({*spaces, *NAMESPACES, *vocabulary.prefixes})

    def curie(self, written: str) -> str:
        """Return the CURIE of ``written``; one whose prefix nobody declared is taken as it is."""
        prefix, _, local = written.partition(":")
        if namespace := self._prefixes.get(prefix):
            return self._naming.curie(namespace + local)
        return self._naming.curie(written) if "://" in written else written

    def iri(self, curie: str) -> str:
        """Return the IRI that the store holds for ``curie``."""
        return to_iri(curie, self._spaces)

    def knows(self, written: str) -> bool:
        """Tell whether the prefix of ``written`` stands for a namespace, or it is an IRI."""
        return "://" in written or written.partition(":")[0] in self._known


def names_of(vocabulary: Vocabulary, facts_of: FactsOf, predicates: Predicates) -> Names:
    """Return the names of all terms.

    Raises:
        ConfigError: no fact gives a label.
    """
    wanted = tuple(dict.fromkeys(map(predicates.curie, vocabulary.labels)))
    labels = _texts(vocabulary, facts_of, wanted)
    others = _texts(vocabulary, facts_of, map(predicates.curie, vocabulary.also))
    if not labels:
        spoken = f" in the language {vocabulary.language!r}" if vocabulary.language else ""
        raise ConfigError(
            f"vocabulary {vocabulary.name!r}: no fact of {vocabulary.source.name!r} gives a label by "
            f"{' or '.join(vocabulary.labels)}{spoken}; set labels and language in the mapping"
        )
    owners: dict[str, set[str]] = defaultdict(set)
    for term, texts in (*labels.items(), *others.items()):
        for text in texts:
            owners[fold(text)].add(term)

    def its_own(term: str, text: str) -> bool:
        return owners[fold(text)] == {term} and _can_be_asked(text)

    single = {term: min(texts) for term, texts in sorted(labels.items()) if len(texts) == 1}
    of = {term: text for term, text in single.items() if its_own(term, text) and not term.startswith("blank:")}
    also = {
        term: tuple(sorted(text for text in others.get(term, ()) if its_own(term, text) and fold(text) != fold(name)))
        for term, name in of.items()
    }
    return Names(of, also, wanted)


def in_language(fact: Triple, vocabulary: Vocabulary) -> bool:
    """Tell whether the object is a text in the vocabulary's language, or in none that is stated."""
    spoken = not vocabulary.language or fact.language.casefold() in ("", vocabulary.language.casefold())
    return bool(fact.datatype or fact.language) and spoken


def _texts(vocabulary: Vocabulary, facts_of: FactsOf, predicates: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for predicate in predicates:
        for fact in facts_of(predicate):
            if in_language(fact, vocabulary):
                found[fact.subject].add(fact.object)
    return found


def _can_be_asked(name: str) -> bool:
    return bool(fold(name)) and len(name) <= LONGEST and ";" not in name and "\n" not in name
