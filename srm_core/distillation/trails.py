"""What a search did, as data: the steps of each attempt from scratch, how it ended, and counts of both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from srm_core.records import Attempt, Completion, Evidence, Problem, Verdict

from .strategies import FIRST, LABEL, LINKS

_ANSWER = re.compile(r"^[ \t]*answer[ \t]*:.*\Z", re.IGNORECASE | re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One answer of the teacher: by which strategy, and what the verifier said of it."""

    how: str
    completion: Completion
    verdict: Verdict


@dataclass(frozen=True)
class Trail:
    """One attempt from scratch (``start`` counts them) with its refinements; at least one step once it was asked."""

    problem: Problem
    shown: tuple[Evidence, ...]
    start: int
    steps: tuple[Step, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether its last answer is wrong; a verifier that fails has not said so."""
        return self.steps[-1].verdict.correct is False


@dataclass(frozen=True)
class Searched:
    """One problem: its attempts from scratch, the one trace made of the last, and how that was made."""

    problem: Problem
    trails: tuple[Trail, ...]
    attempt: Attempt
    form: str  # "said", "rewritten", "joined" or "last"

    @property
    def outcome(self) -> str:
        """How it ended: solved (at once, by a new start, by which strategy, with the label), or not."""
        last = self.trails[-1]
        how = last.steps[-1].how
        if last.steps[-1].verdict.correct is None:
            return "verifier failed"
        if last.wrong:
            return "given up"
        if how == FIRST:
            return "solved by a new start" if last.start else "solved at once"
        return "solved with the label" if how == LABEL else f"solved by {how}"


def joined(trail: Trail) -> str:
    """Return the trail as one trace: of every wrong answer the reasoning alone, then why it goes on, then the last."""
    *before, last = trail.steps
    parts: list[str] = []
    for step, after in zip(before, trail.steps[1:], strict=True):
        if reasoning := _ANSWER.sub("", step.completion.text).strip():
            parts += [reasoning, LINKS[after.how]]
    return "\n".join([*parts, last.completion.text.strip()])


def counts(searches: Iterable[Searched]) -> dict[str, int]:
    """Return how many answers were asked for, by which strategy, and how many problems ended how (each in one way)."""
    total: Counter[str] = Counter()
    for each in searches:
        steps = [step.how for trail in each.trails for step in trail.steps]
        total["answers"] += len(steps)
        total["new starts"] += len(each.trails) - 1
        total.update(f"tried {how}" for how in steps if how != FIRST)
        total[each.outcome] += 1
        if each.form != "said":
            total[f"trace {each.form}"] += 1
    return {f"search: {name}": count for name, count in sorted(total.items())}


def as_row(each: Searched) -> dict[str, Any]:
    """Return what ``search.jsonl`` keeps of one problem: every verdict on the way."""
    trails = [
        [{"how": step.how, "correct": step.verdict.correct, "reason": step.verdict.reason} for step in trail.steps]
        for trail in each.trails
    ]
    return {
        "problem": each.problem.id,
        "attempt": each.attempt.id,
        "outcome": each.outcome,
        "trace": each.form,
        "trails": trails,
    }
