"""Markdown: kept as it is written; the first heading is the title, definition lists are the glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .parsed import Parsed, Rejected, one_line
from .text import paragraphs

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(.+)$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.*?)[ \t#]*$")
_FENCE = re.compile(r"^[ \t]*(```|~~~)")
_MEANING = re.compile(r"^:[ \t]+(.+)$")


def read_markdown(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the one document of a Markdown file; front matter gives the title and is left out."""
    front = _FRONT_MATTER.match(text)
    named = _TITLE.search(front.group()) if front else None
    body = text[front.end() :] if front else text
    lines = body.split("\n")
    heading = next((match.group(1) for _, match in _matches(_HEADING, lines)), "")
    title = named.group(1).strip().strip("\"'") if named else one_line(heading)
    yield Parsed(title=title, blocks=_blocks(body), definitions=tuple(_definitions(lines)))


def _blocks(body: str) -> tuple[str, ...]:
    """Return the paragraphs; a fenced listing with blank lines inside stays one block."""
    blocks: list[str] = []
    fence = ""  # the mark that closes the listing we are in
    for block in paragraphs(body):
        if fence:
            blocks[-1] += "\n\n" + block
        else:
            blocks.append(block)
        for line in block.split("\n"):
            fence = _after(line, fence)
    return tuple(blocks)


def _after(line: str, fence: str) -> str:
    match = _FENCE.match(line)
    if not match:
        return fence
    if not fence:
        return match.group(1)
    return "" if match.group(1) == fence else fence


def _matches(pattern: re.Pattern[str], lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    fence = ""
    for number, line in enumerate(lines):
        inside, fence = fence, _after(line, fence)
        match = pattern.match(line)
        if match and not inside:
            yield number, match


def _definitions(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (term, meaning) of lists of the form ``Term`` newline ``: meaning``; a term may have several meanings."""
    for number, match in _matches(_MEANING, lines):
        above = number - 1
        while above >= 0 and (_MEANING.match(lines[above]) or (not lines[above].strip() and above == number - 1)):
            above -= 1
        term = one_line(lines[above].strip("*_ \t")) if above >= 0 else ""
        if term and not term.startswith(("#", "-", ">", "|")):
            yield term, one_line(match.group(1))
