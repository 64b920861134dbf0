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

import torch

from ..records import Completion, Sampling
from .adapters import Adapter
from .alternatives import Weighed, weighed
from .choosing import scored
from .constraints import restrict
from .drafter import ROWS, Drafter, Wish
from .drafts import DRAFT_ROWS, MATCHES, drafted
from .kernels.batch import MOST_OUTPUTS, MOST_TOKENS, Decoder
from .pages import BLOCK, PagePool, page_keys
from .readings import Piece, Reading, find, passes, pieces_of, read, read_after, remember
from .sequences import Row, Writer, asked_of, check_fits, check_scored

MOST_ROWS = 48  # that are generated side by side
Chosen = tuple[int, float, Weighed | None]  # a token, its log-probability as it was drawn, its alternatives if wanted


@dataclass
class Job:
    """A prompt and the samples that are wanted of it; ``rows`` are empty until the prompt is read.

    ``top`` is how many alternatives are kept of each token; None keeps no likelihoods beside the completion's own.
    """

    prompt: list[int]
    sampling: Sampling
    top: int | None = None
    rows: list[Row] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether everything is said."""
        return bool(self.rows) and all(row.done for row in self.rows)


@dataclass
class Turn:
    """A live row in one pass: the tokens it has said that are unread, and tokens it is drafted to say next."""

    row: Row
    reading: Reading
    draft: list[int] = field(default_factory=list)

    @property
    def unread(self) -> list[int]:
        """The row's tokens that do not stand in its pages yet."""
        return self.row.ids[self.reading.length - self.reading.prompt :]

    @property
    def ids(self) -> list[int]:
        """Everything given and said."""
        return [*self.reading.ids, *self.unread]

    @property
    def choices(self) -> int:
        """After how many tokens the model is asked for the next one."""
        return 1 + len(self.draft)

    @property
    def most(self) -> int:
        """How many tokens may be drafted: as many as may be said, none where a grammar decides."""
        return 0 if self.row.matcher is not None else self.row.sampling.max_tokens - len(self.row.ids) - 1

    def piece(self) -> Piece:
        """Return what is read for the row: its sequence, how many tokens, and after which of them it chooses."""
        new = [*self.unread, *self.draft]
        self.reading.ids += new
        return self.reading, len(new), list(range(len(new) - self.choices, len(new)))

    def write(self, writer: Writer, chosen: Sequence[Chosen]) -> int:
        """Write chosen tokens for as long as the one before was drafted; then forget the rest of the draft.

        Returns how many drafted tokens were kept.
        """
        kept = before_draft = self.reading.length - len(self.draft)
        for (token, logprob, how), expected in zip(chosen, [*self.draft, None], strict=True):
            before = len(self.row.ids)
            writer.write(self.row, token, logprob, how)
            if self.row.done or self.row.ids[before:] != [expected]:
                break
            kept += 1
        del self.reading.ids[kept:]
        self.reading.length = kept
        return kept - before_draft


