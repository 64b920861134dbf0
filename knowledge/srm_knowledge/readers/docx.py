"""DOCX (ECMA-376): headings, paragraphs, lists, tables, formulas and footnotes of the main document."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .blocks import MAX_LEVEL, Blocks
from .mathml import omml_to_tex
from .packed import member, open_zip
from .parsed import Parsed, Rejected, Unreadable, one_line
from .xml import attribute, children, first, local_name, parse_xml, plain

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # nosec: only the type

_HEADING = re.compile(r"heading\s*([1-9])", re.IGNORECASE)
# Deleted text, field codes, settings, the second form of a drawing, and comments are no part of the text.
_LEFT_OUT = frozenset(["del", "moveFrom", "delText", "instrText", "pPr", "rPr", "sectPr", "Fallback", "sdtPr", "tblPr"])
_BREAKS = frozenset(["tab", "br", "cr", "ptab"])


def read_docx(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the one document. Raises `Unreadable`: no zip, no main document, XML with entities, or a zip bomb."""
    with open_zip(data) as archive:
        body = first(parse_xml(member(archive, "word/document.xml")), "body")
        if body is None:
            raise Unreadable("its main document holds no body")
        levels = _levels(archive)
        blocks = Blocks()
        _collect(body, blocks, levels)
        _footnotes(archive, blocks)
        titled = _core_title(archive) or _styled_title(body, levels)
    yield Parsed(title=titled, blocks=blocks.finished())


def _optional(archive: zipfile.ZipFile, name: str) -> Element | None:
    return parse_xml(member(archive, name)) if name in archive.namelist() else None


def _levels(archive: zipfile.ZipFile) -> dict[str, int]:
    """Return the level of the headings by style id: 0 for the title, 1 to 9 for headings."""
    styles = _optional(archive, "word/styles.xml")
    levels: dict[str, int] = {}
    for style in children(styles, "style") if styles is not None else []:
        name = next((attribute(child, "val") for child in children(style, "name")), "")
        outline = first(style, "outlineLvl")
        if match := _HEADING.fullmatch(name.strip()):
            levels[attribute(style, "styleId")] = int(match.group(1))
        elif name.lower() == "title":
            levels[attribute(style, "styleId")] = 0
        elif outline is not None and attribute(outline, "val").isdigit() and int(attribute(outline, "val")) < MAX_LEVEL:
            levels[attribute(style, "styleId")] = int(attribute(outline, "val")) + 1
    return levels


def _collect(element: Element, blocks: Blocks, levels: dict[str, int]) -> None:
    for child in element:
        name = local_name(child)
        if name == "p":
            _paragraph(child, blocks, levels)
        elif name == "tbl":
            blocks.table([[_text(cell) for cell in children(row, "tc")] for row in children(child, "tr")])
        elif name not in _LEFT_OUT:  # content controls and insertions wrap paragraphs
            _collect(child, blocks, levels)


def _paragraph(paragraph: Element, blocks: Blocks, levels: dict[str, int]) -> None:
    text, level = _text(paragraph), _level(paragraph, levels)
    display = first(paragraph, "oMathPara")
    if level is not None:
        blocks.heading(text, level + 1)
    elif display is not None and one_line(text) == one_line(_text(display)):
        blocks.whole("$$" + one_line(omml_to_tex(display)) + "$$")
    else:
        blocks.whole(("- " if first(paragraph, "numPr") is not None and one_line(text) else "") + one_line(text))


def _level(paragraph: Element, levels: dict[str, int]) -> int | None:
    style = next((attribute(found, "val") for found in paragraph.iter() if local_name(found) == "pStyle"), "")
    return levels.get(style, _default_level(style))


def _default_level(style: str) -> int | None:
    match = _HEADING.fullmatch(style)
    return int(match.group(1)) if match else 0 if style == "Title" else None


def _text(element: Element) -> str:
    """Return the text of a paragraph or cell, its formulas between dollars."""
    name = local_name(element)
    if name == "t":
        return element.text or ""
    if name in _BREAKS:
        return " "
    if name == "noBreakHyphen":
        return "-"
    if name == "oMath":
        return f"${omml_to_tex(element)}$"
    if name in _LEFT_OUT:
        return ""
    inside = "".join(_text(child) for child in element)
    return inside + " " if name == "p" else inside


def _footnotes(archive: zipfile.ZipFile, blocks: Blocks) -> None:
    for part in ("word/footnotes.xml", "word/endnotes.xml"):
        notes = _optional(archive, part)
        for note in notes if notes is not None else []:
            blocks.whole(one_line(_text(note)))


def _core_title(archive: zipfile.ZipFile) -> str:
    core = _optional(archive, "docProps/core.xml")
    return "" if core is None else one_line(plain(first(core, "title")))


def _styled_title(body: Element, levels: dict[str, int]) -> str:
    """Return the paragraph in the style of titles, else the first heading."""
    marked = [(_level(child, levels), one_line(_text(child))) for child in children(body, "p")]
    named = [(level, text) for level, text in marked if level is not None and text]
    return min(named, key=lambda item: item[0])[1] if named else ""
