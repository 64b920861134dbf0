"""Sequences as a decoder has read them: which tokens stand in which pages, and reading on from there."""

# V vocabulary

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch

from .kernels.batch import MOST_OUTPUTS, MOST_TOKENS, Batch, Decoder
from .pages import BLOCK, PagePool, page_keys

T = TypeVar("T")


@dataclass
class Reading:
    """The pages of one sequence; ``length`` tokens of ``ids`` stand in them, the first ``prompt`` were given."""

    ids: list[int]
    pages: list[int] = field(default_factory=list)
    length: int = 0
    prompt: int = 0

    @property
    def left(self) -> int:
        """How many tokens are not read yet."""
        return len(self.ids) - self.length


Piece = tuple[Reading, int, list[int]]  # a sequence, how many tokens are read, after which of them logits are wanted


def read(decoder: Decoder, pool: PagePool, pieces: Sequence[Piece]) -> torch.Tensor:
    """Read the next tokens of each sequence in one pass; return the logits (places, V) where wanted, in order."""
    ids: list[int] = []
    positions: list[int] = []
    numbers: list[int] = []
    outputs: list[int] = []
    for number, (reading, count, wanted) in enumerate(pieces):
        outputs += [len(ids) + place for place in wanted]
        end = reading.length + count
        ids += reading.ids[reading.length : end]
        positions += range(reading.length, end)
        numbers += [number] * count
        while len(reading.pages) * BLOCK < end:
            reading.pages.append(pool.take())
    tables = np.zeros((len(pieces), max(len(reading.pages) for reading, _, _ in pieces)), np.int32)
    for number, (reading, _, _) in enumerate(pieces):
        tables[number, : len(reading.pages)] = reading.pages
    arrays = [np.array(each, np.int32) for each in (ids, positions, numbers, outputs)]
    logits = decoder.forward(Batch(arrays[0], arrays[1], arrays[2], tables, arrays[3]), pool.slabs)
    for reading, count, _ in pieces:
        reading.length += count
    return logits


def pieces_of(reading: Reading) -> tuple[list[Piece], Piece]:
    """Cut what is left of a sequence to passes: the early ones, and the last, which wants the next token's logits."""
    early: list[Piece] = [(reading, MOST_TOKENS, [])] * ((reading.left - 1) // MOST_TOKENS)
    rest = reading.left - MOST_TOKENS * len(early)
    return early, (reading, rest, [rest - 1])


def find(pool: PagePool, reading: Reading, most: int) -> None:
    """Take the pages that are known of the first ``most`` tokens of a sequence of which nothing is read yet."""
    for key in page_keys(reading.ids[:most]):
        page = pool.find(key)
        if page is None:
            break
        reading.pages.append(pool.share(page))
        reading.length += BLOCK


def remember(pool: PagePool, reading: Reading) -> None:
    """Let the full pages of a prompt that was read serve others that begin like it."""
    for page, key in zip(reading.pages, page_keys(reading.ids[: reading.length]), strict=False):
        pool.remember(page, key)


def read_after(
    decoder: Decoder, pool: PagePool, prompt: Sequence[int], answer: Sequence[int]
) -> Iterator[tuple[Sequence[int], torch.Tensor]]:
    """Yield tokens of ``answer`` in order and the logits (tokens, V) that predict them, pass by pass.

    The logits are valid until the next pass. Of the prompt, only the last token's are asked for.
    """
    reading = Reading([*prompt, *answer[:-1]], prompt=len(prompt))
    try:
        find(pool, reading, len(prompt) - 1)
        while reading.left:
            first = max(reading.length, len(prompt) - 1)
            count = min(reading.left, MOST_TOKENS, first - reading.length + MOST_OUTPUTS)
            wanted = range(first, reading.length + count)
            logits = read(decoder, pool, [(reading, count, [place - reading.length for place in wanted])])
            remember(pool, reading)
            if wanted:
                yield [answer[place - len(prompt) + 1] for place in wanted], logits
    finally:
        pool.give_back(reading.pages)


def passes(items: Iterable[T], size: Callable[[T], tuple[int, int]]) -> Iterator[list[T]]:
    """Cut ``items`` to what one pass takes; ``size`` says how many tokens and rows of logits one item has in it."""
    together: list[T] = []
    tokens = outputs = 0
    for item in items:
        more, wanted = size(item)
        if together and (tokens + more > MOST_TOKENS or outputs + wanted > MOST_OUTPUTS):
            yield together
            together, tokens, outputs = [], 0, 0
        together.append(item)
        tokens, outputs = tokens + more, outputs + wanted
    if together:
        yield together
