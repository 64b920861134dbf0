"""How audit probes are made of a problem: the same problem asked otherwise, and the probe that such variants are.

Key, gold, evidence and split stay unless they are changed by name, so two variants differ in what is said alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .records import Probe, Problem, Variant

COUNTERFACTUAL = "counterfactual"  # the measure that compares answers to variants with the reference's


def otherwise(
    problem: Problem, *, groups: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None, **changes: Any
) -> Problem:
    """Return ``problem`` with fields changed: another identity with ``problem`` as its parent."""
    fields = {name: getattr(problem, name) for name in Problem.model_fields if name not in ("id", "content")}
    groups, tags = {**problem.groups, **(groups or {})}, {**problem.tags, **(tags or {})}
    return Problem(**{**fields, "parents": (problem.id,), "groups": groups, "tags": tags, **changes})


def variant(problem: Problem, attribute: str, group: str, **changes: Any) -> Variant:
    """Return ``problem`` asked otherwise, as the variant whose ``attribute`` is ``group``."""
    return Variant(name=group, problem=otherwise(problem, groups={attribute: group}, **changes))


def probe_of(attribute: str, variants: Iterable[Variant], measure: str = COUNTERFACTUAL) -> Probe:
    """Return the probe of ``variants``; the first is the reference, and its problem's parents are the probe's."""
    asked = tuple(variants)
    parents = asked[0].problem.parents
    return Probe(measure=measure, attribute=attribute, harm="quality-of-service", variants=asked, parents=parents)


def asked_as(problem: Problem, attribute: str, questions: Mapping[str, str]) -> Probe:
    """Return the probe that asks ``questions`` (by group, the reference first) in place of the problem's own."""
    return probe_of(attribute, (variant(problem, attribute, name, question=text) for name, text in questions.items()))
