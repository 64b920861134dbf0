"""Collect text into blocks, tables into pipe tables: what readers of marked-up formats share."""

from __future__ import annotations

from collections.abc import Sequence

from .parsed import one_line

ROWS = 20  # of a table in one block; each further block repeats the head
MAX_LEVEL = 6


class Blocks:
    """Blocks in reading order. ``add`` goes on with a paragraph, ``end`` closes it, ``whole`` adds a block as it is."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._open: list[str] = []

    def add(self, text: str) -> None:
        """Append ``text`` to the paragraph that is open."""
        self._open.append(text)

    def end(self) -> None:
        """Close the paragraph; white space in it becomes single blanks. An empty one is no block.

        The mark of a list item waits for its words, which may begin a paragraph of their own.
        """
        text = one_line("".join(self._open))
        self._open[:] = ["- "] if text == "-" else []
        if text and text != "-":
            self._done.append(text)

    def whole(self, text: str) -> None:
        """Close the paragraph and add a block whose line ends are kept."""
        self.end()
        self._open.clear()
        if text.strip():
            self._done.append(text.strip("\n"))

    def heading(self, text: str, level: int) -> None:
        """Add a heading of level 1 to 6 in the form ``## Words``."""
        if one_line(text):
            self.whole("#" * max(1, min(level, MAX_LEVEL)) + " " + one_line(text))

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Add a table, the first row as its head."""
        for block in pipe_tables(rows):
            self.whole(block)

    def finished(self) -> tuple[str, ...]:
        """Return all blocks."""
        self.end()
        return tuple(self._done)


def pipe_tables(rows: Sequence[Sequence[str]], size: int = ROWS) -> list[str]:
    """Return ``rows`` as pipe tables of at most ``size`` rows below the head, the head repeated in each.

    Cells become one line, a bar inside one is written ``\\|``, short rows are filled with empty cells. Rows without
    any text are dropped; a table of one row is its head alone.
    """
    cells = [[one_line(cell).replace("|", "\\|") for cell in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return []
    width = max(len(row) for row in cells)
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    head = [lines[0], "|" + " --- |" * width]
    body = lines[1:]
    return ["\n".join([*head, *body[at : at + size]]) for at in range(0, max(len(body), 1), size)]
