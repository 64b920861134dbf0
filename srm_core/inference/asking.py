"""How a suite asks a model: system prompt, worked examples of the kind, which evidence is shown, how it decodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..prompts import Shot, conversation
from ..protocols import LocalModel, Model
from ..records import Completion, Evidence, Problem, Sampling

Shown = Callable[[Problem], Sequence[Evidence]]  # the evidence an arm puts into the prompt


def own_evidence(problem: Problem) -> Sequence[Evidence]:
    """Return the evidence the problem brings."""
    return problem.evidence


class Asker:
    """A `Respondent`; with worked examples it asks kind by kind, so that those of a kind are read once for all."""

    def __init__(
        self,
        model: Model,
        *,
        system: str,
        sampling: Sampling,
        shots: Mapping[str, Sequence[Shot]] | None = None,
        shown: Shown = own_evidence,
    ) -> None:
        self.model = model
        self.system = system
        self.sampling = sampling
        self.shots = shots or {}
        self.shown = shown

    @property
    def ref(self) -> str:
        """The reference of the model asked."""
        return self.model.ref

    def samples(self, problems: Sequence[Problem]) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each problem, in order."""
        answers: dict[int, list[Completion]] = {}
        for numbers in _by_kind(problems) if self.shots else [list(range(len(problems)))]:
            turns = [self._turns(problems[i]) for i in numbers]
            answers.update(zip(numbers, self.model.generate(turns, self.sampling), strict=True))
        return [answers[i] for i in range(len(problems))]

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return the first completion for each problem, in order."""
        return [completions[0] for completions in self.samples(problems)]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem, or None if the model cannot score."""
        if not isinstance(self.model, LocalModel):
            return None
        golds = [f"Answer: {problem.answer}" for problem in problems]
        return [sum(values) for values in self.model.score([self._turns(p) for p in problems], golds)]

    def _turns(self, problem: Problem) -> Any:
        return conversation(self.system, problem, self.shown(problem), self.shots.get(problem.kind, ()))


def _by_kind(problems: Sequence[Problem]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, problem in enumerate(problems):
        groups.setdefault(problem.kind, []).append(number)
    return list(groups.values())
