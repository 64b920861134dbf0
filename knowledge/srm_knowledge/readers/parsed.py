"""What a reader gives: the title, the blocks of text and the glossary of one document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Parsed:
    """One document of a file. ``place`` tells several documents of one file apart, e.g. ``:3`` for row 3."""

    title: str
    blocks: tuple[str, ...]
    definitions: tuple[tuple[str, str], ...] = ()  # (term, meaning)
    place: str = ""


@dataclass(frozen=True)
class Rejected:
    """One part of a file that cannot be read while the rest can."""

    place: str
    reason: str


@dataclass(frozen=True)
class Fact:
    """One statement of a graph file. Subject and predicate are IRIs or ``_:label`` for a node without a name.

    ``datatype`` (an IRI) or ``language`` is set for a literal; else ``object`` is like the subject.
    """

    subject: str
    predicate: str
    object: str
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True)
class Shorthand:
    """A prefix that a graph file declares for a namespace."""

    prefix: str
    namespace: str


class Unreadable(ValueError):
    """The file is not of its format; the message is the reason."""


Reader = Callable[[str], Iterator[Parsed | Rejected]]
FactReader = Callable[[str], Iterator[Fact | Shorthand]]


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one blank."""
    return " ".join(text.split())
