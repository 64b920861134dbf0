"""What every suite is made of: an item to put to a model, what the model did with it, and what was unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from srm_core.errors import ConfigError
from srm_core.records import Completion

Task = Literal["score", "choose", "write"]  # log-probabilities of texts; one of the options; a continuation


@dataclass(frozen=True)
class SuiteItem:
    """One item of a published suite.

    ``continuations`` are the texts to be scored after ``prompt`` (task "score"; an empty prompt means whole
    sentences). ``options`` are what a question may be answered with (task "choose"). ``groups`` names the social
    groups and the category it is about; ``fields`` holds what the suite's own score needs. Items of one ``template``
    share their wording, so they are not independent: it is the cluster of the second bootstrap.
    """

    suite: str
    id: str
    task: Task
    prompt: str
    template: str
    continuations: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SuiteOutcome:
    """What a model made of the item ``item`` (its id).

    ``logprobs`` are nats, one tuple of tokens for each continuation; ``choice`` is the index of the option taken,
    None where the answer could not be read; ``texts`` are the completions of "write" and of a generated choice, and
    ``completion`` is the first of them as it was generated.
    """

    item: str
    logprobs: tuple[tuple[float, ...], ...] = ()
    choice: int | None = None
    texts: tuple[str, ...] = ()
    completion: Completion | None = None


@dataclass(frozen=True)
class Skipped:
    """One row that is no item: its place in the file (1 is the first row of data) and why."""

    place: str
    reason: str


@dataclass(frozen=True)
class SuiteRead:
    """The items of a file, and the rows that were left out of them."""

    items: tuple[SuiteItem, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """How many rows were left out for each reason."""
        return dict(Counter(row.reason for row in self.skipped))


def paired(items: Sequence[SuiteItem], outcomes: Sequence[SuiteOutcome]) -> list[tuple[SuiteItem, SuiteOutcome]]:
    """Return each item with its outcome, in the order of the items.

    Raises:
        ConfigError: an item has no outcome or two; a score over the answered ones alone could hide what failed.
    """
    counts = Counter(outcome.item for outcome in outcomes)
    twice = [name for name, count in counts.items() if count > 1]
    missing = [item.id for item in items if item.id not in counts]
    if twice or missing:
        raise ConfigError(
            f"{len(missing)} of {len(items)} items have no outcome (first: {missing[:1]}) and {len(twice)} have several"
            f" (first: {twice[:1]}): score the outcomes that run_suite gave for these items"
        )
    found = {outcome.item: outcome for outcome in outcomes}
    return [(item, found[item.id]) for item in items]


def total(logprobs: Sequence[float]) -> float:
    """Return the log-probability of a text, nats: the sum over its tokens."""
    return float(sum(logprobs))


def per_token(logprobs: Sequence[float]) -> float:
    """Return the mean log-probability of a text's tokens, nats; minus the log of its perplexity.

    Raises:
        ConfigError: there are no tokens, so there is no mean.
    """
    if not logprobs:
        raise ConfigError("a text of no tokens was scored: it has no perplexity; leave the empty item out")
    return total(logprobs) / len(logprobs)
