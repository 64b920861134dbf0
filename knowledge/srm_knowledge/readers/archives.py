"""Zip, tar and gzip archives: each file inside is read as if it lay in a folder. Nothing is ever written to disk."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from .formats import ARCHIVES, MAX_BYTES, decode, format_of
from .packed import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_RATIO, MAX_TOTAL_BYTES, check_name, check_size, open_zip, unpack
from .parsed import Parsed, Rejected, Unreadable

INSIDE = "!/"  # stands between the archive's path and that of a file inside
_DAMAGED = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError)


def read_zip(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the documents of every file in a zip; what is refused is rejected by its name.

    Raises:
        Unreadable: no zip, too many files, or more than `MAX_TOTAL_BYTES` in all.
    """
    with open_zip(data) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        _check_total(sum(info.file_size for info in members))
        for info in sorted(members, key=lambda item: item.filename):
            try:
                yield from _parts(info.filename, unpack(archive, info, _limit(info.filename)))
            except (Unreadable, RecursionError) as error:
                yield _rejected(info.filename, error)


def read_tar(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the documents of every regular file in a tar, packed or not. Links and devices are rejected.

    Raises:
        Unreadable: no tar, damaged, too many files, or more than `MAX_TOTAL_BYTES` in all.
    """
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|*", errorlevel=1) as archive:
            for number, info in enumerate(archive):
                total += info.size
                _check_total(total, len(data))
                if number >= MAX_MEMBERS:
                    raise Unreadable(f"holds more than {MAX_MEMBERS} files")
                if not info.isdir():
                    yield from _tar_member(archive, info)
    except _DAMAGED as error:
        raise error if isinstance(error, Unreadable) else Unreadable(f"not a tar that can be read: {error}") from None


def read_gzip(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the documents of the one file in a gzip, which is named in it. Raises `Unreadable` if it is damaged."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(MAX_MEMBER_BYTES + 1)
    except (zlib.error, EOFError, OSError) as error:
        raise Unreadable(f"not a gzip file that can be read: {error}") from None
    check_size(len(unpacked), len(data), MAX_MEMBER_BYTES)
    name = _gzip_name(data) or ("content.jsonl" if unpacked.lstrip()[:1] == b"{" else "content.txt")
    yield from (replace(part, place=INSIDE + name + part.place) for part in _parsed(name, unpacked))


def _gzip_name(data: bytes) -> str:
    """Return the name in the header (RFC 1952, flag FNAME); nothing if there is none."""
    if len(data) > 10 and data[3] & 8 and not data[3] & 4:
        return PurePosixPath(data[10 : data.find(b"\0", 10)].decode("latin-1")).name
    return ""


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Iterator[Parsed | Rejected]:
    try:
        if info.issym() or info.islnk():
            raise Unreadable("a link inside an archive is not followed")
        if not info.isreg():
            raise Unreadable("not a regular file")
        check_name(info.name)
        check_size(info.size, info.size, _limit(info.name))
        stream = archive.extractfile(info)
        yield from _parts(info.name, stream.read() if stream else b"")
    except (Unreadable, RecursionError) as error:
        yield _rejected(info.name, error)


def _limit(name: str) -> int:
    reads_text = format_of(name).reader is not None
    return MAX_BYTES if reads_text else MAX_MEMBER_BYTES


def _check_total(total: int, packed: int = 0) -> None:
    if total > MAX_TOTAL_BYTES:
        raise Unreadable(f"unpacks to more than {MAX_TOTAL_BYTES // 1024**2} MB in all")
    if packed and total > 10 * MAX_BYTES and total > MAX_RATIO * packed:
        raise Unreadable(f"unpacks to more than {MAX_RATIO} times its size, like a bomb")


def _parts(name: str, data: bytes) -> Iterator[Parsed | Rejected]:
    place = INSIDE + _shown(name)
    for part in _parsed(name, data):
        yield replace(part, place=place + part.place)


def _parsed(name: str, data: bytes) -> Iterator[Parsed | Rejected]:
    if any(step.startswith(".") for step in name.split("/")):
        raise Unreadable("hidden")
    found = format_of(name)
    if found.suffix in ARCHIVES:
        raise Unreadable("an archive inside an archive is not opened")
    if found.facts is not None:
        raise Unreadable("a graph inside an archive is not read; unpack it")
    if found.reader is not None:
        yield from found.reader(decode(data))
    elif found.packed is not None:
        yield from found.packed(data)


def _rejected(name: str, error: Unreadable | RecursionError) -> Rejected:
    reason = str(error) if isinstance(error, Unreadable) else "nested too deeply"
    return Rejected(INSIDE + _shown(name), reason)


def _shown(name: str) -> str:
    """Return the name with bytes that are no UTF-8 and control characters written out."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in shown)
