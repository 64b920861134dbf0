"""The knowledge graph and the corpus: the rule book, and Python's own help topics."""

from __future__ import annotations

import functools
import platform
from collections.abc import Iterator

from srm_core.config import PackConfig
from srm_core.records import Document, Source, Triple, digest

from .rules import rule_triple, rules


def triples(config: PackConfig) -> Iterator[Triple]:
    """Yield every rule, each once, in the order of the rule book."""
    for name in rules():
        yield rule_triple(name)


@functools.cache
def topics_source() -> Source:
    """Return the source of the help topics: the Python documentation that every interpreter carries."""
    return Source(
        name="Python documentation (pydoc topics)",
        licence="PSF-2.0",
        version=platform.python_version(),
        url="https://docs.python.org/3/license.html",
    )


def documents(config: PackConfig) -> Iterator[Document]:
    """Yield at most ``config.max_documents`` help topics, chosen by the hash of their names, in alphabetical order."""
    from pydoc_data.topics import topics

    chosen = sorted(topics, key=digest)[: config.max_documents]
    for name in sorted(chosen):
        text = topics[name].strip()
        if text:
            yield Document(
                text=text,
                title=name,
                path=f"pydoc/{name}",
                source=topics_source(),
                breaks=tuple(_paragraphs(text)),
            )


def _paragraphs(text: str) -> Iterator[int]:
    at = text.find("\n\n")
    while 0 <= at < len(text) - 2:
        yield at + 2
        at = text.find("\n\n", at + 2)
