"""XML files: the root element decides the format; documents that define entities are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .parsed import Parsed, Rejected, Unreadable

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type; parsing is defusedxml's


def read_xml(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the documents of a JATS article or a CNXML module. Raises `Unreadable` for anything else."""
    from .cnxml import read_cnxml
    from .jats import jats_document

    root = parse_xml(text)
    name = local_name(root)
    if name == "document":
        yield from read_cnxml(text)
    elif name in ("article", "sub-article", "response"):
        yield jats_document(root)
    elif name == "pmc-articleset":
        yield from (jats_document(article, f":{at}") for at, article in enumerate(root, 1))
    else:
        raise Unreadable(f"the root element <{name}> is of no format read here; there are: JATS and CNXML")


def parse_xml(text: str | bytes) -> Element:
    """Return the root. A document type may be named, since articles name theirs; nothing it names is fetched.

    Raises:
        Unreadable: not well-formed, or it defines entities (they can expand without bound) or asks for outside ones.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(text, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except ParseError as error:
        raise Unreadable(f"not well-formed XML: {error}") from None
    except DefusedXmlException as error:
        raise Unreadable(f"holds entities, which are refused: {type(error).__name__}") from None
    except (LookupError, ValueError) as error:  # an encoding that does not exist, or a wrong one
        raise Unreadable(f"not XML that can be decoded: {error}") from None


def local_name(element: Element) -> str:
    """Return the tag without its namespace; empty for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """Return the attribute with that local name, in whatever namespace, or nothing."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def children(element: Element, *names: str) -> list[Element]:
    """Return the direct children with one of these local names."""
    return [child for child in element if local_name(child) in names]


def first(element: Element, name: str) -> Element | None:
    """Return the first descendant with that local name."""
    return next((found for found in element.iter() if local_name(found) == name), None)


def plain(element: Element | None) -> str:
    """Return all text inside ``element``."""
    return "" if element is None else "".join(element.itertext())
