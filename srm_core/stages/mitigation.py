"""Mitigations of bias that work through the rows: accepted answers once more, as plugins say they should be asked.

A mitigation may lessen what the audit finds and may cost accuracy; `srm mitigate` measures both. It is no solution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ConfigError, HookAnswerError
from ..records import Attempt, Completion, Problem
from ..store import write_records
from .context import Context

PROBLEMS, ATTEMPTS = "mitigation-problems.jsonl", "mitigation-attempts.jsonl"


@dataclass(frozen=True)
class Added:
    """What mitigations added: problems by id, one attempt at each, and how many were left out, by reason."""

    problems: dict[str, Problem] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def counts(self) -> dict[str, int]:
        """The counts for the stage's record; without mitigations there are none."""
        if not self.attempts:
            return {}
        reasons = {f"mitigation left out: {why}": n for why, n in sorted(self.left_out.items())}
        return {"mitigation_attempts": len(self.attempts), **reasons}

    def write(self, folder: Path) -> None:
        """Write problems and attempts into ``folder``, so that a row can be traced to them; nothing without them."""
        if self.attempts:
            write_records(folder / PROBLEMS, self.problems.values())
            write_records(folder / ATTEMPTS, self.attempts)


def mitigated(context: Context, accepted: Sequence[Attempt], posed: Mapping[str, Problem]) -> Added:
    """Return what each of ``train.mitigations`` makes of the accepted attempts, the first one of every problem.

    Each mitigation adds at most ``train.mitigation_share`` times as many attempts as are accepted; what was made of one
    problem in one go stays together, so the last may go over by the rest of its group. Answers are judged anew.

    Raises:
        ConfigError: no plugin has a mitigation, or it adds nothing.
        HookAnswerError: a plugin made a problem of none that it was given, or one of another split.
    """
    first: dict[str, Attempt] = {}
    for attempt in accepted:
        first.setdefault(attempt.problem, attempt)
    settings = context.config.train
    most = max(1, round(settings.mitigation_share * len(accepted)))
    added = Added()
    for name in settings.mitigations:
        taught = [posed[number].revised(solution=attempt.completion.text) for number, attempt in first.items()]
        start = len(added.attempts)
        for group in _together(context.host.mitigate(name, taught, context.config.seed)):
            for problem in group:
                _require_made_of(name, problem, first)
                _add(context, name, problem, first[problem.parents[0]], posed, added)
            if len(added.attempts) - start >= most:
                break
        if len(added.attempts) == start:
            why = "; ".join(f"{reason}: {n}" for reason, n in added.left_out.items()) or "it words none otherwise"
            raise ConfigError(f"train.mitigations: {name} adds nothing to these {len(taught)} problems ({why})")
    return added


def _together(problems: Iterator[Problem]) -> Iterator[list[Problem]]:
    """Yield runs of problems that were made of the same one."""
    group: list[Problem] = []
    for problem in problems:
        if group and group[0].parents[:1] != problem.parents[:1]:
            yield group
            group = []
        group.append(problem)
    if group:
        yield group


def _require_made_of(name: str, problem: Problem, first: Mapping[str, Attempt]) -> None:
    if not problem.parents or problem.parents[0] not in first:
        raise HookAnswerError(f"mitigation {name} made {problem.id} of no problem that it was given")
    if problem.split != "train":
        raise HookAnswerError(f"mitigation {name} made {problem.id}, which is of the split {problem.split}, not train")


def _add(
    context: Context, name: str, problem: Problem, of: Attempt, posed: Mapping[str, Problem], added: Added
) -> None:
    if problem.id in posed or problem.id in added.problems:
        added.left_out["stands there already"] += 1
        return
    verdict = context.host.verify(problem, problem.solution, of.evidence)
    if verdict.correct is not True:
        added.left_out["the verifier does not accept its answer"] += 1
        return
    added.problems[problem.id] = problem
    added.attempts.append(
        Attempt(
            parents=(problem.id, of.id),
            problem=problem.id,
            model=f"mitigation:{name}",
            arm="teacher",
            sampling=of.sampling,
            completion=Completion(text=problem.solution, finished=True, tokens=0),
            evidence=of.evidence,
            verdict=verdict,
        )
    )
