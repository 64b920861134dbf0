"""EPUB 2 and 3: the chapters of the spine in reading order, each a document. Locked books are refused."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .formats import decode
from .packed import member, open_zip
from .page import read_page
from .parsed import Parsed, Rejected, Unreadable, one_line
from .xml import attribute, children, first, parse_xml, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type

_PAGES = frozenset(["application/xhtml+xml", "text/html", "application/x-dtbook+xml"])


def read_epub(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield each chapter, its place counted from 1 in the order of the spine; the book's title stands before its own.

    Raises:
        Unreadable: no zip, no package document, or no chapter in its spine.
    """
    with open_zip(data) as archive:
        container = parse_xml(member(archive, "META-INF/container.xml"))
        rootfile = first(container, "rootfile")
        home = attribute(rootfile, "full-path") if rootfile is not None else ""
        package = parse_xml(member(archive, home))
        book = one_line(plain(first(package, "title")))
        chapters = _spine(package, posixpath.dirname(home))
        if not chapters:
            raise Unreadable("its spine names no chapter")
        locked = _locked(archive)
        for number, name in enumerate(chapters, 1):
            yield from _chapter(archive, name, f":{number}", book, name in locked)


def _spine(package: Element, folder: str) -> list[str]:
    """Return the names of the chapters in the archive, without the page that only lists them."""
    items = {attribute(item, "id"): item for item in package.iter() if item.tag.endswith("}item") or item.tag == "item"}
    spine = first(package, "spine")
    named = [items.get(attribute(ref, "idref")) for ref in children(spine, "itemref")] if spine is not None else []
    pages = [item for item in named if item is not None and attribute(item, "media-type") in _PAGES]
    pages = [item for item in pages if "nav" not in attribute(item, "properties").split()]
    return [posixpath.normpath(posixpath.join(folder, unquote(attribute(item, "href")))) for item in pages]


def _locked(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the names that META-INF/encryption.xml lists (fonts usually, chapters if the book is protected)."""
    name = "META-INF/encryption.xml"
    if name not in archive.namelist():
        return frozenset()
    found = parse_xml(member(archive, name)).iter()
    return frozenset(unquote(attribute(item, "URI")) for item in found if attribute(item, "URI"))


def _chapter(archive: zipfile.ZipFile, name: str, place: str, book: str, locked: bool) -> Iterator[Parsed | Rejected]:
    try:
        if locked:
            raise Unreadable("encrypted")
        for part in read_page(decode(member(archive, name))):
            if isinstance(part, Parsed):
                title = part.title if not book or book in part.title else f"{book}: {part.title}".rstrip(": ")
                yield replace(part, title=title, place=place)
    except Unreadable as error:
        yield Rejected(place, str(error))
