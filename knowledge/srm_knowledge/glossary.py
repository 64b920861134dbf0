"""The glossary of a corpus as facts: a term is a SKOS concept with its label, its definitions and its modules."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from srm_core.config import Corpus
from srm_core.records import Source, Triple

from .corpus import parse_corpus, source_of_corpus
from .folder import GraphFile, Quarantined

LABEL, OTHER_LABEL, DEFINITION, MODULE = "skos:prefLabel", "skos:altLabel", "skos:definition", "skos:inScheme"
TEXT = "xsd:string"


def glossary(corpus: Corpus) -> Iterator[Triple]:
    """Yield the facts of every definition in ``corpus``: glossaries of CNXML, definition lists, rows of JSONL.

    A term written in two ways ("AIDS", "Aids") is one concept; the spelling met first is its label. What cannot be
    read yields nothing here; reading the documents reports it. Raises as `srm_knowledge.corpus.read_corpus`.
    """
    source = source_of_corpus(corpus)
    labels: dict[str, str] = {}  # subject -> its label
    seen: set[tuple[str, str, str]] = set()
    for item in parse_corpus(corpus):
        if isinstance(item, Quarantined | GraphFile):
            continue
        path, part = item
        for term, meaning in part.definitions:
            for fact in _facts(_nfc(term), _nfc(meaning), part.title or path, labels):
                if fact not in seen:
                    seen.add(fact)
                    yield _triple(fact, source)


def term_curie(term: str) -> str:
    """Return the CURIE of a glossary term; case and white space make no difference."""
    return "corpus:" + "-".join(_nfc(term).casefold().split())


def _facts(term: str, meaning: str, module: str, labels: dict[str, str]) -> list[tuple[str, str, str]]:
    subject = term_curie(term)
    label = labels.setdefault(subject, term)
    spelling = [] if term == label else [(subject, OTHER_LABEL, term)]
    named = (subject, LABEL, label)
    return [named, *spelling, (subject, DEFINITION, meaning), (subject, MODULE, term_curie("module " + module))]


def _triple(fact: tuple[str, str, str], source: Source) -> Triple:
    subject, predicate, value = fact
    datatype = "" if predicate == MODULE else TEXT
    return Triple(subject=subject, predicate=predicate, object=value, datatype=datatype, source=source)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
