"""HTML: the text of the page by blocks; scripts, styles, forms and navigation are left out."""

from __future__ import annotations

from collections.abc import Iterator

from .parsed import Parsed, Rejected, one_line

_NO_TEXT = "script, style, noscript, template, nav, header nav, footer, form, iframe, svg, head"
_BLOCK_NAMES = """
address article aside blockquote body caption dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6
hr li main ol p pre section summary table tbody td th tfoot thead tr ul
"""
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_ENDS = "\x1e"  # marks the edges of blocks in the collected text; no character of a valid page


def read_html(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a page; ``<dl>`` lists of ``<dt>`` and ``<dd>`` are its glossary."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text.replace(_ENDS, " "))
    titled = tree.css_first("title") or tree.css_first("h1")
    title = one_line(titled.text()) if titled else ""
    for node in tree.css(_NO_TEXT):
        node.decompose()
    definitions = tuple(_definitions(tree))
    for node in tree.css(", ".join(sorted(_BLOCKS - {"body"}))):
        node.insert_before(_ENDS)
        node.insert_after(_ENDS)
    for node in tree.css("br"):
        node.replace_with(" ")
    body = tree.body.text(deep=True) if tree.body else ""
    blocks = tuple(block for block in map(one_line, body.split(_ENDS)) if block)
    yield Parsed(title=title, blocks=blocks, definitions=definitions)


def _definitions(tree: object) -> Iterator[tuple[str, str]]:
    from selectolax.lexbor import LexborHTMLParser

    assert isinstance(tree, LexborHTMLParser)
    term = ""
    for node in tree.css("dl > dt, dl > dd"):
        words = one_line(node.text())
        if node.tag == "dt":
            term = words
        elif term and words:
            yield term, words
