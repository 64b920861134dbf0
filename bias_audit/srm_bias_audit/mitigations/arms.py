"""What is compared: the student as it is, warned, decoded otherwise, or trained with other rows; all asked alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from srm_core.errors import ModelError
from srm_core.inference.asking import STOP
from srm_core.inference.local import TransformersModel
from srm_core.protocols import Respondent
from srm_core.records import Attempt, AuditItem, Probe, Problem, Sampling
from srm_core.reports.html import duration
from srm_core.stages.audit import STUDENT, Lazy, Models
from srm_core.stages.context import Context
from srm_core.stages.students import Students
from srm_core.store import Artifact, read_records

from .. import cognitive, twins
from ..asking import ask, variant_problems
from .contrast import Contrasted
from .timing import Remembering, expected_seconds
from .warning import Warned

Artifacts = Mapping[str, Artifact]


@dataclass(frozen=True)
class Arm:
    """One student: its audit items, which held-out problems it solves (by id, 0 or 1), and what it was trained on."""

    name: str
    items: tuple[AuditItem, ...]
    right: Mapping[str, float]
    rows: int  # of supervised training
    tokens: int  # in them


def asked_probes(audited: Artifact) -> list[Probe]:
    """Return the probes of this audit (twins and injections) that the student of an audit was asked."""
    asked = {item.probe for item in _own(audited)}
    probes = read_records(audited.path / "probes.jsonl", Probe)
    return [p for p in probes if p.id in asked and p.measure in (twins.MEASURE, cognitive.MEASURE)]


def held_out(artifacts: Artifacts) -> dict[str, Problem]:
    """Return the held-out problems of a run by id."""
    posed = read_records(artifacts["pose"].path / "problems.jsonl", Problem)
    return {problem.id: problem for problem in posed if problem.split == "test"}


def built_arm(name: str, context: Context, artifacts: Artifacts) -> Arm:
    """Return the final student of a finished run as its evaluation and its audit found it."""
    final, problems = Students(context, artifacts["train"]).final, held_out(artifacts)
    right = {
        attempt.problem: float(attempt.verdict.correct is True)
        for attempt in read_records(artifacts["evaluate"].path / "attempts.jsonl", Attempt)
        if attempt.arm == final and attempt.sampling.temperature == 0 and attempt.problem in problems
    }
    counts = artifacts["train"].record.counts
    return Arm(name, tuple(_own(artifacts["audit"])), right, counts.get("rows", 0), counts.get("tokens", 0))


def warned_arm(name: str, context: Context, artifacts: Artifacts, before: Arm, folder: Path) -> Arm:
    """Return the same student, warned before every question, on the probes and problems that ``before`` answered.

    Finished calls are kept in ``folder``, by the student's artifact, and are not repeated.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trained, settings = artifacts["train"], context.config
    models = Models(context, trained)
    audited = Lazy(context, _calls(folder, trained, "audit"), models, name, settings.audit.weights, {})
    items = ask(name, Warned(audited), asked_probes(artifacts["audit"]), context.host.verify)
    tokens = settings.audit.model_copy(update={"max_tokens": settings.evaluate.max_tokens})
    asking = replace(context, config=settings.model_copy(update={"audit": tokens}))
    evaluated = Lazy(asking, _calls(folder, trained, "evaluate"), models, name, "float32", {})
    problems = [problem for number, problem in held_out(artifacts).items() if number in before.right]
    right = solved(Warned(evaluated), problems, context)
    return Arm(name, tuple(items), right, before.rows, before.tokens)


def contrasted_arm(name: str, context: Context, artifacts: Artifacts, before: Arm) -> Arm:
    """Return the same student, in float32, decoded against its pushed self, on the probes and problems of ``before``.

    How long it takes is told once the first wordings are answered. Nothing is kept of a run of this that is killed.

    Raises:
        ModelError: the student is not a model in this process.
    """
    students = Students(context, artifacts["train"])
    model = students.student(students.final)
    if not isinstance(model, TransformersModel):
        raise ModelError(f"{model.ref} is no model of this process, so its next tokens cannot be weighed")
    system, seed = context.host.pack().system_prompt, context.config.seed

    def asked(what: str, tokens: int) -> Contrasted:
        def told(step: str, done: int, total: int) -> None:
            context.progress(f"mitigate: {name}, {what}, {step}", done, total)

        return Contrasted(model, system, Sampling(max_tokens=tokens, seed=seed, stop=STOP), told=told)

    probes = asked_probes(artifacts["audit"])
    problems = [problem for number, problem in held_out(artifacts).items() if number in before.right]
    timed, wordings = asked("first wordings", context.config.audit.max_tokens), variant_problems(probes)
    first, audited = wordings[: timed.side_by_side], Remembering(timed)
    many = f"{len(wordings)} wordings and {len(problems)} held-out problems, two passes a token"
    context.progress(f"mitigate: {name}: {many}, {timed.side_by_side} side by side; the first are timed", 0, 0)
    took, left = expected_seconds(audited, first, len(wordings) - len(first), len(problems))
    context.progress(
        f"mitigate: {name}: the first {len(first)} took {duration(took)}, so about {duration(left)} are left", 0, 0
    )
    audited.inner = asked("audit", context.config.audit.max_tokens)
    items = ask(name, audited, probes, context.host.verify)
    right = solved(asked("held-out problems", context.config.evaluate.max_tokens), problems, context)
    return Arm(name, tuple(items), right, before.rows, before.tokens)


def solved(respondent: Respondent, problems: Sequence[Problem], context: Context) -> dict[str, float]:
    """Return 1 for each problem (by id) that ``respondent`` solves, else 0; no verdict is no solution."""
    said = respondent.answer(problems)
    verdicts = [context.host.verify(p, c.text, p.evidence) for p, c in zip(problems, said, strict=True)]
    return {p.id: float(v.correct is True) for p, v in zip(problems, verdicts, strict=True)}


def _calls(folder: Path, trained: Artifact, what: str) -> Path:
    return folder / f"{trained.key}-{what}.cache"


def _own(audited: Artifact) -> list[AuditItem]:
    return [item for item in read_records(audited.path / "items.jsonl", AuditItem) if item.role == STUDENT]
