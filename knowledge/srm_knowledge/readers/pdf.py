"""PDF with a text layer, by pypdf (the extra ``pdf``). Pictures of text are not read: there is no OCR here."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from .parsed import Parsed, Rejected, Unreadable, one_line
from .text import paragraphs

MAX_PAGES = 5000
NEEDS = "needs pypdf: pip install 'srm-sdk[pdf]'"


def read_pdf(data: bytes) -> Iterator[Parsed | Rejected]:
    """Yield the one document: a block for each paragraph, words that are cut at line ends joined again.

    Raises:
        Unreadable: pypdf is missing, the file is damaged or encrypted, too long, or has no text layer.
    """
    try:
        pypdf, errors = import_module("pypdf"), import_module("pypdf.errors")
    except ImportError:
        raise Unreadable(NEEDS) from None
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        pages = _pages(reader)
        title = one_line(str((reader.metadata.title if reader.metadata else "") or ""))
    except (errors.PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"not a PDF that can be read: {type(error).__name__}: {error}"[:300]) from None
    blocks = tuple(one_line(_joined(block)) for page in pages for block in paragraphs(page))
    if not blocks:
        raise Unreadable("no text layer (pictures of pages need OCR first)")
    yield Parsed(title=title, blocks=blocks)


def _pages(reader: Any) -> list[str]:
    if reader.is_encrypted and not reader.decrypt(""):
        raise Unreadable("encrypted")
    if len(reader.pages) > MAX_PAGES:
        raise Unreadable(f"more than {MAX_PAGES} pages ({len(reader.pages)})")
    return [_clean(page.extract_text() or "") for page in reader.pages]


def _clean(text: str) -> str:
    """Return ``text`` without lone halves of surrogate pairs and control characters, which broken fonts give."""
    known = text.encode("utf-8", "ignore").decode()
    return "".join(character for character in known if character >= " " or character in "\n\t")


def _joined(block: str) -> str:
    """Return the lines as one, a hyphen between two lower-case letters at a line end taken out."""
    lines = block.split("\n")
    joined = lines[0]
    for line in lines[1:]:
        cut = joined.endswith("-") and joined[-2:-1].islower() and line[:1].islower()
        joined = joined[:-1] + line if cut else joined + " " + line
    return joined
