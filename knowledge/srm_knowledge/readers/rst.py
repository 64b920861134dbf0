"""reStructuredText: headings, text, lists, tables, formulas, listings and glossaries; markup and comments are left out.

Written after the reStructuredText Markup Specification. No file is included and no directive is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .blocks import Blocks
from .parsed import Parsed, Rejected, one_line
from .rst_inline import inline
from .rst_tables import csv_rows, grid_rows, is_simple_border, list_rows, simple_rows

_ADORNMENT = re.compile(r"([=\-`:.'\"~^_*+#<>!$%&,/;?@|])\1{1,}$")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|]+\|[ \t]+)?([a-zA-Z][\w:.+-]*)::[ \t]*(.*)$")
_FOOTNOTE = re.compile(r"\.\.[ \t]+\[[^\]]+\][ \t]+(.*)$")
_OPTION = re.compile(r"[ \t]*:[\w -]+:(?:[ \t]|$)")
_ITEM = re.compile(r"(?:[-*+•]|(?:\d{1,4}|[a-zA-Z#])[.)]|\((?:\d{1,4}|[a-zA-Z])\))[ \t]+(?=\S)")
_FIELD = re.compile(r":([^:`\n]+):(?:[ \t]+(.*))?$")
_LISTINGS = frozenset(["code-block", "code", "sourcecode", "literalinclude", "highlight", "parsed-literal", "prompt"])
_LEFT_OUT_NAMES = """
toctree include image raw role default-role contents index only tabularcolumns meta sectnum header footer target-notes
automodule autoclass autofunction automethod currentmodule module highlight literalinclude bibliography replace unicode
date class container sectionauthor codeauthor rst-class plot graphviz mermaid testsetup testcleanup
"""
_LEFT_OUT = frozenset(_LEFT_OUT_NAMES.split())


@dataclass
class _State:
    blocks: Blocks = field(default_factory=Blocks)
    levels: list[str] = field(default_factory=list)  # adornments in the order they were met
    definitions: list[tuple[str, str]] = field(default_factory=list)
    title: str = ""


def read_rst(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document; the first heading is its title, ``.. glossary::`` gives its definitions."""
    state = _State()
    _body(text.expandtabs(8).split("\n"), state)
    yield Parsed(title=state.title, blocks=state.blocks.finished(), definitions=tuple(state.definitions))


def _body(lines: list[str], state: _State) -> None:
    at = 0
    while at < len(lines):
        at = _element(lines, at, state)


def _element(lines: list[str], at: int, state: _State) -> int:  # noqa: PLR0911 - one way out an element
    """Read the element that begins in line ``at``; return the line behind it."""
    line = lines[at].strip()
    if not line:
        return at + 1
    if heading := _heading(lines, at):
        words, mark, after = heading
        _add_heading(words, mark, state)
        return after
    if lines[at].startswith(".."):
        return _explicit(lines, at, state)
    if line.startswith("+-") and line.endswith("+"):
        after = _while(lines, at, lambda text: text.lstrip()[:1] in ("+", "|"))
        state.blocks.table([[inline(cell) for cell in row] for row in grid_rows(lines[at:after])])
        return after
    if is_simple_border(line):
        rows, after = simple_rows(lines, at)
        state.blocks.table([[inline(cell) for cell in row] for row in rows])
        return after
    if _ADORNMENT.fullmatch(line):  # a transition
        return at + 1
    return _paragraph(lines, at, state)


def _heading(lines: list[str], at: int) -> tuple[str, str, int] | None:
    """Return (words, adornment, line behind) if a heading begins here, over- and underlined or underlined."""
    line, below = lines[at].rstrip(), lines[at + 1].rstrip() if at + 1 < len(lines) else ""
    under = lines[at + 2].rstrip() if at + 2 < len(lines) else ""
    if _ADORNMENT.fullmatch(line) and below.strip() and under == line:
        return below.strip(), line[0] * 2, at + 3
    ruled = _ADORNMENT.fullmatch(below) and not _ADORNMENT.fullmatch(line) and not line[:1].isspace()
    if ruled and (len(below) >= 4 or len(below) >= len(line)):
        return line.strip(), below[0], at + 2
    return None


