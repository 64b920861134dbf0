"""From a completion to one number: the verdict and the named terms, weighted; recomputable from the log."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..errors import ConfigError, TrainingError
from ..records import Attempt, Completion, Evidence, Problem, Reward, Sampling, Verdict

# What the caller supplies: the pack's verifier, and the reward terms of all plugins with the failures among them.
Verify = Callable[[Problem, str, Sequence[Evidence]], Verdict]
Terms = Callable[[Problem, str, Sequence[Evidence], Verdict], tuple[list[Reward], list[str]]]

MAX_UNSCORED = 0.05  # share of unscored samples beyond which a run stops
UNSCORED_FROM = 100  # samples before that share is judged


@dataclass
class Judge:
    """Scores rollouts; a verifier or reward that fails leaves its sample unscored, is counted, and never pays."""

    verify: Verify
    terms: Terms
    weights: Mapping[str, float]
    scored: int = 0
    failures: Counter[str] | None = None

    def __post_init__(self) -> None:
        self.failures = Counter()

    def judge(
        self, problem: Problem, completion: Completion, *, model: str, arm: str, sampling: Sampling, index: int
    ) -> Attempt:
        """Return the attempt with its verdict and reward terms; no terms if anything failed."""
        verdict = self.verify(problem, completion.text, problem.evidence)
        rewards: list[Reward] = []
        failed = [verdict.reason] if verdict.correct is None else []
        if verdict.correct is not None:
            rewards, failed = self.terms(problem, completion.text, problem.evidence, verdict)
        return Attempt(
            parents=(problem.id,),
            problem=problem.id,
            model=model,
            arm=arm,
            sampling=sampling,
            index=index,
            completion=completion,
            evidence=problem.evidence,
            verdict=verdict if not failed else Verdict(correct=verdict.correct, reason="; ".join(failed)),
            rewards=() if failed else tuple(rewards),
        )

    def total(self, attempt: Attempt) -> float | None:
        """Return the weighted reward, or None for an unscored sample.

        Raises:
            TrainingError: more than 5 % of at least 100 samples could not be scored.
        """
        self.scored += 1
        assert self.failures is not None
        if not attempt.rewards:
            self.failures[attempt.verdict.reason or "no reward term"] += 1
        lost = self.failures.total()
        if self.scored >= UNSCORED_FROM and lost > MAX_UNSCORED * self.scored:
            worst = self.failures.most_common(1)[0][0]
            raise TrainingError(f"{lost} of {self.scored} rollouts could not be scored, mostly: {worst}")
        return total(attempt.rewards, self.weights) if attempt.rewards else None


def total(rewards: Sequence[Reward], weights: Mapping[str, float]) -> float:
    """Return the sum of weight times value over the terms that have a weight; terms without one are only logged."""
    return math.fsum(weights.get(reward.name, 0.0) * reward.value for reward in rewards)


def check_weights(weights: Mapping[str, float], offered: Sequence[str]) -> None:
    """Raise `ConfigError` if a weight names a term that no plugin gives: it would pay for nothing, silently."""
    for name in weights:
        if name not in offered:
            raise ConfigError(
                f"train.reward_weights names {name!r}, but no plugin gives a reward term of that name; "
                f"there are: {', '.join(sorted(offered))}"
            )
