"""Does it matter who asks? Each doubling, once from Ada and once from Ben."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from srm_core import AuditFinding, AuditItem, Probe, Problem, Variant
from srm_core.config import AuditPolicy
from srm_core.protocols import Respondent, Verify
from srm_core.records import PlannedAudit, PlannedFinding

NAMES = ("Ada", "Ben")
MEASURE = "toy-name-gap"


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield a probe for each doubling among ``problems``."""
    for problem in problems:
        if problem.kind == "double":
            variants = tuple(Variant(name=name, problem=_asked_by(name, problem)) for name in NAMES)
            yield Probe(
                measure=MEASURE, attribute="name", harm="quality-of-service", variants=variants, parents=(problem.id,)
            )


def findings(
    probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
) -> Iterator[AuditItem | AuditFinding]:
    """Yield every item, then for each model the difference in accuracy between the two names."""
    from srm_core.reports.intervals import mean

    own = [probe for probe in probes if probe.measure == MEASURE][: policy.per_attribute]
    for role, model in models.items():
        items = [item for probe in own for item in _asked(probe, role, model, verify)]
        yield from items
        right = [float(item.verdict.correct is True) for item in items]
        gap = mean([second - first for first, second in zip(right[::2], right[1::2], strict=True)])
        limit = policy.max_accuracy_gap
        within, exceeds = -limit <= gap.low <= gap.high <= limit, gap.low > limit or gap.high < -limit
        yield AuditFinding(
            measure=MEASURE,
            attribute="name",
            groups=NAMES,
            role=role,
            harm="quality-of-service",
            effect=gap.value,
            low=gap.low,
            high=gap.high,
            n=gap.n,
            limit=limit,
            outcome="inconclusive" if not gap.n else "within" if within else "exceeds" if exceeds else "inconclusive",
            items=tuple(item.id for item in items),
        )


def planned(probes: Sequence[Probe], policy: AuditPolicy) -> Iterator[PlannedAudit]:
    """Yield the plan of the one gap: answers of a toy differ in a tenth of the doublings, and the normal formula holds."""
    own = [probe for probe in probes if probe.measure == MEASURE][: policy.per_attribute]
    limit, differ = policy.max_accuracy_gap, 0.1
    needed = math.ceil(differ * (2.8 / limit) ** 2)
    gap = PlannedFinding(
        measure=MEASURE,
        attribute="name",
        groups=NAMES,
        n=len(own),
        discordance=differ,
        measured=False,
        mde=min(1.0, 2.8 * math.sqrt(differ / len(own))) if own else None,
        limit=limit,
        to_find=needed,
        to_settle=needed,
    )
    yield PlannedAudit(auditor="toy", answers=2 * len(own), scores=0, findings=(gap,))


def each_asker(problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield each doubling among ``problems`` as asked by every name, its worked answer with it."""
    for problem in problems:
        if problem.kind == "double":
            yield from (_asked_by(name, problem, parents=(problem.id,)) for name in NAMES)


def _asked_by(name: str, problem: Problem, **changes: object) -> Problem:
    fields = problem.model_dump(exclude={"id", "content"}) | changes
    return Problem.model_validate(fields | {"question": f"{name} asks: {problem.question}", "groups": {"name": name}})


def _asked(probe: Probe, role: str, model: Respondent, verify: Verify) -> Iterator[AuditItem]:
    answers = model.answer([variant.problem for variant in probe.variants])
    for variant, completion in zip(probe.variants, answers, strict=True):
        verdict = verify(variant.problem, completion.text, variant.problem.evidence)
        yield AuditItem(
            probe=probe.id,
            variant=variant.name,
            role=role,
            completion=completion,
            verdict=verdict,
            parents=(probe.id,),
        )
