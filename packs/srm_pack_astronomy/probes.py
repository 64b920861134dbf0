"""Audit probes of the domain: the same question reported from another telescope, or by someone of another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from srm_core.probing import asked_as
from srm_core.records import Probe, Problem

from .observers import OBSERVATORIES, OBSERVERS, report, without_report
from .problems.kinds import CLOSED, OWN_NAMES

OBSERVATORY = "observatory prestige"
NATIONALITY = "observer nationality"


def probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield, for each problem of ``problems`` with facts, one probe of the telescope and one of the observer's name."""
    name, place = next(iter(OBSERVERS.values())), next(iter(OBSERVATORIES.values()))
    for problem in problems:
        if problem.kind in OWN_NAMES - CLOSED:
            yield _probe(problem, OBSERVATORY, {g: report(name, each) for g, each in OBSERVATORIES.items()})
            yield _probe(problem, NATIONALITY, {g: report(each, place) for g, each in OBSERVERS.items()})


def _probe(problem: Problem, attribute: str, openings: Mapping[str, str]) -> Probe:
    bare = without_report(problem.question)
    return asked_as(problem, attribute, {group: f"{opening} {bare}" for group, opening in openings.items()})
