"""CNXML, the format of OpenStax books: sections, paragraphs, lists, tables, and the glossary.

Exercises are left out: they are questions (some with keyed answers), not prose to learn from or to cite.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .parsed import Parsed, Rejected, Unreadable, one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type; parsing is defusedxml's

_LEFT_OUT = frozenset(["metadata", "exercise", "glossary", "media", "image", "iframe", "label"])
_INLINE_NAMES = """
term emphasis link sub sup span newline foreign cite quote code footnote
"""
_INSIDE_A_LINE = frozenset(_INLINE_NAMES.split())


def read_cnxml(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a module.

    Raises:
        Unreadable: not well-formed, with a DTD or entities (refused: they can expand without bound), or no module.
    """
    root = _root(text)
    if _name(root) != "document":
        raise Unreadable(f"the root element is <{_name(root)}>, not <document>")
    title = next((one_line("".join(child.itertext())) for child in root if _name(child) == "title"), "")
    definitions = tuple(_definitions(root))
    blocks = [block for child in root if _name(child) == "content" for block in _blocks(child)]
    blocks += [f"{term}: {meaning}" for term, meaning in definitions]
    yield Parsed(title=title, blocks=tuple(blocks), definitions=definitions)


def _root(text: str) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        return fromstring(text, forbid_dtd=True)
    except ParseError as error:
        raise Unreadable(f"not well-formed XML: {error}") from None
    except DefusedXmlException as error:
        raise Unreadable(f"holds a DTD or entities, which are refused: {type(error).__name__}") from None


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _blocks(element: Element) -> list[str]:
    """Return the text of ``element`` cut at the edges of its block elements, in reading order."""
    blocks = [""]
    _collect(element, blocks)
    return [line for line in map(one_line, blocks) if line]


def _collect(element: Element, blocks: list[str]) -> None:
    blocks[-1] += element.text or ""
    for child in element:
        name = _name(child)
        if name == "row":  # a row of a table is one line
            blocks += [" | ".join(filter(None, (one_line("".join(cell.itertext())) for cell in child))), ""]
        elif _is_inline(child):
            blocks[-1] += " " if name == "newline" else "".join(child.itertext())
        elif name and name not in _LEFT_OUT:
            blocks.append("")
            _collect(child, blocks)
            blocks.append("")
        blocks[-1] += child.tail or ""


def _is_inline(element: Element) -> bool:
    return _name(element) in _INSIDE_A_LINE or (isinstance(element.tag, str) and "MathML" in element.tag)


def _definitions(root: Element) -> Iterator[tuple[str, str]]:
    for element in root.iter():
        if _name(element) == "definition":
            term = " ".join(_texts(element, "term"))
            for meaning in _texts(element, "meaning"):
                if term and meaning:
                    yield term, meaning


def _texts(element: Element, name: str) -> list[str]:
    return [one_line("".join(child.itertext())) for child in element if _name(child) == name]
