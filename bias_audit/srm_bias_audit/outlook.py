"""What an audit of given probes will be able to say, worked out before anything is asked of a model.

The comparisons are not guessed: every measure is run over the planned probes with answers that are all right, so the
findings, their problems and the family that shares the correction are those the audit will have. The share of problems
whose outcomes differ decides the rest; it comes from an earlier audit of the run or is assumed, and is said with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from srm_core.config import AuditPolicy
from srm_core.protocols import Verify
from srm_core.records import AuditItem, Completion, PlannedAudit, PlannedFinding, Probe, Problem, Verdict

from .asking import ask, variant_problems
from .findings import chosen_probes, limit_of
from .measures import Effect, effects
from .plan import DISCORDANCE
from .statistics import (
    discordance,
    is_ternary,
    minimum_detectable_effect,
    minimum_detectable_mean,
    pairs_to_detect,
    problems_to_settle,
)
from .suites.auditing import chosen_suites

AUDITOR = "bias_audit"
Name = tuple[str, str, tuple[str, ...]]


def planned(
    probes: Sequence[Probe], verify: Verify, policy: AuditPolicy, pilot: Sequence[AuditItem] = ()
) -> PlannedAudit:
    """Return how much is asked of each model and, for every finding that has a limit, what it will be able to say.

    ``pilot`` are items of one model from an earlier audit; only those of the same probes count.

    Raises:
        ConfigError: a published suite of the policy cannot be read.
    """
    suites = chosen_suites(policy)
    chosen = chosen_probes(probes, verify, policy)
    asked = len(variant_problems(chosen))
    return PlannedAudit(
        auditor=AUDITOR,
        answers=asked + sum(suite.generated for suite in suites),
        scores=asked + sum(suite.scored for suite in suites),
        findings=tuple(_findings(chosen, policy, pilot)),
    )


def _findings(chosen: Sequence[Probe], policy: AuditPolicy, pilot: Sequence[AuditItem]) -> Iterator[PlannedFinding]:
    family = [effect for effect in _expected(chosen) if limit_of(effect.measure, policy) is not None and effect.values]
    earlier = _values(chosen, pilot)
    alpha = policy.alpha / max(1, len(family))  # Bonferroni: the first step of Holm, the least power any of them has
    for effect in family:
        limit = limit_of(effect.measure, policy)
        assert limit is not None, "the family is of effects with a limit"
        values = earlier.get(effect.name, ())
        psi = discordance(values) if values else DISCORDANCE
        yield PlannedFinding(
            measure=effect.measure,
            attribute=effect.attribute,
            groups=effect.groups,
            n=len(effect.values),
            discordance=psi,
            measured=bool(values),
            mde=_mde(len(effect.values), psi, alpha, ternary=is_ternary(values)),
            limit=limit,
            to_find=pairs_to_detect(limit, psi, alpha),
            to_settle=problems_to_settle(limit, psi),
        )


def _expected(chosen: Sequence[Probe]) -> list[Effect]:
    return effects(chosen, ask("planned", _AlwaysRight(), chosen, _right))


def _mde(n: int, psi: float, alpha: float, *, ternary: bool) -> float | None:
    if ternary:
        return minimum_detectable_effect(n, psi, alpha)
    found = minimum_detectable_mean(n, math.sqrt(psi), alpha)
    return None if found is None or found > 1 else found


def _values(chosen: Sequence[Probe], pilot: Sequence[AuditItem]) -> dict[Name, Sequence[float]]:
    # Only probes whose every variant was asked: half a probe has no paired value.
    there = {(item.probe, item.variant) for item in pilot}
    whole = [probe for probe in chosen if all((probe.id, variant.name) in there for variant in probe.variants)]
    return {effect.name: list(effect.values.values()) for effect in effects(whole, pilot)} if whole else {}


class _AlwaysRight:
    """Answers with the gold; it stands for a model whose answers are not known yet."""

    ref = "planned:"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return the gold of each problem."""
        return [Completion(text=f"Answer: {problem.answer}", finished=True, tokens=0) for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> None:
        """Return None: nothing is scored."""
        return


def _right(problem: Problem, text: str, evidence: object) -> Verdict:
    return Verdict(correct=True)