class PagedEngine:
    """Generates and scores with a `Decoder`. One thread at a time may call it."""

    def __init__(self, decoder: Decoder, tokenizer: Any, draft_rows: int = DRAFT_ROWS) -> None:
        self.decoder = decoder
        self.draft_rows = draft_rows  # with at most so many rows alive, the next tokens are drafted
        self.drafter: Drafter | None = None  # drafts them; without one they are looked up in what stood before
        self.drafted = self.kept = 0  # tokens, since the beginning
        self.pool = PagePool(decoder.shape)
        self.writer = Writer(tokenizer)
        self._waiting: deque[Job] = deque()
        self._live: list[tuple[Row, Reading]] = []

    def update(self, names: set[str]) -> None:
        """Take the weights ``names`` anew; what was kept of earlier prompts is forgotten."""
        self.decoder.update(names)
        self.pool.clear()

    def update_adapter(self, adapter: Adapter | None) -> None:
        """Put an adapter beside the weights, instead of the one before; None takes it off."""
        self.decoder.adapt(adapter)
        self.pool.clear()

    def draft_by(self, decoder: Decoder, rows: int = ROWS) -> None:
        """Let ``decoder`` say tokens ahead while at most ``rows`` are alive; nothing that is said depends on it."""
        self.drafter = Drafter(decoder, self.writer.end, self.decoder.shape.vocabulary, rows)

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

    def submit(self, prompt: Sequence[int], sampling: Sampling, top: int | None = None) -> Job:
        """Let a prompt wait for its turn; with ``top`` each row keeps how its tokens were `weighed`.

        Raises:
            ModelError: the prompt and its tokens would not fit the model's context, or the grammar is not valid.
            MissingExtra: there is a grammar, and llguidance is not installed.
        """
        check_fits([prompt], sampling, self.decoder.shape.context)
        if sampling.grammar:
            self.writer.grammars.matcher(sampling.grammar)
        job = Job(list(prompt), sampling, top)
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
            self._next(self._live)
            self._release()

    def completions(self, job: Job) -> list[Completion]:
        """Return what the job's rows have said, in order of the samples."""
        return [self.writer.completion(job.prompt, row) for row in job.rows]

    def score(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each answer after its prompt.

        Raises:
            ModelError: a prompt is empty, or is with its answer longer than the model's context.
        """
        check_scored(prompts, answers, self.decoder.shape.context)
        return [self._score(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]

    def logits(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the logits (prompts, V) of the token after each prompt."""
        found = []
        for prompt in prompts:
            reading = Reading(list(prompt))
            try:
                early, last = pieces_of(reading)
                for piece in early:
                    self._read([piece])
                found.append(self._read([last])[0].clone())
            finally:
                self.pool.give_back(reading.pages)
        return torch.stack(found)

    def _score(self, prompt: Sequence[int], answer: Sequence[int]) -> list[float]:
        found: list[float] = []
        for tokens, logits in read_after(self.decoder, self.pool, prompt, answer):
            found += self.decoder.choose(logits, scored(tokens))[1]
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
            job.rows = self.writer.rows(job.prompt, job.sampling, job.top)
            logits_RV = restrict(logits_V.expand(len(job.rows), -1), [row.matcher for row in job.rows])
            drawn = self._chosen(logits_RV, [(row, 0) for row in job.rows])
            for row, (token, logprob, how) in zip(job.rows, drawn, strict=True):
                self.writer.write(row, token, logprob, how)
            self._live += self._forked(reading, job.rows)
        return bool(chosen)

    def _read_waiting(self, chosen: list[tuple[Job, Reading]], room: int) -> torch.Tensor:
        """Put the waiting prompts that are read now into ``chosen``; return the logits of their last tokens."""
        begun: set[bytes] = set()
        tokens = 0
        for job in islice(self._waiting, MOST_OUTPUTS):
            if chosen and job.sampling.n > room:
                break
            reading = Reading(list(job.prompt), prompt=len(job.prompt))
            keys = page_keys(job.prompt[:-1])
            find(self.pool, reading, len(job.prompt) - 1)
            new = keys[reading.length // BLOCK :]
            if chosen and (tokens + reading.left > MOST_TOKENS or (new and new[0] in begun)):
                self.pool.give_back(reading.pages)
                break
            chosen.append((job, reading))
            for piece in pieces_of(reading)[0]:  # a long prompt is read in pieces, the last one with the others
                self._read([piece])
            begun.update(new)
            tokens += reading.left
            room -= job.sampling.n
        logits = self._read([pieces_of(reading)[1] for _, reading in chosen]).clone()
        for _, reading in chosen:
            remember(self.pool, reading)
        return logits

    def _read(self, pieces: Sequence[Piece]) -> torch.Tensor:
        return read(self.decoder, self.pool, pieces)

    def _next(self, live: Sequence[tuple[Row, Reading]]) -> None:
        """Give every live row its next token, and as many of its drafted tokens as it would have said itself."""
        turns = [Turn(row, reading) for row, reading in live]
        if len(live) <= self.draft_rows:
            self._draft(turns)
        for together in passes(turns, lambda turn: (len(turn.unread) + len(turn.draft), turn.choices)):
            logits = self._read([turn.piece() for turn in together])
            places = [(turn.row, ahead) for turn in together for ahead in range(turn.choices)]
            logits = restrict(logits, [row.matcher for row, _ in places])  # such a row drafts nothing: one place each
            chosen = iter(self._chosen(logits, places))
            for turn in together:
                self.drafted += len(turn.draft)
                self.kept += turn.write(self.writer, [next(chosen) for _ in range(turn.choices)])

    def _draft(self, turns: Sequence[Turn]) -> None:
        """Look up each row's next tokens; where no long match is found, a drafter says them, if there is one."""
        drafter = self.drafter if self.drafter and len(turns) <= self.drafter.rows else None
        for turn in turns:
            turn.draft = drafted(turn.ids, turn.most, MATCHES[:1] if drafter else MATCHES)
        asked = [turn for turn in turns if drafter and not turn.draft and turn.most > 0]
        wishes = [Wish(turn.row, turn.ids, turn.most, turn.reading) for turn in asked]
        for turn, draft in zip(asked, drafter.drafts(wishes) if drafter else (), strict=True):
            turn.draft = draft

    def _chosen(self, logits_RV: torch.Tensor, places: Sequence[tuple[Row, int]]) -> list[Chosen]:
        """Return the token of each place, and for rows that keep them its alternatives."""
        tokens, logprobs = self.decoder.choose(logits_RV, asked_of(places))
        how = [
            None if row.top is None else weighed(logits_V, token, row.top)
            for (row, _), logits_V, token in zip(places, logits_RV, tokens, strict=True)
        ]
        return list(zip(tokens, logprobs, how, strict=True))

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
            forks.append((row, Reading(list(reading.ids), pages, reading.length, reading.prompt)))
        return forks

    def _release(self) -> None:
        """Give back the pages of rows that are done."""
        for row, reading in self._live:
            if row.done:
                self.pool.give_back(reading.pages)
                if self.drafter is not None:
                    self.drafter.forget(reading)
        self._live = [(row, reading) for row, reading in self._live if not row.done]
