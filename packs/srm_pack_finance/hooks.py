"""What the finance pack brings. Tables and their packages are loaded inside the functions that need them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from srm_core import hookimpl
from srm_core.config import PackConfig
from srm_core.protocols import Knowledge
from srm_core.records import (
    Document,
    EvalItem,
    Evidence,
    Pack,
    Probe,
    Problem,
    Trace,
    Triple,
    Verdict,
)


@hookimpl
def srm_describe_pack() -> Pack:
    """Return who the pack is."""
    from .pack import pack

    return pack()


@hookimpl
def srm_documents(config: PackConfig) -> Iterable[Document]:
    """Yield statements of invented companies, exchange closures, currencies and formulas as short texts."""
    from .corpus import documents

    return documents(config)


@hookimpl
def srm_triples(config: PackConfig) -> Iterable[Triple]:
    """Yield formulas, rules, statement lines, line items, currencies and exchange sessions."""
    from .graph import triples

    return triples(config)


@hookimpl
def srm_problems(knowledge: Knowledge, config: PackConfig) -> Iterable[Problem]:
    """Yield the pack's problems, kind by kind."""
    from .problems.generate import problems

    return problems(config)


@hookimpl
def srm_verify(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Verdict | None:
    """Grade the answer, or leave kinds of others to them."""
    from .verify import verify

    return verify(problem, trace)


@hookimpl
def srm_second_opinion(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Iterable[Verdict]:
    """Yield the verdict of an independent grader, for the kinds that have one."""
    from .second import second_opinion

    verdict = second_opinion(problem, trace)
    return [] if verdict is None else [verdict]


@hookimpl
def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterable[Evidence]:
    """Yield facts about the companies, currencies, formulas and exchanges that the question names."""
    from .lookup import evidence_for

    return evidence_for(problem, knowledge)


@hookimpl
def srm_evals(config: PackConfig) -> Iterable[EvalItem]:
    """Yield TAT-QA, if the settings say where it lies."""
    from .evals import evals

    return evals(config)


@hookimpl
def srm_probes(problems: Sequence[Problem], config: PackConfig) -> Iterable[Probe]:
    """Yield twins that differ in a company's or a customer's name, or in the currency."""
    from .probes import probes

    return probes(problems)
