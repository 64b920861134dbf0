"""Rows of published files, with one clear sentence where a file is not what it is taken for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from srm_core.errors import ConfigError

from .items import Skipped


def text_of(path: Path) -> str:
    """Return the file's text (UTF-8, a byte order mark is dropped).

    Raises:
        ConfigError: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; give the benchmark's file as its authors publish it"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from error


def table(path: Path, needed: Sequence[str], delimiter: str = ",") -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each row of a CSV or TSV file as (place, cells by column); a missing cell is empty.

    Raises:
        ConfigError: the file is not there, or a column of ``needed`` is missing from its first line.
    """
    # No quotes in the published TSV files: a sentence that begins with one must not swallow the next rows.
    text = io.StringIO(text_of(path), newline="")
    plain = delimiter == "\t"
    rows = csv.DictReader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)
    missing = [column for column in needed if column not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError(f"{path}: the columns {missing} are missing; it has {list(rows.fieldnames or ())}")
    try:
        for number, row in enumerate(rows, 1):
            yield f"row {number}", {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise ConfigError(f"{path}: damaged at line {rows.line_num} ({error})") from error


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any] | Skipped]]:
    """Yield each line that holds a JSON object as (place, object), and a `Skipped` for a line that does not."""
    for number, line in enumerate(text_of(path).splitlines(), 1):
        place = f"row {number}"
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError:
            yield place, Skipped(place, "no JSON")
            continue
        yield place, value if isinstance(value, dict) else Skipped(place, "no JSON object")


def json_file(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        ConfigError: the file is not there or holds no JSON.
    """
    try:
        return json.loads(text_of(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: not JSON (line {error.lineno}: {error.msg})") from error


def empty_cells(row: Mapping[str, str], needed: Sequence[str]) -> str:
    """Return the reason to leave ``row`` out, naming its empty cells, or "" if none of ``needed`` is empty."""
    empty = [column for column in needed if not row.get(column)]
    return f"empty: {', '.join(empty)}" if empty else ""
