"""CURIEs and IRIs: any CURIE has exactly one IRI and comes back as it was, odd characters included."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

# No namespace may begin another. Prefixes are case-sensitive; those not listed live under urn:srm:, unless a knowledge
# folder has learned their namespace from a file (`srm_knowledge.naming`).
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "icd10cm": "http://purl.bioontology.org/ontology/ICD10CM/",
    "hp": "http://purl.obolibrary.org/obo/HP_",
    "omim": "https://omim.org/entry/",
    "orpha": "http://www.orpha.net/ORDO/Orphanet_",
    "drugbank": "https://go.drugbank.com/drugs/",
    "mesh": "http://id.nlm.nih.gov/mesh/",
    "corpus": "urn:srm:corpus:",
    "srm": "urn:srm:srm:",
}
_OTHER = "urn:srm:"
_BARE = "urn:srm-bare:"  # a name without any colon
_ENCODED = re.compile(r"[^\w.~-]")  # \w keeps letters of every script: they are legal in an IRI


def spaces_with(prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return `NAMESPACES` and ``prefixes``, the longest namespace first, as `to_curie` must try them."""
    return dict(sorted({**prefixes, **NAMESPACES}.items(), key=lambda pair: (-len(pair[1]), pair[0])))


def to_iri(curie: str, spaces: Mapping[str, str] = NAMESPACES) -> str:
    """Return the IRI of ``curie``. Characters that an IRI may not hold, and ``%``, are percent-encoded."""
    prefix, colon, local = curie.partition(":")
    if not colon:
        return _BARE + encode(curie)
    namespace = spaces.get(prefix)
    return (namespace or f"{_OTHER}{encode(prefix)}:") + encode(local)


def to_curie(iri: str, spaces: Mapping[str, str] = NAMESPACES) -> str:
    """Return the CURIE whose IRI this is; an IRI that stands for no CURIE comes back unchanged."""
    if iri.startswith(_BARE):
        return unquote(iri[len(_BARE) :])
    if iri.startswith(_OTHER):
        prefix, colon, local = iri[len(_OTHER) :].partition(":")
        return f"{unquote(prefix)}:{unquote(local)}" if colon else iri
    for prefix, namespace in spaces.items():
        if iri.startswith(namespace):
            return f"{prefix}:{unquote(iri[len(namespace) :])}"
    return iri


def encode(text: str) -> str:
    """Return ``text`` as the local part of an IRI."""
    return _ENCODED.sub(lambda match: quote(match.group(), safe=""), text)
