"""Which reader serves which file name, and how the bytes of a text file become text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from .parsed import FactReader, Parsed, Reader, Rejected, Unreadable

MAX_BYTES = 20 * 1024 * 1024  # of a text file
MAX_PACKED_BYTES = 200 * 1024 * 1024  # of a packed file; it is parsed in a process with a limit of memory
MAX_CONTROLS = 0.01  # share of control characters above which a file is taken for binary
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}
_ABOUT = frozenset(
    {"license", "licence", "readme", "source", "sources", "notice", "copying", "authors", "contributing"}
)
_ABOUT_DATA = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})

PackedReader = Callable[[bytes], Iterator[Parsed | Rejected]]
ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".gz"})


@dataclass(frozen=True)
class Format:
    """How a file is read: as text by ``reader``, or, apart in a worker process, as bytes by ``packed``.

    ``facts``: it is a graph and gives facts, no document; also read apart.
    """

    suffix: str
    reader: Reader | None = None
    packed: PackedReader | None = None
    facts: FactReader | None = None


def format_of(name: str) -> Format:
    """Return the format of the file ``name`` (its last part decides).

    Raises:
        Unreadable: no reader serves the suffix, or the file tells about the corpus instead of being part of it.
    """
    path = PurePosixPath(name)
    lower = path.name.lower()
    if lower.partition(".")[0] in _ABOUT:
        raise Unreadable("tells about the corpus, is no part of it")
    if lower in _ABOUT_DATA:
        raise Unreadable("tells about the data set, is no part of it")
    if lower.endswith(".collection.xml"):
        raise Unreadable("a table of contents, not text")
    texts, packed, facts = readers_by_suffix(), packed_by_suffix(), facts_by_suffix()
    for suffix in ("".join(path.suffixes[-2:]).lower(), path.suffix.lower()):
        if suffix in texts:
            return Format(suffix, reader=texts[suffix])
        if suffix in packed:
            return Format(suffix, packed=packed[suffix])
        if suffix in facts:
            return Format(suffix, facts=facts[suffix])
    known = ", ".join([*texts, *packed, *facts])
    raise Unreadable(f"no reader for {path.suffix or 'a name without suffix'}; there are: {known}")


def readers_by_suffix() -> dict[str, Reader]:
    """Return which reader serves which suffix of a text file."""
    from .cnxml import read_cnxml
    from .csv_table import read_csv, read_tsv
    from .jsonl import read_jsonl
    from .latex import read_latex
    from .markdown import read_markdown
    from .page import read_page
    from .rst import read_rst
    from .text import read_text
    from .xml import read_xml

    return {
        ".txt": read_text,
        ".text": read_text,
        ".md": read_markdown,
        ".markdown": read_markdown,
        ".jsonl": read_jsonl,
        ".ndjson": read_jsonl,
        ".html": read_page,
        ".htm": read_page,
        ".xhtml": read_page,
        ".cnxml": read_cnxml,
        ".xml": read_xml,
        ".nxml": read_xml,
        ".tex": read_latex,
        ".rst": read_rst,
        ".csv": read_csv,
        ".tsv": read_tsv,
        ".tab": read_tsv,
    }


def packed_by_suffix() -> dict[str, PackedReader]:
    """Return which reader serves which suffix of a file that is no text; these run in a worker process only."""
    from .archives import read_gzip, read_tar, read_zip
    from .docx import read_docx
    from .epub import read_epub
    from .parquet import read_arrow, read_parquet
    from .pdf import read_pdf

    tars = dict.fromkeys((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"), read_tar)
    return {
        ".docx": read_docx,
        ".epub": read_epub,
        ".pdf": read_pdf,
        ".parquet": read_parquet,
        ".arrow": read_arrow,
        ".zip": read_zip,
        **tars,
        ".gz": read_gzip,
    }


def facts_by_suffix() -> dict[str, FactReader]:
    """Return which reader serves which suffix of a file of facts; these run in a worker process only."""
    from .obo import read_obo
    from .rdf import read_jsonld, read_ntriples, read_rdfxml, read_turtle

    return {
        ".ttl": read_turtle,
        ".nt": read_ntriples,
        ".rdf": read_rdfxml,
        ".owl": read_rdfxml,
        ".jsonld": read_jsonld,
        ".obo": read_obo,
    }


def decode(data: bytes) -> str:
    """Return the text of ``data`` in NFC and with ``\\n`` line ends.

    Raises:
        Unreadable: empty, binary, or not UTF-8.
    """
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
