"""The one thread that owns the engine: takes requests in, steps, hands texts out as they grow."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..inference.paged import Job, PagedEngine
from ..inference.tokens import decode
from ..records import Completion, Sampling
from .likelihoods import Spelling, Telling, Told

log = logging.getLogger(__name__)


class Busy(Exception):
    """As many requests wait as may wait."""


@dataclass(frozen=True)
class News:
    """What happened to a request: text that was added to sample ``index``, the end of everything, or a failure."""

    index: int = 0
    text: str = ""
    tokens: tuple[Told, ...] = ()  # of ``text``, if the request wants likelihoods
    ended: Completion | None = None  # of sample ``index``
    done: tuple[Completion, ...] | None = None
    told: tuple[tuple[Told, ...], ...] = ()  # all tokens of each sample, if the request wants them and does not stream
    failure: str = ""


@dataclass
class Ticket:
    """A request in the worker's hands; ``tell`` is called from its thread."""

    prompt: Sequence[int]
    sampling: Sampling
    tell: Callable[[News], None]
    streams: bool
    top: int | None = None  # likely tokens that are told beside each token; None tells no likelihoods
    job: Job | None = None
    sent: dict[int, int] = field(default_factory=dict)  # characters told of each sample
    ended: set[int] = field(default_factory=set)
    tellings: dict[int, Telling] = field(default_factory=dict)


class Worker:
    """Steps the engine while there is something to say."""

    def __init__(self, engine: PagedEngine, most_waiting: int) -> None:
        self.engine = engine
        self.spelling = Spelling(engine.writer.tokenizer)
        self.most_waiting = most_waiting
        self.tokens = 0  # generated for requests that are finished
        self._inbox: queue.SimpleQueue[tuple[str, Ticket | None]] = queue.SimpleQueue()
        self._open: set[int] = set()
        self._lock = threading.Lock()
        self._tickets: list[Ticket] = []
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    @property
    def open(self) -> int:
        """How many requests are waiting or being answered."""
        return len(self._open)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current step; open requests are told."""
        self._inbox.put(("stop", None))
        self._thread.join()

    def submit(self, ticket: Ticket) -> None:
        """Take a request.

        Raises:
            Busy: too many are open.
        """
        with self._lock:
            if len(self._open) >= self.most_waiting:
                raise Busy
            self._open.add(id(ticket))
        self._inbox.put(("submit", ticket))

    def cancel(self, ticket: Ticket) -> None:
        """Forget a request nobody waits for any more; one that is finished stays finished."""
        self._inbox.put(("cancel", ticket))

    def _run(self) -> None:
        while True:
            while not self._inbox.empty() or self.engine.idle:
                what, ticket = self._inbox.get()
                if ticket is None:
                    self._fail("the server is shutting down")
                    return
                self._take(what, ticket)
            try:
                self.engine.step()
                for ticket in list(self._tickets):
                    self._report(ticket)
            except Exception as error:
                log.exception("a step of the engine failed")
                self._fail(f"the engine failed: {error}")

    def _take(self, what: str, ticket: Ticket) -> None:
        if what == "submit":
            try:
                ticket.job = self.engine.submit(ticket.prompt, ticket.sampling, ticket.top)
                self._tickets.append(ticket)
            except Exception as error:
                self._end(ticket, News(failure=str(error)))
        elif ticket in self._tickets:
            assert ticket.job is not None
            self.engine.cancel(ticket.job)
            self._end(ticket, None)

    def _report(self, ticket: Ticket) -> None:
        job = ticket.job
        assert job is not None
        if ticket.streams:
            for row in job.rows:
                if row.index not in ticket.ended:
                    self._stream(ticket, row.index, row.done)
        if job.done:
            completions = tuple(self.engine.completions(job))
            self.tokens += sum(completion.tokens for completion in completions)
            told = (
                () if ticket.streams else tuple(self._told(ticket, i, len(c.text)) for i, c in enumerate(completions))
            )
            self._end(ticket, News(done=completions, told=told))

    def _stream(self, ticket: Ticket, index: int, done: bool) -> None:
        """Tell what is new of one sample; what may yet become a stop string, or half a character, is held back."""
        assert ticket.job is not None
        row, sent = ticket.job.rows[index], ticket.sent.get(index, 0)
        if done:
            completion = self.engine.writer.completion(ticket.job.prompt, row)
            ticket.ended.add(index)
            tokens = self._told(ticket, index, len(completion.text))
            ticket.tell(News(index, completion.text[sent:], tokens, ended=completion))
            return
        text = decode(self.engine.writer.tokenizer, row.ids)
        safe = len(text) - held_back(text, row.sampling.stop)
        if safe > sent:
            ticket.sent[index] = safe
            ticket.tell(News(index, text[sent:safe], self._told(ticket, index, safe)))

    def _told(self, ticket: Ticket, index: int, length: int) -> tuple[Told, ...]:
        """Return the tokens of the first ``length`` characters of a sample that were not told before, if wanted."""
        if ticket.top is None or ticket.job is None:
            return ()
        telling = ticket.tellings.setdefault(index, Telling(self.spelling))
        return telling.until(ticket.job.rows[index], length)

    def _fail(self, why: str) -> None:
        for ticket in list(self._tickets):
            assert ticket.job is not None
            self.engine.cancel(ticket.job)
            self._end(ticket, News(failure=why))

    def _end(self, ticket: Ticket, news: News | None) -> None:
        with self._lock:
            self._open.discard(id(ticket))
        if ticket in self._tickets:
            self._tickets.remove(ticket)
        if news is not None:
            ticket.tell(news)


def held_back(text: str, stops: Sequence[str]) -> int:
    """Return how many characters at the end of ``text`` may still be taken back."""
    most = len(text) - len(text.rstrip("\ufffd"))
    for stop in stops:
        for length in range(min(len(stop) - 1, len(text)), 0, -1):
            if text.endswith(stop[:length]):
                most = max(most, length)
                break
    return most
