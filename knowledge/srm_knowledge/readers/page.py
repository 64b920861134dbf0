"""HTML pages with their tables kept as pipe tables and their formulas as TeX; the rest is read as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from .blocks import pipe_tables
from .html import read_html
from .parsed import Parsed, Rejected, Unreadable, one_line

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_LINE = "\ue000"  # stands for a line end inside a block until the page is read; a private character
_SPAN_LIMIT = 100  # columns


def read_page(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a page: as `read_html`, a table being one pipe table and a formula its TeX."""
    for part in read_html(_prepared(text)):
        if isinstance(part, Parsed):
            blocks = tuple(block.replace(_LINE, "\n").strip() for block in part.blocks)
            yield replace(part, title=part.title.replace(_LINE, " "), blocks=blocks)
        else:
            yield part


def _prepared(text: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    if "<table" not in text.lower() and "<math" not in text.lower():
        return text
    tree = LexborHTMLParser(text.replace(_LINE, " "))
    _formulas(tree)
    for table in tree.css("table"):
        if table.css_first("td table, th table") is None and _is_data(table):
            parts = [block.replace("\n", _LINE) for block in pipe_tables(_rows(table))]
            table.replace_with(_paragraphs(parts, table))
    return tree.html or ""


def _is_data(table: LexborNode) -> bool:
    """Tell a table of data from one that only lays out a page: two rows and two columns, no blocks in its cells."""
    rows = _rows(table)
    return len(rows) > 1 and max(map(len, rows)) > 1 and not table.css("td form, td h1, td h2, td h3")


def _rows(table: LexborNode) -> list[list[str]]:
    rows = []
    for row in table.css("tr"):
        cells: list[str] = []
        for cell in row.css("td, th"):
            span = cell.attributes.get("colspan") or "1"
            empty = min(int(span), _SPAN_LIMIT) - 1 if span.isdecimal() else 0
            cells += [one_line(cell.text(separator=" ")), *[""] * max(empty, 0)]
        rows.append(cells)
    return [cells for cells in rows if cells]


def _paragraphs(parts: list[str], table: LexborNode) -> LexborNode:
    from selectolax.lexbor import LexborHTMLParser

    caption = table.css_first("caption")
    texts = [one_line(caption.text()) if caption else "", *parts]
    page = LexborHTMLParser("<div>" + "".join(f"<p>{_escaped(text)}</p>" for text in texts if text) + "</div>")
    made = page.css_first("div")
    assert made is not None  # it was written one line above
    return made


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _formulas(tree: LexborHTMLParser) -> None:
    from .mathml import mathml_to_tex
    from .xml import parse_xml

    for math in tree.css("math"):
        try:
            tex = mathml_to_tex(parse_xml(math.html or ""))
        except Unreadable:  # written as loosely as HTML allows: its text stays
            continue
        math.replace_with(f"${tex}$" if tex else "")
