"""How a suite asks a model: system prompt, worked examples of the kind, which evidence is shown, how it decodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..host import Host
from ..prompts import Shot, conversation
from ..protocols import Knowledge, Model, Scorer
from ..records import Completion, Evidence, Problem, Sampling

STOP = ("\nQuestion:", "\nFacts:")  # a base that goes on to ask itself the next question has answered this one
RETRIEVED = 6  # pieces of evidence: as many as the longest training prompts show
Shown = Callable[[Problem], Sequence[Evidence]]  # the evidence an arm puts into the prompt


def own_evidence(problem: Problem) -> Sequence[Evidence]:
    """Return the evidence the problem brings."""
    return problem.evidence


def retrieved(host: Host, knowledge: Knowledge) -> Shown:
    """Return the arm that shows what the plugins retrieve for a question: the first `RETRIEVED` different pieces."""

    def shown(problem: Problem) -> Sequence[Evidence]:
        found: dict[str, Evidence] = {}
        for piece in host.evidence(problem, knowledge):
            found.setdefault(piece.text, piece)
            if len(found) == RETRIEVED:
                break
        return tuple(found.values())

    return shown


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
        for numbers in self._groups(problems):
            turns = [self._turns(problems[i]) for i in numbers]
            answers.update(zip(numbers, self.model.generate(turns, self.sampling), strict=True))
        return [answers[i] for i in range(len(problems))]

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return the first completion for each problem, in order."""
        return [completions[0] for completions in self.samples(problems)]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem, or None if the model cannot score."""
        if not isinstance(self.model, Scorer):
            return None
        summed: dict[int, float] = {}
        for numbers in self._groups(problems):
            asked = [problems[i] for i in numbers]
            scores = self.model.score([self._turns(p) for p in asked], [f"Answer: {p.answer}" for p in asked])
            if scores is None:
                return None
            summed.update(zip(numbers, map(sum, scores), strict=True))
        return [summed[i] for i in range(len(problems))]

    def _groups(self, problems: Sequence[Problem]) -> list[list[int]]:
        """Return the positions asked together: where there are worked examples, those of one kind."""
        if not self.shots:
            return [list(range(len(problems)))]
        groups: dict[str, list[int]] = {}
        for number, problem in enumerate(problems):
            groups.setdefault(problem.kind, []).append(number)
        return list(groups.values())

    def _turns(self, problem: Problem) -> Any:
        return conversation(self.system, problem, self.shown(problem), self.shots.get(problem.kind, ()))
