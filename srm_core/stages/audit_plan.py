"""What the stage audit would ask, find and cost, from the posed problems alone: no model is opened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..records import AuditItem, PlannedFinding, Probe, Problem, StageRecord, Value, Verdict
from ..store import Artifact, read_records
from .audit import STUDENT, probes_of, roles
from .context import Context

EVERY = 1_000_000  # problems an attribute may take when all that were posed are counted


class AuditPlan(Value):
    """The audit of one run before it is asked.

    ``available`` is how many held-out problems each planned finding could stand on, in the order of ``findings``.
    ``seconds`` is ``calls`` times ``seconds_per_call``, and ``speed`` says where that number comes from.
    """

    per_attribute: int
    models: tuple[str, ...]
    answers: int  # completions asked of one model
    scores: int  # texts scored by one model
    findings: tuple[PlannedFinding, ...]
    available: tuple[int, ...]
    calls: int  # of all models: an answer and a score are one call each
    seconds_per_call: float
    seconds: float
    speed: str

    @property
    def undecidable(self) -> int:
        """How many limits the planned problems are too few for."""
        return sum(not finding.decidable for finding in self.findings)

    @property
    def deciding(self) -> int:
        """The ``per_attribute`` that decides every limit; groups that take turns have a part of the problems each."""
        most: dict[tuple[str, str], int] = {}
        for finding in self.findings:
            name = finding.measure, finding.attribute
            most[name] = max(most.get(name, 0), finding.n)
        return max((math.ceil(f.needed * most[f.measure, f.attribute] / max(1, f.n)) for f in self.findings), default=0)


@dataclass(frozen=True)
class Speed:
    """Seconds a call takes, and where that is known from."""

    seconds: float
    source: str


def plan_audit(context: Context, problems: Artifact, speed: Speed, earlier: Artifact | None = None) -> AuditPlan:
    """Return the plan of the audit that ``context`` would run; the student's items of ``earlier`` say how answers vary.

    Raises:
        ConfigError: the settings of the audit contradict each other, or a published suite cannot be read.
    """
    posed = list(read_records(problems.path / "problems.jsonl", Problem))
    policy, verify, host = context.config.audit, context.host.verify, context.host
    asked = roles(context)
    items = () if earlier is None else [i for i in read_records(earlier.path / "items.jsonl", AuditItem) if _own(i)]
    plans = list(host.audit_plan(probes_of(context, posed), verify, policy, items))
    findings = [finding for each in plans for finding in each.findings]
    answers, scores = sum(each.answers for each in plans), sum(each.scores for each in plans)
    calls = len(asked) * (answers + scores)
    return AuditPlan(
        per_attribute=policy.per_attribute,
        models=tuple(asked),
        answers=answers,
        scores=scores,
        findings=tuple(findings),
        available=tuple(_available(context, posed, findings)),
        calls=calls,
        seconds_per_call=speed.seconds,
        seconds=calls * speed.seconds,
        speed=speed.source,
    )


def measured_speed(stages: Mapping[str, StageRecord], earlier: Artifact | None) -> Speed | None:
    """Return the speed of the run's own audit, else of its evaluation, else None.

    A stage that was killed and went on shows only the seconds of its last part: the number is then too small.
    """
    if earlier is not None and earlier.record.seconds > 0:
        wordings = {variant.problem.id for probe in _probes(earlier) for variant in probe.variants}
        asked = {item.role for item in read_records(earlier.path / "items.jsonl", AuditItem)}
        calls = 2 * len(wordings) * len(asked)  # an answer and the gold's score of each wording by each model
        if calls:
            return Speed(earlier.record.seconds / calls, f"measured in this run's audit ({calls:,} calls)")
    evaluated = stages.get("evaluate")
    attempts = evaluated.counts.get("attempts", 0) if evaluated else 0
    if evaluated and attempts and evaluated.seconds > 0:
        source = f"measured in this run's evaluation ({attempts:,} answers; a score costs less than an answer)"
        return Speed(evaluated.seconds / attempts, source)
    return None


def _probes(audited: Artifact) -> Sequence[Probe]:
    return list(read_records(audited.path / "probes.jsonl", Probe))


def _own(item: AuditItem) -> bool:
    return item.role == STUDENT


def _available(context: Context, posed: Sequence[Problem], findings: Sequence[PlannedFinding]) -> list[int]:
    policy = context.config.audit.model_copy(update={"per_attribute": EVERY, "suites": {}})
    config = context.config.model_copy(update={"audit": policy})
    whole = Context(context.host, config, context.cache)
    plans = context.host.audit_plan(probes_of(whole, posed), _unverified, policy)
    counts = {_name(finding): finding.n for each in plans for finding in each.findings}
    return [counts.get(_name(finding), finding.n) for finding in findings]


def _unverified(problem: Problem, text: str, evidence: object) -> Verdict:
    # Counting needs no verdict on the answers that would be injected: a few of them may be left out later.
    return Verdict(correct=False)


def _name(finding: PlannedFinding) -> tuple[str, str, tuple[str, ...]]:
    return finding.measure, finding.attribute, finding.groups
