"""Ask, measure, test, judge: from probes and models to audit items and findings."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from srm_core.config import AuditPolicy
from srm_core.protocols import Respondent, Verify
from srm_core.records import AuditFinding, AuditItem, Outcome, Probe
from srm_core.reports.intervals import Interval, mean, paired_interval, rate

from . import cognitive, twins
from .asking import ask
from .measures import DROP, FLIP, GAP, Effect, effects, injected
from .selection import limited
from .statistics import (
    discordance,
    holm,
    is_ternary,
    minimum_detectable_effect,
    minimum_detectable_mean,
    paired_p,
)
from .suites.auditing import chosen_suites, suite_records

STUDENT, BASE = "student", "base"
_LOG = logging.getLogger(__name__)


def audit(
    probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
) -> Iterator[AuditItem | AuditFinding]:
    """Ask each model at most ``policy.per_attribute`` problems per measure and attribute; yield items, then findings.

    Findings of each role come first, then paired differences on the same problems (the student against the base, the
    student in other weights against the student), then those of the published suites in ``policy.suites``. Every
    finding names the items that it rests on.

    Raises:
        ConfigError: a published suite cannot be read; no model is asked before that is known.
        ModelError: a model gave another number of answers, or cannot do what a suite needs.
    """
    suites = chosen_suites(policy)
    chosen = chosen_probes(probes, verify, policy)
    shown: dict[str, list[Effect]] = {}
    published: list[AuditFinding] = []
    for role, respondent in models.items():  # one model after another: two of them would double the memory
        items = ask(role, respondent, chosen, verify)
        yield from items
        shown[role] = effects(chosen, items)
        for record in suite_records(role, respondent, suites, policy):
            if isinstance(record, AuditItem):
                yield record
            else:
                published.append(record)
    for role, of_role in shown.items():
        yield from findings_of(of_role, role, "", policy)
    for role, reference in against(shown):
        yield from findings_of(compared(shown[role], shown[reference]), role, reference, policy)
    yield from published


def chosen_probes(probes: Sequence[Probe], verify: Verify, policy: AuditPolicy) -> list[Probe]:
    """Return the probes that are asked: those with a measure of this audit, `limited`, and `sound`."""
    mine = [probe for probe in probes if probe.measure in (twins.MEASURE, cognitive.MEASURE)]
    return sound(limited(mine, policy.per_attribute), verify)


def against(roles: Iterable[str]) -> list[tuple[str, str]]:
    """Return which role is compared with which: who brought the bias, step by step from the base to what is shipped."""
    there = list(roles)
    steps = [(STUDENT, BASE), *((role, STUDENT) for role in there if role.startswith(f"{STUDENT}-"))]
    return [(role, reference) for role, reference in steps if role in there and reference in there]


def sound(probes: Sequence[Probe], verify: Verify) -> list[Probe]:
    """Return the probes without those whose injected wrong answer the verifier accepts; they are counted in the log."""
    kept = [probe for probe in probes if not _accepts_injected(probe, verify)]
    if len(kept) < len(probes):
        _LOG.warning(
            "%d probes left out: the verifier accepts the answer they inject as wrong", len(probes) - len(kept)
        )
    return kept


def _accepts_injected(probe: Probe, verify: Verify) -> bool:
    wrong = [variant for variant in probe.variants if variant.name.endswith(f":{cognitive.WRONG}")]
    return probe.measure == cognitive.MEASURE and any(
        verify(variant.problem, f"Answer: {injected(variant)}", variant.problem.evidence).correct is True
        for variant in wrong
    )


def compared(student: Sequence[Effect], base: Sequence[Effect]) -> list[Effect]:
    """Return the paired differences student minus base of the effects both have, on the problems both have."""
    others = {effect.name: effect for effect in base}
    pairs = [(one, others[one.name]) for one in student if one.name in others and one.statistic != "share"]
    return [_difference(one, other) for one, other in pairs]


def _difference(one: Effect, other: Effect) -> Effect:
    values = {
        problem: value - other.values[problem] for problem, value in one.values.items() if problem in other.values
    }
    items = (*one.items, *other.items)
    return Effect(one.measure, one.attribute, one.groups, one.harm, one.statistic, values, items)


def findings_of(found: Sequence[Effect], role: str, reference: str, policy: AuditPolicy) -> Iterator[AuditFinding]:
    """Yield what the effects of one role say, tested and judged; with a ``reference`` they are differences from it."""
    # What is judged and what is only reported are two families, so that reporting more makes no judgement weaker.
    for judged in (True, False):
        family = [
            effect for effect in found if (not reference and limit_of(effect.measure, policy) is not None) is judged
        ]
        ps = [_p(effect) for effect in family]
        tested = [p for p in ps if p is not None]
        adjusted = iter(holm(tested))
        for effect, p in zip(family, ps, strict=True):
            yield _finding(
                effect,
                role=role,
                reference=reference,
                policy=policy,
                p=p,
                adjusted=None if p is None else next(adjusted),
                family=len(tested),
            )


def _finding(
    effect: Effect,
    *,
    role: str,
    reference: str,
    policy: AuditPolicy,
    p: float | None,
    adjusted: float | None,
    family: int,
) -> AuditFinding:
    interval = _interval(effect, bound=2.0 if reference else 1.0)
    limit = None if reference else limit_of(effect.measure, policy)
    return AuditFinding(
        measure=effect.measure,
        attribute=effect.attribute,
        groups=effect.groups,
        role=role,
        reference=reference,
        harm=effect.harm,
        effect=interval.value,
        low=interval.low,
        high=interval.high,
        p=p,
        p_adjusted=adjusted,
        mde=_mde(effect, policy.alpha / max(1, family), compared=bool(reference)),
        n=interval.n,
        limit=limit,
        outcome=outcome(effect.measure, interval, limit, adjusted, policy.alpha),
        items=effect.items,
        parents=effect.items,
    )


def limit_of(measure: str, policy: AuditPolicy) -> float | None:
    """Return the policy's limit for ``measure``, None for those that are reported and not judged."""
    limits = {FLIP: policy.max_flip_rate, GAP: policy.max_accuracy_gap, DROP: policy.max_injection_drop}
    return limits.get(measure)


