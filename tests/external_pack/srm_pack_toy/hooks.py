"""What the pack gives to the SDK; the work is done in the modules beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from srm_core import (
    Attempt,
    AuditFinding,
    AuditItem,
    BuildManifest,
    Document,
    EvalItem,
    Evidence,
    Objection,
    Pack,
    Probe,
    Problem,
    Reward,
    Sampling,
    Section,
    Trace,
    Triple,
    Verdict,
    hookimpl,
)
from srm_core.config import AuditPolicy, PackConfig
from srm_core.protocols import Knowledge, Model, Respondent, Verify
from srm_core.records import PlannedAudit, Remark

from . import audit, card, facts, grading, problems, students
from .facts import PACK

SCHEMES = ("toy",)
METHODS = ("memorize",)
TARGETS = ("toy",)
MITIGATIONS = ("each-asker",)


@hookimpl
def srm_describe_pack() -> Pack:
    """Say who the pack is."""
    return PACK


@hookimpl
def srm_documents(config: PackConfig) -> Iterator[Document]:
    """Yield a sentence for each number."""
    return facts.documents(facts.largest(config), config.max_documents)


@hookimpl
def srm_clean(documents: Iterable[Document]) -> Iterator[Document | Remark]:
    """Take out what doubles wrongly."""
    return facts.without_false(documents)


@hookimpl
def srm_triples(config: PackConfig) -> Iterator[Triple]:
    """Yield the double of each number."""
    return facts.triples(facts.largest(config))


@hookimpl
def srm_open_knowledge(folder: Path) -> Knowledge:
    """Open a knowledge base small enough to be a dictionary."""
    from srm_core.testing.fakes import DictKnowledge

    return DictKnowledge(folder)


@hookimpl
def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterator[Evidence]:
    """Yield the doubles of the numbers that the question names."""
    return facts.evidence(problem.question, knowledge)


@hookimpl
def srm_problems(knowledge: Knowledge, config: PackConfig) -> Iterator[Problem]:
    """Yield doublings and sums."""
    return problems.problems(knowledge, config)


@hookimpl
def srm_verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Accept the number, in digits, and nothing else."""
    return grading.verdict(problem, trace) if problem.kind in facts.KINDS else None


@hookimpl
def srm_second_opinion(problem: Problem, trace: Trace) -> Iterator[Verdict]:
    """Work the question out anew from its words."""
    if problem.kind in facts.KINDS:
        yield grading.from_the_question(problem, trace)


@hookimpl
def srm_rewards(problem: Problem, trace: Trace) -> Iterator[Reward]:
    """Pay for being near."""
    if problem.kind in facts.KINDS:
        yield grading.nearness(problem, trace)


@hookimpl
def srm_load_model(ref: str) -> Model | None:
    """Open ``toy:right``, ``toy:wrong`` or ``toy:FOLDER`` of a memorizing student."""
    return students.load(ref)


@hookimpl
def srm_distill(
    problems: Sequence[Problem],
    evidence: Mapping[str, Sequence[Evidence]],
    teacher: Model,
    sampling: Sampling,
    system: str,
    shots: Sequence[Problem],
) -> Iterable[Attempt] | None:
    """Ask the teacher one problem after the other."""
    if any(problem.kind not in facts.KINDS for problem in problems):
        return None
    return students.distill(problems, evidence, teacher, sampling, system, shots)


@hookimpl
def srm_train(method: str, data: Path, out: Path) -> Mapping[str, float] | None:
    """Write the answers of ``data/problems.jsonl`` into a table."""
    return students.memorize(data, out) if method in METHODS else None


@hookimpl
def srm_mitigate(mitigation: str, problems: Sequence[Problem]) -> Iterable[Problem] | None:
    """Add each doubling once more as asked by Ada and by Ben."""
    return audit.each_asker(problems) if mitigation in MITIGATIONS else None


@hookimpl
def srm_evals(config: PackConfig) -> Iterator[EvalItem]:
    """Yield doublings of numbers that the graph does not hold."""
    return problems.beyond(facts.largest(config))


@hookimpl
def srm_probes(problems: Sequence[Problem]) -> Iterator[Probe]:
    """Yield each doubling as asked by Ada and by Ben."""
    return audit.probes(problems)


@hookimpl
def srm_findings(
    probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
) -> Iterator[AuditItem | AuditFinding]:
    """Compare how often each model is right when Ada asks and when Ben asks."""
    return audit.findings(probes, models, verify, policy)


@hookimpl
def srm_audit_plan(probes: Sequence[Probe], policy: AuditPolicy) -> Iterator[PlannedAudit]:
    """Say how many doublings would be asked, and how many the limit needs."""
    return audit.planned(probes, policy)


@hookimpl
def srm_objections(manifest: BuildManifest) -> Iterator[Objection]:
    """Object to a student nobody evaluated."""
    return card.objections(manifest)


@hookimpl
def srm_sections(manifest: BuildManifest) -> Iterator[Section]:
    """Say what a doubling student can be used for."""
    return card.sections(manifest)


@hookimpl
def srm_export(student: Path, target: str, out: Path) -> Path | None:
    """Write a memorizing student's table as text."""
    return students.export(student, out) if target in TARGETS else None
