"""How long a respondent will take, from the first problems that it is asked; those are not asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from srm_core.errors import ModelError
from srm_core.protocols import Respondent
from srm_core.records import Completion, Problem

Clock = Callable[[], float]


@dataclass
class Remembering:
    """A respondent that asks another each problem once."""

    inner: Respondent
    said: dict[str, Completion] = field(default_factory=dict)
    gold: dict[str, float] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The reference of the model asked."""
        return self.inner.ref

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order."""
        due = list({problem.id: problem for problem in problems if problem.id not in self.said}.values())
        if due:
            self.said |= zip((problem.id for problem in due), self.inner.answer(due), strict=True)
        return [self.said[problem.id] for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem, or None for a remote model."""
        due = list({problem.id: problem for problem in problems if problem.id not in self.gold}.values())
        found = self.inner.gold_logprobs(due) if due else []
        if found is None:
            return None
        self.gold |= zip((problem.id for problem in due), found, strict=True)
        return [self.gold[problem.id] for problem in problems]


def expected_seconds(
    respondent: Respondent, tried: Sequence[Problem], more: int, further: int, clock: Clock = time.perf_counter
) -> tuple[float, float]:
    """Ask ``tried``; return the seconds that took, and those that ``more`` problems and ``further`` answers will take.

    ``tried`` and ``more`` are answered and their golds are scored; ``further`` are answered alone.

    Raises:
        ModelError: nothing is tried.
    """
    if not tried:
        raise ModelError("no problem to time, so how long the rest takes cannot be said")
    begun = clock()
    respondent.answer(tried)
    answered = clock()
    respondent.gold_logprobs(tried)
    ended = clock()
    left = (ended - begun) * more + (answered - begun) * further
    return ended - begun, left / len(tried)
