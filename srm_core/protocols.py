"""What the core asks of the two big moving parts that plugins may bring: models and knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from .records import Chunk, Completion, Evidence, Message, Problem, Sampling, Trace, Triple, Verdict

Conversation = Sequence[Message]
Verify = Callable[[Problem, str, Sequence[Evidence]], Verdict]  # (problem, completion text, evidence shown)


class Model(Protocol):
    """Anything that answers conversations: a checkpoint, an endpoint, a recording, a solver."""

    @property
    def ref(self) -> str:
        """The reference it was opened by, e.g. ``dir:/models/student``."""
        ...

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, in order."""
        ...


@runtime_checkable
class LocalModel(Protocol):
    """A model whose weights are here: it also scores text and says its token ids."""

    @property
    def ref(self) -> str:
        """The reference it was opened by."""
        ...

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, in order."""
        ...

    def encode(self, conversation: Conversation) -> list[int]:
        """Return the prompt's token ids, up to and including the assistant's header."""
        ...

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        """Return the log-probability (nats) of each token of each continuation."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """A model that may be able to score text."""

    def score(
        self, conversations: Sequence[Conversation], continuations: Sequence[str]
    ) -> Sequence[Sequence[float]] | None:
        """Return the log-probability (nats) of each token of each continuation, or None if it cannot."""
        ...


@runtime_checkable
class Direct(Protocol):
    """What can be talked to as it is: no system prompt, no worked examples, no evidence. Published suites ask so."""

    @property
    def ref(self) -> str:
        """The reference of the model asked."""
        ...

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation, in order."""
        ...

    def score(
        self, conversations: Sequence[Conversation], continuations: Sequence[str]
    ) -> Sequence[Sequence[float]] | None:
        """Return the log-probability (nats) of each token of each continuation, or None if it cannot."""
        ...


class Respondent(Protocol):
    """A model as a suite asks it: system prompt, worked examples, evidence and sampling are already settled."""

    @property
    def ref(self) -> str:
        """The reference of the model asked."""
        ...

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order."""
        ...

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem, or None for a remote model."""
        ...


class Knowledge(Protocol):
    """The domain's corpus and graph, open for questions."""

    def add(self, chunks: Iterable[Chunk], triples: Iterable[Triple]) -> None:
        """Store them; adding the same record twice changes nothing."""
        ...

    def search(self, text: str, k: int) -> list[Evidence]:
        """Return the ``k`` passages nearest in meaning, best first; ``cites`` holds the chunk's id."""
        ...

    def facts(
        self, subject: str | None = None, predicate: str | None = None, object: str | None = None
    ) -> Iterable[Triple]:
        """Yield the triples that match, in a stable order; None matches anything."""
        ...

    def query(self, template: str, bindings: Mapping[str, str]) -> list[dict[str, str]]:
        """Run a SPARQL SELECT whose ``$name`` variables are bound to CURIEs; IRIs come back as CURIEs."""
        ...

    def check(self) -> dict[str, int]:
        """Validate what is stored against the graph's shapes; return counts, violations among them."""
        ...

    def close(self) -> None:
        """Make everything durable and let go of the files."""
        ...

    def source_of(self, cite: str) -> tuple[str, str] | None:
        """Return (source name, licence) of a chunk or triple id, or None if it is not here."""
        ...


__all__ = ["Conversation", "Direct", "Knowledge", "LocalModel", "Model", "Respondent", "Trace", "Verify"]
