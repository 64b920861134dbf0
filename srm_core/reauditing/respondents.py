"""Who is asked: the judged student from its kept answers, and the exported weights, with the calculator or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..errors import ArtifactError
from ..inference.asking import Asker
from ..protocols import LocalModel
from ..records import AuditItem, Completion, Problem, Sampling

Progress = Callable[[str, int, int], None]  # (what, done, total)
CALL = "<<"  # what an answer without any call of the calculator does not hold


def silent(what: str, done: int, total: int) -> None:
    """Say nothing."""


class Recorded:
    """A respondent that gives the answers of an audit again, by the problem's id."""

    ref = "student, as it was audited"

    def __init__(self, items: Mapping[str, AuditItem]) -> None:
        self.items = items

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return the kept completion of each problem.

        Raises:
            ArtifactError: one was not asked when the student was audited.
        """
        if lost := [problem.id for problem in problems if problem.id not in self.items]:
            raise ArtifactError(f"the audit of the student holds no answer to {lost[0]}; build the run again")
        return [self.items[problem.id].completion for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats as it was, or None if one was not measured."""
        found = [self.items[problem.id].logprob for problem in problems]
        kept = [value for value in found if value is not None]
        return kept if len(kept) == len(found) else None


class Reasked:
    """A respondent that asks a model each problem once, in batches of one kind, and remembers.

    With ``first``, which has the calculator, only what calls it there is asked again: greedy decoding writes anything
    else the same way without it.
    """

    def __init__(
        self,
        model: LocalModel,
        *,
        system: str,
        sampling: Sampling,
        batch: int,
        name: str,
        progress: Progress,
        first: Reasked | None = None,
    ) -> None:
        self.model = model
        self.ref = model.ref
        self.asker = Asker(model, system=system, sampling=sampling)
        self.batch, self.name, self.progress, self.first = batch, name, progress, first
        self.said: dict[str, Completion] = {}
        self.gold: dict[str, float] = {}

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order."""
        due = {problem.id: problem for problem in problems if problem.id not in self.said}
        if self.first is not None:
            before = dict(zip(due, self.first.answer(list(due.values())), strict=True))
            self.said |= {number: text for number, text in before.items() if CALL not in text.text}
            due = {number: problem for number, problem in due.items() if number not in self.said}
        alike = sorted(due.values(), key=lambda p: (p.kind, len(p.question), p.id))
        for start in range(0, len(alike), self.batch):
            part = alike[start : start + self.batch]
            self.said |= {p.id: c for p, c in zip(part, self.asker.answer(part), strict=True)}
            self.progress(f"export: {self.name}", start + len(part), len(alike))
        return [self.said[problem.id] for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem; the calculator has no part in it."""
        if self.first is not None:
            return self.first.gold_logprobs(problems)
        due = list({problem.id: problem for problem in problems if problem.id not in self.gold}.values())
        for start in range(0, len(due), self.batch):
            part = due[start : start + self.batch]
            found = self.asker.gold_logprobs(part)
            if found is None:
                return None
            self.gold |= {problem.id: value for problem, value in zip(part, found, strict=True)}
        return [self.gold[problem.id] for problem in problems]
