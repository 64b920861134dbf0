"""Parquet and Arrow, the files of Hugging Face data set folders: a document a row, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from .parsed import Parsed, Rejected, Unreadable
from .rows import TEXT_COLUMNS, part_of_row, text_column, title_column

BATCH = 1000
MAX_ROWS = 1_000_000


def read_parquet(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the rows of a Parquet file, their place counted from 1; only the columns of text and title are read.

    Raises:
        Unreadable: pyarrow is missing, the file is damaged, has no column of text, or more than `MAX_ROWS` rows.
    """
    arrow = _arrow()
    try:
        file = arrow.parquet.ParquetFile(arrow.BufferReader(data))
        wanted = _columns(file.schema_arrow.names)
        _check_rows(file.metadata.num_rows)
        yield from _rows(file.iter_batches(batch_size=BATCH, columns=wanted))
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"not a Parquet file that can be read: {error}"[:300]) from None


def read_arrow(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the rows of an Arrow stream or file, as data sets saved to a folder have them. Raises as `read_parquet`."""
    arrow = _arrow()
    try:
        file = arrow.ipc.open_file if data.startswith(b"ARROW1") else arrow.ipc.open_stream
        with file(arrow.BufferReader(data)) as opened:
            wanted = _columns(opened.schema.names)
            batches = (
                opened if file is arrow.ipc.open_stream else map(opened.get_batch, range(opened.num_record_batches))
            )
            yield from _rows(batch.select(wanted) for batch in batches)
    except (arrow.ArrowException, OSError) as error:
        raise Unreadable(f"not an Arrow file that can be read: {error}"[:300]) from None


def _arrow() -> Any:
    try:
        for module in ("pyarrow.ipc", "pyarrow.parquet"):
            import_module(module)
        return import_module("pyarrow")
    except ImportError:
        raise Unreadable("needs pyarrow: pip install pyarrow") from None


def _columns(names: list[str]) -> list[str]:
    text, title = text_column(names), title_column(names)
    if text is None:
        raise Unreadable(f"no column named {', '.join(TEXT_COLUMNS)}; there are: {', '.join(names)}"[:300])
    return [text] if title is None else [text, title]


def _check_rows(count: int) -> None:
    if count > MAX_ROWS:
        raise Unreadable(f"more than {MAX_ROWS} rows ({count}); split it")


def _rows(batches: Iterable[Any]) -> Iterator[Parsed | Rejected]:
    number = 0
    for batch in batches:
        _check_rows(number + batch.num_rows)
        columns = {name: batch.column(at) for at, name in enumerate(batch.schema.names)}
        for at in range(batch.num_rows):
            number += 1
            yield _row(columns, at, f":{number}")


def _row(columns: dict[str, Any], at: int, place: str) -> Parsed | Rejected:
    try:
        return part_of_row({name: column[at].as_py() for name, column in columns.items()}, place)
    except UnicodeDecodeError as error:
        return Rejected(place, f"not UTF-8 (byte 0x{error.object[error.start]:02x} at offset {error.start})")