def outcome(measure: str, interval: Interval, limit: float | None, adjusted: float | None, alpha: float) -> Outcome:
    """Return how ``interval`` lies to ``limit``.

    "within": all of it inside. "exceeds": all of it beyond, and the adjusted p value is at most ``alpha``, because
    some of dozens of 95 % intervals lie beyond by chance. Else, or without limit or data, "inconclusive": no pass.
    An accuracy gap harms in either direction; a flip rate below the placebo's or a negative drop harms nobody.
    """
    if limit is None or interval.n == 0:
        return "inconclusive"
    low = -interval.high if measure == GAP and interval.value < 0 else interval.low
    if low > limit:
        return "exceeds" if adjusted is not None and adjusted <= alpha else "inconclusive"
    inside = interval.high <= limit and (measure != GAP or interval.low >= -limit)
    return "within" if inside else "inconclusive"


def _p(effect: Effect) -> float | None:
    return None if effect.statistic == "share" or not effect.values else paired_p(list(effect.values.values()))


def _interval(effect: Effect, *, bound: float) -> Interval:
    values = list(effect.values.values())
    if effect.statistic == "share":
        return rate(round(sum(values)), len(values))
    return mean(values) if effect.statistic == "nats" else paired_interval(values, bound=bound)


def _mde(effect: Effect, alpha: float, *, compared: bool) -> float | None:
    values = list(effect.values.values())
    if effect.statistic == "share" or not values:
        return None
    if effect.statistic == "difference" and is_ternary(values) and not compared:
        return minimum_detectable_effect(len(values), discordance(values), alpha)
    if effect.statistic == "difference":
        deviation = math.sqrt(discordance(values, bound=2.0 if compared else 1.0))
    else:
        deviation = math.sqrt(sum(value * value for value in values) / len(values))
    return minimum_detectable_mean(len(values), deviation, alpha)
