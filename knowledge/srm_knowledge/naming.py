"""Give the IRIs of imported files CURIEs: by known prefixes, by those a file declares, by new ones made of the IRI.

A prefix is itself a fact, ``prefix:NAME srm:namespace "IRI"``, stated before the first fact that uses it; a knowledge
folder learns it from there, so names go back to the very IRIs of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote

from srm_core.records import Source, Triple

from .curies import NAMESPACES, encode

NAMESPACE = "srm:namespace"
_SUBJECT = "prefix:"
_URI = "xsd:anyURI"
_TAKEN = frozenset({"http", "https", "urn", "mailto", "file", "tag", "blank", "prefix", "iri"})
_GOOD = re.compile(r"[A-Za-z][\w.-]{0,40}")
MAX_NAMES = 1000  # prefixes of a base; names under further namespaces stay IRIs


class Naming:
    """CURIEs for IRIs. ``known`` are a base's own prefixes; one that ``is_used`` otherwise is never given out."""

    def __init__(self, known: Mapping[str, str], is_used: Callable[[str], bool] = lambda prefix: False) -> None:
        self._prefixes = {namespace: prefix for prefix, namespace in {**known, **NAMESPACES}.items()}
        self._is_used = is_used
        self._suggested: dict[str, str] = {}
        self._new: list[tuple[str, str]] = []

    def suggest(self, prefix: str, namespace: str) -> None:
        """Note what a file calls a namespace; the first name counts."""
        if _GOOD.fullmatch(prefix):
            self._suggested.setdefault(namespace, prefix)

    def curie(self, iri: str) -> str:
        """Return the CURIE of ``iri``, whose IRI it is again; an IRI that none can stand for is returned as it is."""
        for namespace in _namespaces(iri):
            prefix = self._prefixes.get(namespace)
            if prefix is not None and _is_local(iri[len(namespace) :]):
                return f"{prefix}:{unquote(iri[len(namespace) :])}"
        candidates = list(_namespaces(iri))
        namespace = next((each for each in candidates if each in self._suggested), candidates[0])
        local = iri[len(namespace) :]
        if not namespace or not _is_local(local) or len(self._prefixes) >= MAX_NAMES:
            return iri
        prefix = self._free(self._suggested.get(namespace) or _made_of(namespace))
        self._prefixes[namespace] = prefix
        self._new.append((prefix, namespace))
        return f"{prefix}:{unquote(local)}"

    def new_facts(self, source: Source) -> list[Triple]:
        """Return the facts of the prefixes given out since the last call."""
        facts = [
            Triple(subject=_SUBJECT + prefix, predicate=NAMESPACE, object=namespace, datatype=_URI, source=source)
            for prefix, namespace in self._new
        ]
        self._new.clear()
        return facts

    def _free(self, wanted: str) -> str:
        here = {*self._prefixes.values(), *NAMESPACES, *_TAKEN}
        number, name = 1, wanted
        while name in here or self._is_used(name):
            number += 1
            name = f"{wanted}{number}"
        return name


def declared(fact: Triple) -> tuple[str, str] | None:
    """Return (prefix, namespace) if ``fact`` states one."""
    if fact.predicate == NAMESPACE and fact.subject.startswith(_SUBJECT) and fact.object:
        return fact.subject.removeprefix(_SUBJECT), fact.object
    return None


def _namespaces(iri: str) -> Iterator[str]:
    """Yield the parts of ``iri`` that may be its namespace: up to its last # or / (else :), then up to its last _."""
    end = max(iri.rfind("#"), iri.rfind("/"))
    end = iri.rfind(":") if end < 0 else end
    yield iri[: end + 1]
    if (underscore := iri.rfind("_")) > end:
        yield iri[: underscore + 1]


def _is_local(text: str) -> bool:
    """Tell whether ``text`` comes back as it is when a CURIE with it becomes an IRI."""
    return encode(unquote(text)) == text


def _made_of(namespace: str) -> str:
    """Return a short name: the last word of the namespace that is one, in lower case."""
    words = [word for word in re.split(r"[^\w-]+", namespace.lower()) if _GOOD.fullmatch(word)]
    return next((word for word in reversed(words) if word not in ("ns", "core", "owl", "rdf", "www")), "ns")
