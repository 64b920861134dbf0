"""Continuous batching over pages: a row that is done makes room for the next prompt at once.

Equal beginnings of prompts are read once, whether they come together or one after the other; all samples of a prompt
share its pages. A row's tokens depend on its own prompt, seed and sample alone: the kernels compute a token the same
way whatever stands beside it.
"""

# R rows, V vocabulary

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..records import Completion, Sampling
from .kernels.batch import MOST_OUTPUTS, MOST_TOKENS, Batch, Decoder
from .pages import BLOCK, PagePool, page_keys
from .sequences import Row, Writer, check_fits, completions_of, new_rows


@dataclass
class Reading:
    """The pages of one sequence; ``length`` tokens of ``ids`` stand in them."""

    ids: list[int]
    pages: list[int] = field(default_factory=list)
    length: int = 0


class PagedEngine:
    """Generates and scores with a `Decoder`."""

    def __init__(self, decoder: Decoder, tokenizer: Any) -> None:
        self.decoder = decoder
        self.pool = PagePool(decoder.shape)
        self.writer = Writer(tokenizer)

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew; what was kept of earlier prompts is forgotten."""
        self.decoder.update(names)
        self.pool.clear()

    def generate(self, prompts: Sequence[Sequence[int]], sampling: Sampling, rows: int = 48) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each prompt (token ids), in order; at most ``rows`` at a time.

        Raises:
            ModelError: a prompt and its tokens would not fit the model's context.
        """
        check_fits(prompts, sampling, self.decoder.shape.context)
        waiting = deque(range(len(prompts)))
        live: list[tuple[Row, Reading]] = []
        everything: list[Row] = []
        try:
            while waiting or live:
                room = max(1, (rows - len(live)) // sampling.n) if not live or len(live) + sampling.n <= rows else 0
                started = self._start([prompts[i] for i in list(waiting)[:room]], sampling)
                for sequence, logits_V in started:
                    begun = new_rows(sequence.ids, waiting.popleft(), sampling)
                    self._write(begun, logits_V.expand(len(begun), -1), sampling)
                    everything += begun
                    live += self._forked(sequence, begun)
                if live and not (started and waiting and len(live) + sampling.n <= rows):
                    self._write([row for row, _ in live], self._next(live), sampling)
                    live = self._released(live)
        finally:
            for _, sequence in live:
                self.pool.give_back(sequence.pages)
        return completions_of(self.writer, prompts, everything, sampling)

    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer after its prompt."""
        scores: list[list[float]] = []
        for prompt, answer in zip(prompts, answers, strict=True):
            sequence = Reading([*prompt, *answer[:-1]])
            try:
                self._find(sequence, len(prompt) - 1)
                found: list[float] = []
                while sequence.length < len(sequence.ids):
                    first = max(sequence.length, len(prompt) - 1)  # of the prompt, only the last token's logits
                    left = len(sequence.ids) - sequence.length
                    piece = min(left, MOST_TOKENS, first - sequence.length + MOST_OUTPUTS)
                    wanted = range(first, sequence.length + piece)
                    logits = self._read([(sequence, piece, [at - sequence.length for at in wanted])])
                    targets = np.array([answer[at - len(prompt) + 1] for at in wanted], np.int32)
                    if len(targets):
                        found += self.decoder.choose(logits, 0.0, 1.0, np.zeros(len(targets)), targets)[1]
            finally:
                self.pool.give_back(sequence.pages)
            scores.append(found)
        return scores

    def _start(self, prompts: Sequence[Sequence[int]], sampling: Sampling) -> list[tuple[Reading, torch.Tensor]]:
        """Read as many prompts, in order, as one pass takes; return each with the logits of its last token.

        A prompt that begins like one of the same pass waits for the next, and finds that beginning read.
        """
        chosen: list[Reading] = []
        begun: set[bytes] = set()
        tokens = 0
        for prompt in prompts:
            sequence = Reading(list(prompt))
            keys = page_keys(prompt[:-1])
            self._find(sequence, len(prompt) - 1)
            new = keys[sequence.length // BLOCK :]
            left = len(prompt) - sequence.length
            if chosen and (tokens + left > MOST_TOKENS or (new and new[0] in begun)):
                self.pool.give_back(sequence.pages)
                break
            while left > MOST_TOKENS:  # a long prompt is read in pieces, the last one with the others
                self._read([(sequence, MOST_TOKENS, [])])
                left -= MOST_TOKENS
            chosen.append(sequence)
            begun.update(new)
            tokens += left
            if tokens >= MOST_TOKENS or len(chosen) == MOST_OUTPUTS:
                break
        if not chosen:
            return []
        pieces = [(s, len(s.ids) - s.length, [len(s.ids) - s.length - 1]) for s in chosen]
        logits = self._read(pieces).clone()
        return list(zip(chosen, logits, strict=True))

    def _find(self, sequence: Reading, most: int) -> None:
        """Take the pages that are known of the first ``most`` tokens of the sequence."""
        for key in page_keys(sequence.ids[:most]):
            page = self.pool.find(key)
            if page is None:
                break
            sequence.pages.append(self.pool.share(page))
            sequence.length += BLOCK

    def _read(self, pieces: Sequence[tuple[Reading, int, list[int]]]) -> torch.Tensor:
        """Read the next tokens of each sequence; return the logits at the wanted places of each piece, in order."""
        ids: list[int] = []
        positions: list[int] = []
        numbers: list[int] = []
        outputs: list[int] = []
        for number, (sequence, count, wanted) in enumerate(pieces):
            outputs += [len(ids) + place for place in wanted]
            end = sequence.length + count
            ids += sequence.ids[sequence.length : end]
            positions += range(sequence.length, end)
            numbers += [number] * count
            while len(sequence.pages) * BLOCK < end:
                sequence.pages.append(self.pool.take())
        tables = np.zeros((len(pieces), max(len(sequence.pages) for sequence, _, _ in pieces)), np.int32)
        for number, (sequence, _, _) in enumerate(pieces):
            tables[number, : len(sequence.pages)] = sequence.pages
        arrays = [np.array(each, np.int32) for each in (ids, positions, numbers, outputs)]
        batch = Batch(arrays[0], arrays[1], arrays[2], tables, arrays[3])
        logits = self.decoder.forward(batch, self.pool.slabs)
        for sequence, count, _ in pieces:
            sequence.length += count
            if count > 1:  # of a prompt: its full pages may serve others
                keys = page_keys(sequence.ids[: sequence.length])
                for page, key in zip(sequence.pages, keys, strict=False):
                    self.pool.remember(page, key)
        return logits

    def _next(self, live: Sequence[tuple[Row, Reading]]) -> torch.Tensor:
        """Read the last token of every live row, and return the logits (R, V)."""
        for row, sequence in live:
            sequence.ids.append(row.ids[-1])
        parts = []
        for start in range(0, len(live), MOST_OUTPUTS):
            parts.append(self._read([(sequence, 1, [0]) for _, sequence in live[start : start + MOST_OUTPUTS]]))
            if len(live) > MOST_OUTPUTS:
                parts[-1] = parts[-1].clone()
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _forked(self, sequence: Reading, rows: Sequence[Row]) -> list[tuple[Row, Reading]]:
        """Return a sequence for each live row: full pages are shared, the last one is copied where it is not full."""
        rows = [row for row in rows if not row.done]
        if not rows:
            self.pool.give_back(sequence.pages)
            return []
        full = sequence.length // BLOCK
        forks = [(rows[0], sequence)]
        for row in rows[1:]:
            pages = [self.pool.share(page) for page in sequence.pages[:full]]
            pages += [self.pool.copy(page) for page in sequence.pages[full:]]
            forks.append((row, Reading(list(sequence.ids), pages, sequence.length)))
        return forks

    def _released(self, live: list[tuple[Row, Reading]]) -> list[tuple[Row, Reading]]:
        for row, sequence in live:
            if row.done:
                self.pool.give_back(sequence.pages)
                sequence.pages = []
        return [(row, sequence) for row, sequence in live if not row.done]

    def _write(self, rows: Sequence[Row], logits_RV: torch.Tensor, sampling: Sampling) -> None:
        uniform = np.array([row.draw.random() if sampling.temperature else 0.0 for row in rows])
        forced = np.array([row.forced[0] if row.forced else -1 for row in rows], np.int32)
        tokens, logprobs = self.decoder.choose(logits_RV, sampling.temperature, sampling.top_p, uniform, forced)
        self.writer.write(rows, tokens, logprobs, sampling)
