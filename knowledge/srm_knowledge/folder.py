"""Walk a corpus and decode its files. What cannot be read is set aside with the reason, and the rest goes on."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .readers.parsed import Reader, Unreadable

MAX_BYTES = 20 * 1024 * 1024
_ABOUT = frozenset(
    {"license", "licence", "readme", "source", "sources", "notice", "copying", "authors", "contributing"}
)
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}
MAX_CONTROLS = 0.01  # share of control characters above which a file is taken for binary


@dataclass(frozen=True)
class Quarantined:
    """A file, folder or row that did not come in. ``path`` is relative to the corpus."""

    path: str
    reason: str


@dataclass(frozen=True)
class Decoded:
    """The text of one file, in NFC and with ``\\n`` line ends, and the reader of its format."""

    path: str
    text: str
    reader: Reader


def walk(root: Path) -> Iterator[Decoded | Quarantined]:
    """Yield every file below ``root``, or ``root`` itself, by sorted path; links to folders are not followed."""
    if root.is_dir():
        yield from _folder(root, root)
    else:
        yield _file(root, root.name)


def _folder(folder: Path, root: Path) -> Iterator[Decoded | Quarantined]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        yield Quarantined(_relative(folder, root), f"cannot be listed: {error.strerror}")
        return
    for path in entries:
        name = _relative(path, root)
        if path.name.startswith("."):
            yield Quarantined(name, "hidden")
        elif path.is_symlink() and path.is_dir():
            yield Quarantined(name, "a link to a folder is not followed")
        elif path.is_dir():
            yield from _folder(path, root)
        else:
            yield _file(path, name)


def _relative(path: Path, root: Path) -> str:
    """Return the path below the root, with any byte that is no UTF-8 written as ``\\xNN``."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _file(path: Path, name: str) -> Decoded | Quarantined:
    try:
        reader = _reader(path)
        return Decoded(name, _decode(_bytes(path)), reader)
    except Unreadable as error:
        return Quarantined(name, str(error))
    except OSError as error:
        return Quarantined(name, f"cannot be read: {error.strerror or error}")


def _reader(path: Path) -> Reader:
    readers = readers_by_suffix()
    lower = path.name.lower()
    if lower.partition(".")[0] in _ABOUT:
        raise Unreadable("tells about the corpus, is no part of it")
    if lower.endswith(".collection.xml"):
        raise Unreadable("a table of contents, not text")
    if path.suffix.lower() not in readers:
        raise Unreadable(f"no reader for {path.suffix or 'a name without suffix'}; there are: {', '.join(readers)}")
    return readers[path.suffix.lower()]


def readers_by_suffix() -> dict[str, Reader]:
    """Return which reader serves which file name suffix."""
    from .readers.cnxml import read_cnxml
    from .readers.html import read_html
    from .readers.jsonl import read_jsonl
    from .readers.markdown import read_markdown
    from .readers.text import read_text

    return {
        ".txt": read_text,
        ".text": read_text,
        ".md": read_markdown,
        ".markdown": read_markdown,
        ".jsonl": read_jsonl,
        ".ndjson": read_jsonl,
        ".html": read_html,
        ".htm": read_html,
        ".cnxml": read_cnxml,
    }


def _bytes(path: Path) -> bytes:
    """Return the content of a regular file; the size is looked at before a byte is read."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not a regular file")
    if status.st_size > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES // 1024**2} MB ({status.st_size} bytes); split it")
    return path.read_bytes()


def _decode(data: bytes) -> str:
    if not data.strip():
        raise Unreadable("empty")
    if b"\0" in data:
        raise Unreadable("binary, or not UTF-8 (it holds NUL bytes)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 (byte 0x{data[error.start]:02x} at offset {error.start})") from None
    if sum(byte in _CONTROLS for byte in data[:65536]) > MAX_CONTROLS * min(len(data), 65536):
        raise Unreadable("binary (it is full of control characters)")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise Unreadable("empty")
    return text
