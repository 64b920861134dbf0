"""Walk a corpus and open its files. What cannot be read is set aside with the reason, and the rest goes on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .readers.apart import read_apart
from .readers.formats import MAX_BYTES, MAX_PACKED_BYTES, decode, format_of
from .readers.parsed import Parsed, Rejected, Unreadable

Mine = Callable[[str], bool]  # whether the file at a path below the corpus is to be read
APART_FROM = 1024 * 1024  # bytes from which text too is parsed in a process of its own


@dataclass(frozen=True)
class Quarantined:
    """A file, folder or row that did not come in. ``path`` is relative to the corpus."""

    path: str
    reason: str


@dataclass(frozen=True)
class Opened:
    """A file of a known format: ``parts`` parses it, in a process of its own unless it is a small text."""

    path: str
    parts: Callable[[], Iterator[Parsed | Rejected]]


@dataclass(frozen=True)
class GraphFile:
    """A file of facts below the corpus: no document; `srm_knowledge.importing` reads it."""

    path: str
    file: Path
    suffix: str


def walk(root: Path, mine: Mine = lambda name: True) -> Iterator[Opened | GraphFile | Quarantined]:
    """Yield every file below ``root``, or ``root`` itself, by sorted path; links to folders are not followed.

    Of files whose path below the root is not ``mine`` nothing is read.
    """
    if root.is_dir():
        yield from _folder(root, root, mine)
    elif mine(root.name):
        yield _file(root, root.name)  # the user named it, so it may be a link to anywhere


def _folder(folder: Path, root: Path, mine: Mine) -> Iterator[Opened | GraphFile | Quarantined]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        if mine(_relative(folder, root)):
            yield Quarantined(_relative(folder, root), f"cannot be listed: {error.strerror}")
        return
    for path in entries:
        name = _relative(path, root)
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            yield from _folder(path, root, mine)
        elif not mine(name):
            continue
        elif path.name.startswith("."):
            yield Quarantined(name, "hidden")
        elif path.is_symlink() and path.is_dir():
            yield Quarantined(name, "a link to a folder is not followed")
        elif path.is_symlink() and not _inside(path, root):
            yield Quarantined(name, "a link that leads out of the corpus is not followed")
        else:
            yield _file(path, name)


def _inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _relative(path: Path, root: Path) -> str:
    """Return the path below the root, with any byte that is no UTF-8 written as ``\\xNN``."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _file(path: Path, name: str) -> Opened | GraphFile | Quarantined:
    try:
        found = format_of(path.name)
        if found.reader is not None and _size(path) <= APART_FROM:
            return Opened(name, partial(_some, partial(found.reader, decode(_bytes(path)))))
        _check(path, MAX_PACKED_BYTES if found.packed or found.facts else MAX_BYTES)
        if found.facts is not None:
            return GraphFile(name, path, found.suffix)
        return Opened(name, partial(_some, partial(read_apart, path, found.suffix)))
    except Unreadable as error:
        return Quarantined(name, str(error))
    except OSError as error:
        return Quarantined(name, f"cannot be read: {error.strerror or error}")


def _some(parts: Callable[[], Iterator[Parsed | Rejected]]) -> Iterator[Parsed | Rejected]:
    """Yield ``parts``; a file that gives none is unreadable, so that no file goes uncounted."""
    empty = True
    for part in parts():
        empty = False
        yield part
    if empty:
        raise Unreadable("holds nothing to read")


def _bytes(path: Path) -> bytes:
    """Return the content of a regular file; the size is looked at before a byte is read."""
    _check(path, MAX_BYTES)
    return path.read_bytes()


def _size(path: Path) -> int:
    return path.stat().st_size


def _check(path: Path, limit: int) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file")
    if status.st_size > limit:
        raise Unreadable(f"larger than {limit // 1024**2} MB ({status.st_size} bytes); split it")
