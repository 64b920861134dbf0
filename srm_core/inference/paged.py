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
from itertools import islice
from typing import Any

import numpy as np
import torch

from ..records import Completion, Sampling
from .choosing import scored
from .kernels.batch import MOST_OUTPUTS, MOST_TOKENS, Batch, Decoder
from .pages import BLOCK, PagePool, page_keys
from .sequences import Row, Writer, asked_of, check_fits, new_rows

MOST_ROWS = 48  # that are generated side by side


@dataclass
class Job:
    """A prompt and the samples that are wanted of it; ``rows`` are empty until the prompt is read."""

    prompt: list[int]
    sampling: Sampling
    rows: list[Row] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether everything is said."""
        return bool(self.rows) and all(row.done for row in self.rows)


@dataclass
class Reading:
    """The pages of one sequence; ``length`` tokens of ``ids`` stand in them."""

    ids: list[int]
    pages: list[int] = field(default_factory=list)
    length: int = 0


class PagedEngine:
    """Generates and scores with a `Decoder`. One thread at a time may call it."""

    def __init__(self, decoder: Decoder, tokenizer: Any) -> None:
        self.decoder = decoder
        self.pool = PagePool(decoder.shape)
        self.writer = Writer(tokenizer)
        self._waiting: deque[Job] = deque()
        self._live: list[tuple[Row, Reading]] = []

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew; what was kept of earlier prompts is forgotten."""
        self.decoder.update(names)
        self.pool.clear()

    def generate(
        self, prompts: Sequence[Sequence[int]], sampling: Sampling, rows: int = MOST_ROWS
    ) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each prompt (token ids), in order; at most ``rows`` at a time.

        Raises:
            ModelError: a prompt and its tokens would not fit the model's context.
        """
        check_fits(prompts, sampling, self.decoder.shape.context)
        jobs = [self.submit(prompt, sampling) for prompt in prompts]
        try:
            while not all(job.done for job in jobs):
                self.step(rows)
        except BaseException:
            for job in jobs:
                self.cancel(job)
            raise
        return [self.completions(job) for job in jobs]

    def submit(self, prompt: Sequence[int], sampling: Sampling) -> Job:
        """Let a prompt wait for its turn.

        Raises:
            ModelError: the prompt and its tokens would not fit the model's context.
        """
        check_fits([prompt], sampling, self.decoder.shape.context)
        job = Job(list(prompt), sampling)
        self._waiting.append(job)
        return job

    def cancel(self, job: Job) -> None:
        """Forget a job, whatever its state; the others go on."""
        if job in self._waiting:
            self._waiting.remove(job)
        for row in job.rows:
            row.done = True
        self._release()

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being said."""
        return not self._waiting and not self._live

    def step(self, rows: int = MOST_ROWS) -> None:
        """Read prompts if there is room for their samples, else give every live row its next token."""
        started = False
        if self._waiting and self._room(rows):
            started = self._start(self._room(rows))
        if self._live and not (started and self._waiting and self._room(rows)):
            self._write([row for row, _ in self._live], self._next(self._live))
            self._release()

    def completions(self, job: Job) -> list[Completion]:
        """Return what the job's rows have said, in order of the samples."""
        return [self.writer.completion(job.prompt, row) for row in job.rows]

    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer after its prompt."""
        return [self._score(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]

    def _score(self, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
        reading = Reading([*prompt, *answer[:-1]])
        found: list[float] = []
        try:
            self._find(reading, len(prompt) - 1)
            while reading.length < len(reading.ids):
                first = max(reading.length, len(prompt) - 1)  # of the prompt, only the last token's logits
                left = len(reading.ids) - reading.length
                piece = min(left, MOST_TOKENS, first - reading.length + MOST_OUTPUTS)
                wanted = range(first, reading.length + piece)
                logits = self._read([(reading, piece, [at - reading.length for at in wanted])])
                targets = [answer[at - len(prompt) + 1] for at in wanted]
                if targets:
                    found += self.decoder.choose(logits, scored(targets))[1]
        finally:
            self.pool.give_back(reading.pages)
        return found

    def _room(self, rows: int) -> int:
        """Return how many of the waiting jobs' rows fit beside the live ones; one job always fits alone."""
        free = rows - len(self._live)
        return free if not self._live or self._waiting[0].sampling.n <= free else 0

    def _start(self, room: int) -> bool:
        """Read as many waiting prompts, in order, as one pass and ``room`` rows take; say whether there were any.

        A prompt that begins like one of the same pass waits for the next, and finds that beginning read.
        """
        chosen: list[tuple[Job, Reading]] = []
        try:
            logits = self._read_waiting(chosen, room)
        except BaseException:
            for _, reading in chosen:
                self.pool.give_back(reading.pages)
            raise
        for (job, reading), logits_V in zip(chosen, logits, strict=True):
            self._waiting.popleft()
            job.rows = new_rows(job.prompt, job.sampling)
            self._write(job.rows, logits_V.expand(len(job.rows), -1))
            self._live += self._forked(reading, job.rows)
        return bool(chosen)

    def _read_waiting(self, chosen: list[tuple[Job, Reading]], room: int) -> torch.Tensor:
        """Put the waiting prompts that are read now into ``chosen``; return the logits of their last tokens."""
        begun: set[bytes] = set()
        tokens = 0
        for job in islice(self._waiting, MOST_OUTPUTS):
            if chosen and job.sampling.n > room:
                break
            reading = Reading(list(job.prompt))
            keys = page_keys(job.prompt[:-1])
            self._find(reading, len(job.prompt) - 1)
            new = keys[reading.length // BLOCK :]
            left = len(job.prompt) - reading.length
            if chosen and (tokens + left > MOST_TOKENS or (new and new[0] in begun)):
                self.pool.give_back(reading.pages)
                break
            chosen.append((job, reading))
            while left > MOST_TOKENS:  # a long prompt is read in pieces, the last one with the others
                self._read([(reading, MOST_TOKENS, [])])
                left -= MOST_TOKENS
            begun.update(new)
            tokens += left
            room -= job.sampling.n
        pieces = [(r, len(r.ids) - r.length, [len(r.ids) - r.length - 1]) for _, r in chosen]
        return self._read(pieces).clone()

    def _find(self, reading: Reading, most: int) -> None:
        """Take the pages that are known of the first ``most`` tokens of the sequence."""
        for key in page_keys(reading.ids[:most]):
            page = self.pool.find(key)
            if page is None:
                break
            reading.pages.append(self.pool.share(page))
            reading.length += BLOCK

    def _read(self, pieces: Sequence[tuple[Reading, int, list[int]]]) -> torch.Tensor:
        """Read the next tokens of each sequence; return the logits at the wanted places of each piece, in order."""
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
                reading.pages.append(self.pool.take())
        tables = np.zeros((len(pieces), max(len(reading.pages) for reading, _, _ in pieces)), np.int32)
        for number, (reading, _, _) in enumerate(pieces):
            tables[number, : len(reading.pages)] = reading.pages
        arrays = [np.array(each, np.int32) for each in (ids, positions, numbers, outputs)]
        batch = Batch(arrays[0], arrays[1], arrays[2], tables, arrays[3])
        logits = self.decoder.forward(batch, self.pool.slabs)
        for reading, count, _ in pieces:
            reading.length += count
            if count > 1:  # of a prompt: its full pages may serve others
                for page, key in zip(reading.pages, page_keys(reading.ids[: reading.length]), strict=False):
                    self.pool.remember(page, key)
        return logits

    def _next(self, live: Sequence[tuple[Row, Reading]]) -> torch.Tensor:
        """Read the last token of every live row, and return the logits (R, V)."""
        for row, reading in live:
            reading.ids.append(row.ids[-1])
        parts = []
        for start in range(0, len(live), MOST_OUTPUTS):
            parts.append(self._read([(reading, 1, [0]) for _, reading in live[start : start + MOST_OUTPUTS]]))
            if len(live) > MOST_OUTPUTS:
                parts[-1] = parts[-1].clone()
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _forked(self, reading: Reading, rows: Sequence[Row]) -> list[tuple[Row, Reading]]:
        """Return a sequence for each live row: full pages are shared, the last one is copied where it is not full."""
        rows = [row for row in rows if not row.done]
        if not rows:
            self.pool.give_back(reading.pages)
            return []
        full = reading.length // BLOCK
        forks = [(rows[0], reading)]
        for row in rows[1:]:
            pages = [self.pool.share(page) for page in reading.pages[:full]]
            pages += [self.pool.copy(page) for page in reading.pages[full:]]
            forks.append((row, Reading(list(reading.ids), pages, reading.length)))
        return forks

    def _release(self) -> None:
        """Give back the pages of rows that are done."""
        for row, reading in self._live:
            if row.done:
                self.pool.give_back(reading.pages)
        self._live = [(row, reading) for row, reading in self._live if not row.done]

    def _write(self, rows: Sequence[Row], logits_RV: torch.Tensor) -> None:
        self.writer.write(rows, *self.decoder.choose(logits_RV, asked_of(rows)))
