"""Read RDF with Oxigraph's parsers: Turtle, N-Triples, RDF/XML, JSON-LD. Nothing outside the file is ever asked for.

RDF 1.1 is read; a statement about a statement (RDF 1.2) is refused. A context of JSON-LD must stand in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .parsed import Fact, Shorthand, Unreadable
from .shorthands import written_out

if TYPE_CHECKING:
    import pyoxigraph

_STRING = "http://www.w3.org/2001/XMLSchema#string"


def read_turtle(text: str) -> Iterator[Fact | Shorthand]:
    """Yield the facts of a Turtle file, then its prefixes. Raises `Unreadable` where the grammar is broken."""
    return _read(text, "TURTLE")


def read_ntriples(text: str) -> Iterator[Fact | Shorthand]:
    """Yield the facts of an N-Triples file. Raises `Unreadable` where the grammar is broken."""
    return _read(text, "N_TRIPLES")


def read_rdfxml(text: str) -> Iterator[Fact | Shorthand]:
    """Yield the facts of RDF/XML, then its prefixes; entities that are shorthands of IRIs are written out first.

    Raises:
        Unreadable: not well-formed, or it defines any other entity.
    """
    return _read(written_out(text), "RDF_XML")


def read_jsonld(text: str) -> Iterator[Fact | Shorthand]:
    """Yield the facts of JSON-LD. Raises `Unreadable` for broken JSON and for a context that lies elsewhere."""
    return _read(text, "JSON_LD")


def _read(text: str, syntax: str) -> Iterator[Fact | Shorthand]:
    import pyoxigraph

    try:
        parser = pyoxigraph.parse(input=text, format=getattr(pyoxigraph.RdfFormat, syntax))
        for quad in parser:
            yield _fact(quad)
        for prefix, namespace in sorted(parser.prefixes.items()):
            yield Shorthand(prefix, namespace)
    except (SyntaxError, ValueError, OSError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(_said(error)) from None


def _said(error: Exception) -> str:
    words = " ".join(str(error.args[0] if error.args else error).split())[:200]
    if "LoadDocumentCallback" in words:
        return "names a JSON-LD context that lies elsewhere, which is not fetched; write the context into the file"
    return f"broken: {words}"


def _fact(quad: pyoxigraph.Quad) -> Fact:
    from pyoxigraph import BlankNode, Literal, NamedNode

    def name(node: object) -> str:
        if isinstance(node, NamedNode):
            return node.value
        if isinstance(node, BlankNode):
            return f"_:{node.value}"
        raise Unreadable("holds a statement about a statement (RDF 1.2), which is not read")

    subject, predicate, value = name(quad.subject), name(quad.predicate), quad.object
    if not isinstance(value, Literal):
        return Fact(subject, predicate, name(value))
    if value.language:
        return Fact(subject, predicate, value.value, language=value.language)
    return Fact(subject, predicate, value.value, datatype=value.datatype.value or _STRING)
