"""CSV and TSV: kept as pipe tables; a table whose head names a column of text is a data set, a document a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from .blocks import pipe_tables
from .parsed import Parsed, Rejected, Unreadable, one_line
from .rows import part_of_row, text_column

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20


def read_csv(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the table of a CSV file, or its rows if it is a data set; the first row is the head.

    The delimiter is that of ``, ; tab |`` which cuts the first lines into the same number of cells, most of all.
    """
    yield from _parts(text, _delimiter(text))


def read_tsv(text: str) -> Iterator[Parsed | Rejected]:
    """Yield the table of a file with tabs between its cells, or its rows; the first row is the head."""
    yield from _parts(text, "\t")


def _parts(text: str, delimiter: str) -> Iterator[Parsed | Rejected]:
    """Rows that have not as many cells as the head are rejected by their line."""
    lines = _rows(text, delimiter)
    _, head = next(lines, (0, []))
    if len(head) < 2 and text_column(head) is None:
        raise Unreadable("a table of one column; give it as text, or name the column text")
    good: list[list[str]] = []
    dataset = text_column(head) is not None
    for line, row in lines:
        if len(row) != len(head):
            yield Rejected(f":{line}", f"the row has {len(row)} cells, the head {len(head)}")
        elif dataset:
            yield part_of_row(dict(zip(head, row, strict=True)), f":{line}")
        else:
            good.append(row)
    if not dataset:
        yield Parsed(title="", blocks=tuple(pipe_tables([head, *good])), definitions=_definitions(head, good))


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise Unreadable(f"a broken table, line {reader.line_num}: {error}") from None


def _delimiter(text: str) -> str:
    """Return the delimiter with the most cells among those that give every sampled row the same number."""
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        widths = []
        try:
            for _, row in zip(range(_SAMPLE_LINES), csv.reader(io.StringIO(text), delimiter=delimiter), strict=False):
                widths += [len(row)] if row else []
        except csv.Error:
            continue
        agreed = widths.count(widths[0]) * widths[0] if widths and widths[0] > 1 else 0
        if agreed > most:
            best, most = delimiter, agreed
    return best


def _definitions(head: list[str], rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    """Return (term, definition) of every row if the table has columns of these names."""
    names = [name.strip().lower() for name in head]
    if "term" not in names or "definition" not in names:
        return ()
    term, meaning = names.index("term"), names.index("definition")
    pairs = [(one_line(row[term]), one_line(row[meaning])) for row in rows]
    return tuple((word, says) for word, says in pairs if word and says)
