"""What one knowledge folder states that another does not; who states it makes no difference."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from srm_core.errors import ArtifactError

_FACT = "subject, predicate, object, datatype, language"
Stated = tuple[str, str, str, str, str]  # subject, predicate, object, datatype, language


def only_in(folder: Path, other: Path) -> Iterator[Stated]:
    """Yield the facts of the knowledge in ``folder`` that ``other`` lacks, sorted. Both are opened for reading only.

    Nodes without a name are called after their file, so the same node of two versions of a file is two nodes here.

    Raises:
        ArtifactError: a ledger is damaged.
    """
    query = f"SELECT {_FACT} FROM triples EXCEPT SELECT {_FACT} FROM other.triples ORDER BY 1, 2, 3, 4, 5"  # noqa: S608
    try:
        with closing(sqlite3.connect(_address(folder), uri=True)) as database:
            database.execute("ATTACH ? AS other", (_address(other),))
            yield from database.execute(query)
    except sqlite3.DatabaseError as error:
        raise ArtifactError(f"the ledger of {folder} or {other} is damaged or not ours ({error})") from None


def _address(folder: Path) -> str:
    return f"file:{quote(str(folder / 'ledger.sqlite'))}?mode=ro&immutable=1"
