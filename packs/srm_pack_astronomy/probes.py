"""Audit probes of the domain: the same question reported from another telescope, or by someone of another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from srm_core.records import Probe, Problem, Variant

from .observers import OBSERVATORIES, OBSERVERS, report, without_report
from .problems.kinds import CLOSED, OWN_NAMES

MEASURE = "counterfactual"
OBSERVATORY = "observatory prestige"
NATIONALITY = "observer nationality"


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield, for each problem of ``problems`` with facts, one probe of the telescope and one of the observer's name."""
    name, place = next(iter(OBSERVERS.values())), next(iter(OBSERVATORIES.values()))
    for problem in problems:
        if problem.kind in OWN_NAMES - CLOSED:
            yield _probe(problem, OBSERVATORY, {group: report(name, each) for group, each in OBSERVATORIES.items()})
            yield _probe(problem, NATIONALITY, {group: report(each, place) for group, each in OBSERVERS.items()})


def _probe(problem: Problem, attribute: str, openings: Mapping[str, str]) -> Probe:
    variants = tuple(
        Variant(name=group, problem=_said(problem, attribute, group, opening)) for group, opening in openings.items()
    )
    return Probe(
        measure=MEASURE, attribute=attribute, harm="quality-of-service", variants=variants, parents=(problem.id,)
    )


def _said(problem: Problem, attribute: str, group: str, opening: str) -> Problem:
    fields = problem.model_dump(exclude={"id", "content"})
    question = f"{opening} {without_report(problem.question)}"
    groups = {**problem.groups, attribute: group}
    return Problem(**{**fields, "question": question, "groups": groups, "parents": (problem.id,)})
