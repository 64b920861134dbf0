"""Open zip files with limits: names, sizes, ratios and kinds of members are checked before a byte is unpacked."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib

from .parsed import Unreadable

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 400 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed; text packs to about a tenth, deflate's own limit is 1032
_RATIO_FROM = 1024 * 1024  # smaller members may have any ratio
_DRIVE = re.compile(r"^[A-Za-z]:")


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Return the zip in ``data``. Raises `Unreadable` when it is none or its members are too many."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, IndexError) as error:
        raise Unreadable(f"not a zip file that can be opened: {error}") from None
    if len(archive.infolist()) > MAX_MEMBERS:
        raise Unreadable(f"holds more than {MAX_MEMBERS} files ({len(archive.infolist())})")
    return archive


def member(archive: zipfile.ZipFile, name: str, limit: int = MAX_MEMBER_BYTES) -> bytes:
    """Return one member. Raises `Unreadable` when it is not there, refused, or damaged."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise Unreadable(f"holds no {name}") from None
    return unpack(archive, info, limit)


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int = MAX_MEMBER_BYTES) -> bytes:
    """Return the bytes of a member: at most ``limit``, whatever its header says.

    Raises:
        Unreadable: its name leaves the archive, it is a link, encrypted, too large, packed too tightly, or damaged.
    """
    check_name(info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Unreadable("a link inside an archive is not followed")
    if info.flag_bits & 1:
        raise Unreadable("encrypted")
    check_size(info.file_size, info.compress_size, limit)
    try:
        with archive.open(info) as stream:
            data = stream.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Unreadable(f"damaged in the archive: {error}") from None
    check_size(len(data), info.compress_size, limit)
    return data


def check_name(name: str) -> None:
    """Raise `Unreadable` if a member's name is absolute or leaves the archive's folder."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts or "\0" in name:
        raise Unreadable("its name leads out of the archive")


def check_size(size: int, packed: int, limit: int) -> None:
    """Raise `Unreadable` if a member is larger than ``limit`` bytes or packed more tightly than text ever is."""
    if size > limit:
        raise Unreadable(f"unpacks to more than {limit // 1024**2} MB")
    if size > _RATIO_FROM and size > MAX_RATIO * max(packed, 1):
        raise Unreadable(f"unpacks to more than {MAX_RATIO} times its size, like a zip bomb")