def _add_heading(words: str, mark: str, state: _State) -> None:
    if mark not in state.levels:
        state.levels.append(mark)
    state.title = state.title or inline(words)
    state.blocks.heading(inline(words), state.levels.index(mark) + 1)


def _explicit(lines: list[str], at: int, state: _State) -> int:
    """Read a directive, a footnote, a target or a comment: all begin with two dots, their body is indented."""
    after = _indented(lines, at + 1)
    first = lines[at].rstrip()
    if directive := _DIRECTIVE.match(first):
        _directive(directive.group(1).lower(), directive.group(2), _dedented(lines[at + 1 : after]), state)
    elif footnote := _FOOTNOTE.match(first):
        state.blocks.whole(inline(" ".join([footnote.group(1), *lines[at + 1 : after]])))
    return after


def _directive(name: str, argument: str, body: list[str], state: _State) -> None:
    options = _while(body, 0, lambda text: bool(_OPTION.match(text)))
    content = body[options:]
    if name in _LEFT_OUT:
        return
    if name in _LISTINGS:
        state.blocks.whole("```\n" + "\n".join(content).strip("\n") + "\n```" if any(content) else "")
    elif name == "math":
        formula = one_line(" ".join([argument, *content]))
        state.blocks.whole(f"$${formula}$$" if formula else "")
    elif name in ("csv-table", "list-table"):
        state.blocks.whole(inline(argument))
        rows = csv_rows(body[:options], content) if name == "csv-table" else list_rows(content)
        state.blocks.table([[inline(cell) for cell in row] for row in rows])
    elif name == "glossary":
        _glossary(content, state)
    else:  # notes, figures, tables with a title, and directives of others: their text counts
        state.blocks.whole("" if name == "figure" else inline(argument))
        _body(content, state)


def _glossary(content: list[str], state: _State) -> None:
    at = 0
    while at < len(content):
        terms = []
        while at < len(content) and content[at].strip() and not content[at].startswith(" "):
            terms.append(inline(content[at].split(" : ")[0]))
            at += 1
        after = _indented(content, at)
        meaning = inline(" ".join(content[at:after]))
        for term in filter(None, terms if meaning else []):
            state.definitions.append((term, meaning))
            state.blocks.whole(f"{term}: {meaning}")
        at = max(after, at + 1) if not terms else max(after, at)


def _paragraph(lines: list[str], at: int, state: _State) -> int:
    """Read lines up to a blank one, or to a list item; two colons at the end make what follows a listing."""
    after = at + 1
    while after < len(lines) and lines[after].strip() and not _ITEM.match(lines[after].lstrip()):
        after += 1
    words = " ".join(line.strip() for line in lines[at:after])
    listing = words.endswith("::")
    words = re.sub(r"(?:^|\s)::$", "", words) if words.endswith((" ::", "\n::")) or words == "::" else words
    words = words[:-1] if words.endswith("::") else words
    named = _FIELD.match(words)
    item = _ITEM.match(words)
    if item:
        mark = "- " if item.group()[0] in "-*+•" else item.group()
        state.blocks.whole(mark + inline(words[item.end() :]))
    elif named:
        state.blocks.whole(f"{named.group(1)}: {inline(named.group(2) or '')}".rstrip(": "))
    else:
        state.blocks.whole(inline(words))
    return _listing(lines, after, len(lines[at]) - len(lines[at].lstrip()), state) if listing else after


def _listing(lines: list[str], at: int, margin: int, state: _State) -> int:
    after = _indented(lines, at, margin)
    body = "\n".join(_dedented(lines[at:after])).strip("\n")
    state.blocks.whole(f"```\n{body}\n```" if body else "")
    return after


def _indented(lines: list[str], at: int, margin: int = 0) -> int:
    """Return the line behind the blank and indented ones that begin at ``at``, blank ones at the end not counted."""
    after = last = at
    while after < len(lines) and (not lines[after].strip() or lines[after].startswith(" " * (margin + 1))):
        after += 1
        last = after if lines[after - 1].strip() else last
    return last


def _dedented(lines: list[str]) -> list[str]:
    margins = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(margins, default=0)
    return [line[margin:].rstrip() for line in lines]


def _while(lines: list[str], at: int, holds: Callable[[str], bool]) -> int:
    while at < len(lines) and lines[at].strip() and holds(lines[at]):
        at += 1
    return at
