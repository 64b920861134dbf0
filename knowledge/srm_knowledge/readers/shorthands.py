"""Entities of RDF/XML that are shorthands of IRIs, as ontology editors write them, put in full; any other is refused.

The XML parser then sees no document type at all, so nothing can be expanded by it and nothing fetched.
"""

from __future__ import annotations

import re

from .parsed import Unreadable

MAX_ENTITIES = 1000
MAX_GROWTH = 20  # times the file's size, and a megabyte
_DOCTYPE = re.compile(r"<!DOCTYPE\s+[\w:.-]+\s*(?P<outside>(?:SYSTEM|PUBLIC)\b)?(?:\s*\[(?P<inside>[^\]]*)\])?\s*>")
_PROLOG = re.compile(r"\s*(?:<\?xml\b[^>]{0,300}\?>)?(?:\s|<!--(?:(?!-->)[\s\S])*-->)*")
_ENTITY = re.compile(r"\s*<!ENTITY\s+(?P<name>[\w.-]{1,100})\s+(?P<quote>[\"'])(?P<iri>[^\"']{1,500})(?P=quote)\s*>")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`&%]*")
_COMMENT = re.compile(r"<!--(?:(?!-->)[\s\S])*-->")


def written_out(text: str) -> str:
    """Return ``text`` without its document type, every shorthand it defines written out.

    Raises:
        Unreadable: the document type names an outside file, defines anything but shorthands of IRIs (one that uses
            another is none), or the text would grow more than a file of shorthands does.
    """
    start = _PROLOG.match(text)
    at = start.end() if start else 0
    if not text.startswith("<!DOCTYPE", at):
        return _without_more(text)
    found = _DOCTYPE.match(text, at)
    if found is None or found["outside"]:
        raise Unreadable("its document type is not read (it lies elsewhere, or defines more than shorthands of IRIs)")
    known = _entities(found["inside"] or "")
    body = text[found.end() :]
    names = re.compile("&(" + "|".join(map(re.escape, known)) + ");") if known else None
    if names is None:
        return _without_more(text[:at] + body)
    growth = sum(len(known[match[1]]) for match in names.finditer(body))
    if growth > MAX_GROWTH * len(text) + (1 << 20):
        raise Unreadable("its entities make it grow like a bomb")
    return _without_more(text[:at] + names.sub(lambda match: known[match[1]], body))


def _entities(inside: str) -> dict[str, str]:
    rest, at, known = _COMMENT.sub("", inside), 0, dict[str, str]()
    while match := _ENTITY.match(rest, at):
        at = match.end()
        if not _IRI.fullmatch(match["iri"]) or len(known) == MAX_ENTITIES:
            raise Unreadable(f"the entity {match['name']} is no shorthand of an IRI; it is not expanded")
        known.setdefault(match["name"], match["iri"])  # the first definition binds (XML 1.0, 4.2)
    if rest[at:].strip():
        raise Unreadable("its document type defines more than shorthands of IRIs; no entity is expanded")
    return known


def _without_more(text: str) -> str:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("holds a document type or entity where none may be")
    return text
