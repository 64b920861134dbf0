"""The tables of reStructuredText as rows of cells: grids, simple tables, and the directives that make them."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

_BORDER = re.compile(r"=+(?: +=+)+")
_HEADER = re.compile(r"\s*:header:\s*(.*)")


def is_simple_border(line: str) -> bool:
    """Tell whether ``line`` is a border of a simple table: runs of ``=`` with blanks between."""
    return _BORDER.fullmatch(line.strip()) is not None


def grid_rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of a grid table. Cells are cut at the bars of each row, so those that span keep their text."""
    rows: list[list[str]] = []
    opened = False
    for line in (raw.strip() for raw in lines):
        if line.startswith("+"):
            opened = False
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if opened and len(cells) == len(rows[-1]):
                rows[-1] = [f"{before} {cell}".strip() for before, cell in zip(rows[-1], cells, strict=True)]
            else:
                rows.append(cells)
            opened = True
    return rows


def simple_rows(lines: Sequence[str], at: int) -> tuple[list[list[str]], int]:
    """Return the rows of the simple table whose border is line ``at``, and the line behind it.

    A line whose first cell is empty goes on with the row above. The table ends at the border that a blank line follows.
    """
    edges = [(run.start(), run.end()) for run in re.finditer("=+", lines[at])]
    rows: list[list[str]] = []
    after = at + 1
    while after < len(lines):
        line = lines[after]
        after += 1
        if is_simple_border(line):
            if after >= len(lines) or not lines[after].strip():
                break
        elif set(line) - {"-", " "}:
            _add_row(rows, [line[start : end if end != edges[-1][1] else None].strip() for start, end in edges])
    return rows, after


def _add_row(rows: list[list[str]], cells: list[str]) -> None:
    if rows and not cells[0]:
        rows[-1] = [f"{before} {cell}".strip() for before, cell in zip(rows[-1], cells, strict=True)]
    else:
        rows.append(cells)


def csv_rows(options: Sequence[str], content: Sequence[str]) -> list[list[str]]:
    """Return the rows of ``.. csv-table::``, its option ``:header:`` first."""
    head = next((found.group(1) for found in map(_HEADER.match, options) if found), "")
    lines = [line for line in [head, *content] if line.strip()]
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(lines, skipinitialspace=True)]
    except csv.Error:  # a broken table keeps its lines
        return [[line] for line in lines]


def list_rows(content: Sequence[str]) -> list[list[str]]:
    """Return the rows of ``.. list-table::``, a list of lists: ``* - cell`` begins a row, ``- cell`` a cell."""
    rows: list[list[str]] = []
    for line in content:
        text = line.strip()
        if text.startswith("* "):
            rows.append([])
            text = text[2:].strip()
        if not rows or not text:
            continue
        if text == "-" or text.startswith("- "):
            rows[-1].append(text[1:].strip())
        elif rows[-1]:
            rows[-1][-1] += " " + text
    return rows
