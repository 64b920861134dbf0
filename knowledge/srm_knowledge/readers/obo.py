"""Read OBO files (OBO Flat File Format 1.4): the tags that carry labels, definitions, synonyms and relations.

Names become the IRIs that the OBO Foundry gives them (PREFIX:LOCAL is .../obo/PREFIX_LOCAL). Left out: intersection_of,
union_of, property_value, and the parts in square brackets and braces (references and qualifiers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .parsed import Fact, Shorthand, Unreadable

_OBO = "http://purl.obolibrary.org/obo/"
_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_RDF, _RDFS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#"
_OWL, _SKOS, _XSD = (
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2004/02/skos/core#",
    "http://www.w3.org/2001/XMLSchema#",
)
_TYPES = {"Term": "Class", "Typedef": "ObjectProperty", "Instance": "NamedIndividual"}
_SYNONYMS = {
    "EXACT": _SKOS + "altLabel",
    "BROAD": _IN_OWL + "hasBroadSynonym",
    "NARROW": _IN_OWL + "hasNarrowSynonym",
    "RELATED": _IN_OWL + "hasRelatedSynonym",
}
_TEXTS = {
    "name": _RDFS + "label",
    "comment": _RDFS + "comment",
    "namespace": _IN_OWL + "hasOBONamespace",
    "alt_id": _IN_OWL + "hasAlternativeId",
    "xref": _IN_OWL + "hasDbXref",
}
_LINKS = {
    "is_a": _RDFS + "subClassOf",
    "disjoint_from": _OWL + "disjointWith",
    "replaced_by": _OBO + "IAO_0100001",
    "consider": _IN_OWL + "consider",
    "inverse_of": _OWL + "inverseOf",
    "instance_of": _RDF + "type",
}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(\w*)')
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_ID = re.compile(r"(?P<prefix>[A-Za-z][\w.-]*):(?P<local>[^\s:]+)")


def read_obo(text: str) -> Iterator[Fact | Shorthand]:
    """Yield the facts of every term, relation and instance, then the prefixes of their names.

    Raises:
        Unreadable: no stanza, or a stanza without an id.
    """
    prefixes: dict[str, str] = {}
    kind = subject = ontology = ""
    stanzas = 0
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("[") and bare.endswith("]"):
            _require_id(kind, subject, number)
            kind, subject, stanzas = bare[1:-1], "", stanzas + 1
        elif bare and not bare.startswith("!"):
            tag, _, value = bare.partition(":")
            tag, value = tag.strip(), value.strip()
            if not kind:
                ontology = value if tag == "ontology" else ontology
            elif tag == "id":
                subject = _iri(_plain(value), ontology, prefixes)
                if kind in _TYPES:
                    yield Fact(subject, _RDF + "type", _OWL + _TYPES[kind])
            elif kind in _TYPES:
                _require_id(kind, subject, number)
                yield from _facts(subject, tag, value, ontology, prefixes)
    if not stanzas:
        raise Unreadable("no OBO: it holds no stanza such as [Term]")
    _require_id(kind, subject, number)
    for prefix, namespace in sorted(prefixes.items()):
        yield Shorthand(prefix, namespace)


def _require_id(kind: str, subject: str, number: int) -> None:
    if kind in _TYPES and not subject:
        raise Unreadable(f"the [{kind}] before line {number} does not begin with its id")


def _facts(subject: str, tag: str, value: str, ontology: str, prefixes: dict[str, str]) -> Iterator[Fact]:
    if tag in _TEXTS and (words := _plain(value)):
        yield Fact(subject, _TEXTS[tag], words, _XSD + "string")
    elif tag in _LINKS and (names := _plain(value).split()):
        yield Fact(subject, _LINKS[tag], _iri(names[0], ontology, prefixes))
    elif tag == "relationship" and len(names := _plain(value).split()) >= 2:
        relation, target = (_iri(name, ontology, prefixes) for name in names[:2])
        yield Fact(subject, relation, target)
    elif tag == "is_obsolete" and _plain(value) == "true":
        yield Fact(subject, _OWL + "deprecated", "true", _XSD + "boolean")
    elif tag in ("def", "synonym") and (quoted := _QUOTED.match(value)):
        predicate = _SKOS + "definition" if tag == "def" else _SYNONYMS.get(quoted[2], _SYNONYMS["RELATED"])
        if words := _unescaped(quoted[1]).strip():
            yield Fact(subject, predicate, words, _XSD + "string")


def _plain(value: str) -> str:
    """Return the value without qualifiers in braces at its end and without a comment, escapes resolved."""
    bare = re.split(r"(?<!\\)\s!(?:\s|$)", value, maxsplit=1)[0].strip()
    return _unescaped(re.sub(r"(?<!\\)\{[^{}]*\}$", "", bare).strip())


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text)


def _iri(name: str, ontology: str, prefixes: dict[str, str]) -> str:
    """Return the IRI of an id: prefixed, already an IRI, or a bare name of this ontology (``part_of``)."""
    if name.startswith(("http://", "https://", "urn:")):
        return name
    if match := _ID.fullmatch(name):
        prefixes.setdefault(match["prefix"].lower(), f"{_OBO}{match['prefix']}_")
        return f"{_OBO}{match['prefix']}_{match['local']}"
    return f"{_OBO}{ontology or 'unnamed'}#{name}"
