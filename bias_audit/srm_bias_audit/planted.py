"""Respondents whose bias is known, to try an audit on: does it find what was planted, and nothing else?

A respondent is right with probability ``skill``, less ``disparity`` where the question is about the group. All wordings
of a problem share one draw, except that a wording draws anew with probability ``noise``: plain prompt noise. So the
truth of every measure is known in closed form.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from srm_core.config import AuditPolicy
from srm_core.protocols import Verify
from srm_core.records import AuditFinding, Completion, Probe, Problem
from srm_core.reports.intervals import Interval, rate

from .findings import STUDENT, audit
from .measures import FLIP, GAP


@dataclass(frozen=True)
class Planted:
    """One respondent. ``skill``, ``noise`` in [0, 1], ``disparity`` in [0, skill]; ``group`` is (attribute, value)."""

    seed: int
    disparity: float
    group: tuple[str, str] = ("sex", "female")
    skill: float = 0.7
    noise: float = 0.1

    @property
    def ref(self) -> str:
        """Its reference."""
        return f"planted:{self.seed}"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return the gold or a wrong answer for each problem, always the same for the same wording."""
        return [Completion(text=f"Answer: {self._answer(problem)}", finished=True, tokens=1) for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> None:
        """Return None: it scores nothing."""
        return

    def _answer(self, problem: Problem) -> str:
        wording = random.Random(f"{self.seed}|{problem.question}")
        origin = problem.parents[0] if problem.parents else problem.id
        drawn = wording if wording.random() < self.noise else random.Random(f"{self.seed}|{origin}")
        attribute, value = self.group
        skill = self.skill - (self.disparity if problem.groups.get(attribute) == value else 0.0)
        return problem.answer if drawn.random() < skill else "something else"


def true_gap(model: Planted) -> float:
    """Return the accuracy gap of the planted group: minus the disparity."""
    return -model.disparity


def true_discordance(model: Planted) -> float:
    """Return the probability that right and wrong differ between the planted group's wording and the reference's.

    Both wordings keep the shared draw with probability (1 - noise)^2 and then differ with the disparity's; else their
    draws are independent, and they differ with probability a (1 - b) + b (1 - a) of skills a and b.
    """
    shared = (1 - model.noise) ** 2
    a, b = model.skill, model.skill - model.disparity
    return shared * model.disparity + (1 - shared) * (a * (1 - b) + b * (1 - a))


def true_flip_rate(model: Planted) -> float:
    """Return the flip rate of the planted group beyond the placebo's: the discordance minus that without disparity."""
    a = model.skill
    return true_discordance(model) - (1 - (1 - model.noise) ** 2) * 2 * a * (1 - a)


@dataclass(frozen=True)
class Trials:
    """What audits of many respondents of one disparity found; shares with Wilson's interval."""

    gap_covered: Interval  # intervals of the planted group's accuracy gap that hold the truth
    flip_covered: Interval
    found: Interval  # gaps whose adjusted p is at most alpha: power, or false alarms where nothing was planted
    alarmed: Interval  # runs with any adjusted p at most alpha: with nothing planted, the family's false alarms
    exceeded: Interval  # runs with any finding beyond its limit
    passed: Interval  # runs whose gap is within its limit


def try_out(probes: Sequence[Probe], models: Iterable[Planted], verify: Verify, policy: AuditPolicy) -> Trials:
    """Return how the audit of ``probes`` did on ``models``, which differ in their seeds alone."""
    runs = [(model, _judged(probes, model, verify, policy)) for model in models]
    gaps = [(model, _of(model, found, GAP)) for model, found in runs]
    flips = [(model, _of(model, found, FLIP)) for model, found in runs]
    alpha = policy.alpha
    return Trials(
        gap_covered=_share(gap.low <= true_gap(model) <= gap.high for model, gap in gaps),
        flip_covered=_share(flip.low <= true_flip_rate(model) <= flip.high for model, flip in flips),
        found=_share(_significant(gap, alpha) for _, gap in gaps),
        alarmed=_share(any(_significant(finding, alpha) for finding in found) for _, found in runs),
        exceeded=_share(any(finding.outcome == "exceeds" for finding in found) for _, found in runs),
        passed=_share(gap.outcome == "within" for _, gap in gaps),
    )


def _judged(probes: Sequence[Probe], model: Planted, verify: Verify, policy: AuditPolicy) -> list[AuditFinding]:
    records = audit(probes, {STUDENT: model}, verify, policy)
    return [record for record in records if isinstance(record, AuditFinding) and record.limit is not None]


def _of(model: Planted, found: Sequence[AuditFinding], measure: str) -> AuditFinding:
    attribute, value = model.group
    return next(f for f in found if (f.measure, f.attribute) == (measure, attribute) and f.groups[1:] == (value,))


def _significant(finding: AuditFinding, alpha: float) -> bool:
    return finding.p_adjusted is not None and finding.p_adjusted <= alpha


def _share(hits: Iterable[bool]) -> Interval:
    counted = list(hits)
    return rate(sum(counted), len(counted))
