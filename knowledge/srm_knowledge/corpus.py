"""The user's corpus as documents: every file is read or set aside with its reason, and the licence is stated."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from srm_core.config import Corpus
from srm_core.errors import ConfigError
from srm_core.records import Document, Source

from .folder import GraphFile, Mine, Opened, Quarantined, walk
from .readers.apart import read_facts_apart
from .readers.parsed import Parsed, Rejected, Unreadable

_GAP = "\n\n"  # between two blocks


def read_corpus(corpus: Corpus, mine: Mine = lambda name: True) -> Iterator[Document | Quarantined]:
    """Return every document of ``corpus`` and everything that was set aside, by sorted path; of ``mine`` alone.

    Raises:
        ConfigError: the path does not exist, or no licence is stated. Raised at once, before anything is read.
    """
    return _documents(parse_corpus(corpus, mine), source_of_corpus(corpus))


def scan(corpus: Corpus) -> tuple[list[Document], list[Quarantined]]:
    """Return the documents of ``corpus`` and, apart, what was set aside. Raises as `read_corpus`."""
    found = list(read_corpus(corpus))
    return (
        [item for item in found if isinstance(item, Document)],
        [item for item in found if isinstance(item, Quarantined)],
    )


def source_of_corpus(corpus: Corpus) -> Source:
    """Return name (as given, or that of the folder) and licence. Raises `ConfigError` without a licence or path."""
    path = Path(corpus.path).expanduser()
    if not corpus.path or not path.exists():
        raise ConfigError(f"the corpus {corpus.path!r} does not exist; give a folder or a file")
    if not corpus.licence.strip():
        raise ConfigError(
            f"the corpus {corpus.path!r} states no licence; say under which terms you may use it with --licence, or "
            'licence = "CC-BY-4.0" (an SPDX id, or "proprietary") under [[ingest.corpus]] in srm.toml'
        )
    resolved = path.resolve()
    return Source(
        name=corpus.name or (resolved.name if resolved.is_dir() else resolved.stem) or "corpus",
        licence=corpus.licence.strip(),
    )


def parse_corpus(
    corpus: Corpus, mine: Mine = lambda name: True
) -> Iterator[tuple[str, Parsed] | GraphFile | Quarantined]:
    """Return (path, parsed document) of every document, files of facts unread, and what was set aside.

    Raises as `read_corpus`.
    """
    source_of_corpus(corpus)
    return (item for found in walk(Path(corpus.path).expanduser(), mine) for item in _parse(found))


def _parse(found: Opened | GraphFile | Quarantined) -> Iterator[tuple[str, Parsed] | GraphFile | Quarantined]:
    if isinstance(found, Quarantined | GraphFile):
        yield found
        return
    try:
        for part in found.parts():
            path = found.path + part.place
            yield Quarantined(path, part.reason) if isinstance(part, Rejected) else (path, part)
    except Unreadable as error:
        yield Quarantined(found.path, str(error))
    except RecursionError:
        yield Quarantined(found.path, "nested too deeply")


def _documents(
    parsed: Iterator[tuple[str, Parsed] | GraphFile | Quarantined], source: Source
) -> Iterator[Document | Quarantined]:
    for item in parsed:
        if isinstance(item, Quarantined):
            yield item
            continue
        if isinstance(item, GraphFile):
            yield from _unreadable(item)
            continue
        path, part = item
        document = _document(path, part, source)
        if document is None:
            yield Quarantined(path, "no text in it")
        else:
            yield document


def _unreadable(graph: GraphFile) -> Iterator[Quarantined]:
    """Read a file of facts to its end, so that one which cannot be read is set aside here and not lost later."""
    try:
        for _ in read_facts_apart(graph.file, graph.suffix):
            pass
    except Unreadable as error:
        yield Quarantined(graph.path, str(error))


def _document(path: str, part: Parsed, source: Source) -> Document | None:
    blocks = [unicodedata.normalize("NFC", block) for block in part.blocks]
    if not blocks:
        return None
    starts = tuple(accumulate(len(block) + len(_GAP) for block in blocks[:-1]))
    title = unicodedata.normalize("NFC", part.title)
    return Document(text=_GAP.join(blocks), title=title, path=path, source=source, breaks=starts)
