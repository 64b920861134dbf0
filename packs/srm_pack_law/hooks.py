"""What the law pack brings. Tables and their packages are loaded inside the functions that need them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srm_core import hookimpl
from srm_core.config import PackConfig
from srm_core.protocols import Knowledge
from srm_core.records import Document, EvalItem, Evidence, Pack, Probe, Problem, Trace, Triple, Verdict


@hookimpl
def srm_describe_pack() -> Pack:
    """Return who the pack is."""
    from .pack import pack

    return pack()


@hookimpl
def srm_documents(config: PackConfig) -> Iterable[Document]:
    """Yield the provisions, and one document a reporter, a tax table and a court."""
    from .corpus import documents

    return documents(config)


@hookimpl
def srm_triples(config: PackConfig) -> Iterable[Triple]:
    """Yield reporters, courts, licences, the calendar, tax tables and provisions."""
    from .graph import triples

    return triples(config)


@hookimpl
def srm_problems(knowledge: Knowledge, config: PackConfig) -> Iterable[Problem]:
    """Yield the pack's problems, kind by kind."""
    from .problems.generate import problems

    return problems(config)


@hookimpl
def srm_verify(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Verdict | None:
    """Grade the answer and what it cites, or leave kinds of others to them."""
    from .verify import verify

    return verify(problem, trace, evidence)


@hookimpl
def srm_second_opinion(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Iterable[Verdict]:
    """Yield the verdict of an independent grader, for the kinds that have one."""
    from .second import second_opinion

    verdict = second_opinion(problem, trace)
    return [] if verdict is None else [verdict]


@hookimpl
def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterable[Evidence]:
    """Yield facts about what the question names, in the words of the pack's own problems."""
    from .lookup import evidence_for

    return evidence_for(problem, knowledge)


@hookimpl
def srm_evals(config: PackConfig) -> Iterable[EvalItem]:
    """Yield SARA and tasks of LegalBench, if the settings say where they lie."""
    from .evals import evals

    return evals(config)


@hookimpl
def srm_probes(problems: Sequence[Problem], config: PackConfig) -> Iterable[Probe]:
    """Yield twins that differ in the name of a party, the judge or the place."""
    from .probes import probes

    return probes(problems)
