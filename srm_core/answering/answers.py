"""What a strategy gives: its steps, a draft, and the answer that is left of it after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..records import Evidence

NOTHING = "nothing in the knowledge base bears on the question"
Retrieve = Callable[[str], Sequence[Evidence]]  # what the plugins find for a text, best first


@dataclass(frozen=True)
class Step:
    """One step before the answer. ``retrieved`` and ``kept`` are ids of passages and facts, best first."""

    name: str  # "sub-query", "sub-answer", "reasoning", "condensed", "relevance", "sentences"
    said: str  # what the model wrote
    query: str = ""  # what was searched for, or what the step was asked about
    retrieved: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # what of it goes on to the next step
    note: str = ""  # why nothing is kept, or why it was the last


class Failed(Exception):
    """``count`` steps cannot be read, or the tokens do not suffice for them, and the strategy is given up."""

    def __init__(self, steps: Sequence[Step], why: str, count: int = 1) -> None:
        super().__init__(why)
        self.steps = tuple(steps)
        self.count = count


@dataclass(frozen=True)
class Draft:
    """What a strategy came to, before it is tested. ``cites`` are as said: they may point at nothing."""

    text: str
    answer: str | None
    cites: tuple[int, ...]
    evidence: tuple[Evidence, ...]
    steps: tuple[Step, ...] = ()
    why: str = ""  # why there is no answer
    failed: int = 0  # steps that could not be read or taken, so that this draft was made by ``single`` instead
    note: str = ""  # why they failed


@dataclass(frozen=True)
class Answer:
    """What the student said. ``answer`` is None if it abstains; ``cites`` are 1-based places in ``evidence``."""

    text: str
    answer: str | None
    evidence: tuple[Evidence, ...]
    cites: tuple[int, ...]
    why: str = ""  # why it abstains
    steps: tuple[Step, ...] = ()  # what was done before it, in order
    failed: int = 0  # steps that could not be read or taken: with any, ``single`` gave the answer
    note: str = ""  # that, in words


def weighed(first: Draft, without: Callable[[tuple[Evidence, ...]], str | None]) -> Answer:
    """Keep the answer of ``first`` only if it rests on what it cites.

    ``without`` gives the answer that comes when the given evidence is withheld; None if none comes. It is called only
    if there is an answer that cites something which exists.
    """
    real = tuple(n for n in first.cites if 1 <= n <= len(first.evidence))

    def judged(answer: str | None, cites: tuple[int, ...], why: str = "") -> Answer:
        return Answer(first.text, answer, first.evidence, cites, why, first.steps, first.failed)

    if first.answer is None:
        return judged(None, real, first.why or "it gave no single answer")
    if not real:
        return judged(None, (), "it cites nothing that exists")
    again = without(tuple(first.evidence[n - 1] for n in real))
    if again is not None and again.casefold() == first.answer.casefold():
        return judged(None, real, "the same answer came without the evidence it cites")
    return judged(first.answer, real)


def ids(pieces: Iterable[Evidence]) -> tuple[str, ...]:
    """Return what ``pieces`` stand on, each id once, in order."""
    return tuple(dict.fromkeys(name for piece in pieces for name in piece.cites))


def withholding(retrieve: Retrieve, gone: Iterable[Evidence]) -> Retrieve:
    """Return ``retrieve`` without any piece that stands on an id of ``gone``."""
    names = set(ids(gone))
    return lambda text: tuple(piece for piece in retrieve(text) if names.isdisjoint(piece.cites))
