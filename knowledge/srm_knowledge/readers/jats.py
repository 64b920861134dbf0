"""JATS XML, the format of journal articles: abstract, sections, tables, formulas, captions and the glossary.

After the Journal Article Tag Suite, NISO Z39.96. References, acknowledgements and the authors' data are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .blocks import Blocks
from .mathml import mathml_to_tex
from .parsed import Parsed, Unreadable, one_line
from .xml import children, first, local_name, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type

_LEFT_OUT_NAMES = """
ref-list ack fn-group author-notes contrib-group permissions journal-meta article-id label graphic media inline-graphic
supplementary-material table-wrap-foot object-id alt-text long-desc def-list glossary xref-group private-char
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())
_BLOCK_NAMES = """
p sec list list-item disp-quote boxed-text caption fig table-wrap abstract statement verse-group app speech def body
back trans-abstract app-group fig-group table-wrap-group disp-formula-group
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_FORMULAS = frozenset(["disp-formula", "inline-formula", "math", "tex-math"])


def jats_document(article: Element, place: str = "") -> Parsed:
    """Return the article as one document. Raises `Unreadable` when it has neither abstract nor body."""
    front, body, back = (first(article, name) for name in ("front", "body", "back"))
    abstracts = [found for found in (front if front is not None else article).iter() if local_name(found) == "abstract"]
    if not abstracts and body is None:
        raise Unreadable("an article without abstract and body")
    blocks = Blocks()
    for abstract in abstracts:
        blocks.heading(_own_title(abstract) or "Abstract", 2)
        _collect(abstract, blocks, 2)
    for part in (body, back):
        if part is not None:
            _collect(part, blocks, 1)
    title = one_line(_inline(first(article, "article-title")))
    definitions = tuple(_definitions(article))
    for term, meaning in definitions:
        blocks.whole(f"{term}: {meaning}")
    return Parsed(title=title, blocks=blocks.finished(), definitions=definitions, place=place)


def _own_title(element: Element) -> str:
    return next((one_line(_inline(child)) for child in children(element, "title")), "")


def _collect(element: Element, blocks: Blocks, level: int) -> None:
    blocks.add(element.text or "")
    for child in element:
        name = local_name(child)
        if name == "title":
            if local_name(element) not in ("abstract", "ref-list"):
                blocks.heading(_inline(child), level)
        elif name == "table":
            blocks.table(_rows(child))
        elif name == "disp-formula" or (name in _FORMULAS and "display" in child.attrib.values()):
            blocks.whole(f"$${_tex(child)}$$")
        elif name in _BLOCKS:
            blocks.end()
            blocks.add("- " if name == "list-item" else "")
            _collect(child, blocks, level + (name == "sec"))
            blocks.end()
        elif name not in _LEFT_OUT:
            blocks.add(_inline(child))
        blocks.add(child.tail or "")


def _inline(element: Element | None) -> str:
    """Return the text of a line, its formulas between dollars, without reference marks that stand above the line."""
    if element is None or local_name(element) in _LEFT_OUT or not local_name(element):
        return ""
    if local_name(element) in _FORMULAS:
        return f"${_tex(element)}$"
    if local_name(element) == "sup" and len(element) == len(children(element, "xref")) > 0:
        return ""
    return (element.text or "") + "".join(_inline(child) + (child.tail or "") for child in element)


def _tex(element: Element) -> str:
    """Return the TeX of a formula: as written in the article, else from its MathML, else its text."""
    written = first(element, "tex-math")
    math = first(element, "math")
    if written is not None:
        return _without_document(plain(written))
    return mathml_to_tex(math) if math is not None else one_line(plain(element))


def _without_document(tex: str) -> str:
    """Return the formula inside the whole LaTeX document that some publishers put around each."""
    start, end = tex.find("\\begin{document}"), tex.rfind("\\end{document}")
    inside = tex[start + len("\\begin{document}") : end] if 0 <= start < end else tex
    return one_line(inside.strip().strip("$"))


def _rows(table: Element) -> list[list[str]]:
    rows = [found for found in table.iter() if local_name(found) == "tr"]
    return [[_inline(cell) for cell in children(row, "td", "th")] for row in rows]


def _definitions(article: Element) -> Iterator[tuple[str, str]]:
    for item in article.iter():
        if local_name(item) == "def-item":
            term = " ".join(one_line(_inline(child)) for child in children(item, "term"))
            meaning = " ".join(one_line(_inline(child)) for child in children(item, "def"))
            if term and meaning:
                yield term, meaning
