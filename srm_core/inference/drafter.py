"""Speculative decoding by a second decoder: a small model, or the same one in 4 bits, says ahead what the model checks.

After Leviathan et al. 2023, algorithm 1: several tokens are drafted one by one, and read by the model in one pass. In
place of their rule of accepting and drawing again, draft and model choose by the same random number of the row, so a
drafted token stands only if it is the token that the row would have said itself: the text is the same, not only its
distribution. A draft ends where the drafting decoder is not sure of its own token, as in Liu et al. 2024 (Kangaroo).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .kernels.batch import MOST_TOKENS, Decoder
from .pages import PagePool
from .readings import Reading, find, pieces_of, read, remember
from .sequences import Row, asked_of

ROWS = 2  # with more rows side by side drafting takes as long as it saves
LONGEST = 7  # tokens of a draft; with the one that is certain, a pass of eight
SURE = math.log(0.5)  # a draft ends before a token that the drafting decoder finds less probable


@dataclass(frozen=True)
class Wish:
    """A row whose next tokens are wanted: all its ids, at most how many, and its own reading, which names the row."""

    row: Row
    ids: list[int]
    most: int
    reading: Reading


class Drafter:
    """Says tokens ahead with a decoder and pages of its own.

    ``end``: the tokens nothing comes after; ``vocabulary``: of the model that checks, tokens beyond it are not drafted;
    ``rows``: with more side by side it is not asked.
    """

    def __init__(self, decoder: Decoder, end: set[int], vocabulary: int, rows: int = ROWS) -> None:
        self.decoder = decoder
        self.rows = rows
        self.end = end
        self.vocabulary = vocabulary
        self.pool = PagePool(decoder.shape)
        self._readings: dict[int, Reading] = {}

    def drafts(self, wishes: Sequence[Wish]) -> list[list[int]]:
        """Return the tokens drafted for each wish, in order; none where the drafting decoder cannot read the row."""
        drafts: list[list[int]] = [[] for _ in wishes]
        room = self.decoder.shape.context
        most = [min(LONGEST, wish.most, room - len(wish.ids)) for wish in wishes]
        new = [number for number, wish in enumerate(wishes) if id(wish.reading) not in self._readings]
        readings: dict[int, Reading] = {}
        for number, wish in enumerate(wishes):
            own = self._caught_up(wish, len(wishes)) if most[number] > 0 else None
            if own is not None:
                readings[number] = own
        live = list(readings)
        while live:
            logits = read(self.decoder, self.pool, [pieces_of(readings[number])[1] for number in live])
            for number in {*new} & {*live}:
                remember(self.pool, readings[number])
            new = []
            places = [(wishes[number].row, len(drafts[number])) for number in live]
            tokens, logprobs = self.decoder.choose(logits, asked_of(places))
            said = [each for each in zip(live, tokens, logprobs, strict=True) if self._good(*each[1:])]
            for number, token, _ in said:
                drafts[number].append(token)
                readings[number].ids.append(token)
            live = [number for number, _, _ in said if len(drafts[number]) < most[number]]
        return drafts

    def forget(self, reading: Reading) -> None:
        """Give back the pages kept for a row, which its own reading names."""
        own = self._readings.pop(id(reading), None)
        if own is not None:
            self.pool.give_back(own.pages)

    def _good(self, token: int, logprob: float) -> bool:
        return logprob >= SURE and token < self.vocabulary and token not in self.end

    def _caught_up(self, wish: Wish, beside: int) -> Reading | None:
        """Return the row's reading by this decoder, what is left of it few enough for one pass with ``beside`` rows.

        What was drafted and not said is unread again. None: the row holds tokens this decoder does not have.
        """
        own = self._readings.setdefault(id(wish.reading), Reading([]))
        same = own.prompt  # ids known the last time; after them stood the draft
        while same < own.length and same < len(wish.ids) and own.ids[same] == wish.ids[same]:
            same += 1
        own.ids, own.length, own.prompt = list(wish.ids), min(same, len(wish.ids) - 1), len(wish.ids)
        if any(token >= self.decoder.shape.vocabulary for token in own.ids[own.length :]):
            own.length = own.prompt = 0
            return None
        if not own.pages:
            find(self.pool, own, len(own.ids) - 1)
        while own.left > MOST_TOKENS // beside:
            read(self.decoder, self.pool, [(own, min(own.left - 1, MOST_TOKENS), [])])
        return own
