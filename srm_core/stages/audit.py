"""Stage audit: probes made from held-out items, asked of base and student alike; findings with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ..distillation.cache import CachedModel
from ..inference.asking import STOP, Asker
from ..prompts import Shot
from ..protocols import Model, Respondent
from ..records import AuditFinding, AuditItem, Completion, Problem, Sampling
from ..store import Artifact, Result, read_records, write_records
from .context import Context
from .selection import shots, test_problems
from .students import Students

T = TypeVar("T")


def audit(context: Context, out: Path, *, student: Artifact, problems: Artifact) -> Result:
    """Write ``probes.jsonl``, ``items.jsonl`` and ``findings.jsonl``; finished calls are not repeated after a kill."""
    posed = list(read_records(problems.path / "problems.jsonl", Problem))
    policy = context.config.audit
    config = context.problem_config()
    held_out = test_problems(posed, policy.per_attribute)
    probes = list(context.host.probes(held_out, config))
    write_records(out / "probes.jsonl", probes)
    students = Students(context, student, policy.weights)
    examples = {k: [(p, p.evidence) for p in g] for k, g in shots(posed, context.config.evaluate.shots).items()}
    models: dict[str, Respondent] = {
        "base": Lazy(context, out / "base.cache", students, "base", examples),
        "student": Lazy(context, out / "student.cache", students, students.final, {}),
    }
    items: list[AuditItem] = []
    findings: list[AuditFinding] = []
    for record in context.host.findings(probes, models, context.host.verify, policy):
        if isinstance(record, AuditItem):
            items.append(record)
        else:
            findings.append(record)
    write_records(out / "items.jsonl", items)
    write_records(out / "findings.jsonl", findings)
    return Result({"probes": len(probes), "items": len(items), "findings": len(findings)}, {})


class Lazy:
    """A respondent whose model is opened when it is asked, and whose finished calls are kept."""

    def __init__(
        self, context: Context, cache: Path, students: Students, role: str, examples: Mapping[str, Sequence[Shot]]
    ) -> None:
        self.context = context
        self.cache = cache
        self.students = students
        self.role = role
        self.examples = examples
        self.ref = context.config.base if role == "base" else f"student:{role}"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order; asked in batches of one kind, each kept when done."""
        return self._in_batches("answers", problems, lambda asker, batch: asker.answer(batch)) or []

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem."""
        return self._in_batches("gold", problems, lambda asker, batch: asker.gold_logprobs(batch))

    def _in_batches(
        self, what: str, problems: Sequence[Problem], ask: Callable[[Asker, list[Problem]], list[T] | None]
    ) -> list[T] | None:
        size = self.context.config.evaluate.batch
        order = sorted(range(len(problems)), key=lambda i: (problems[i].kind, len(problems[i].question), i))
        found: dict[int, T] = {}
        with CachedModel(self._model(), self.cache) as model:
            asker = self._asker(model)
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                given = ask(asker, [problems[i] for i in batch])
                if given is None:
                    return None
                found.update(zip(batch, given, strict=True))
                self.context.progress(f"audit: {self.role}, {what}", min(start + size, len(order)), len(order))
        return [found[i] for i in range(len(problems))]

    def _model(self) -> Model:
        return self.students.base() if self.role == "base" else self.students.student(self.role)

    def _asker(self, model: Model) -> Asker:
        sampling = Sampling(max_tokens=self.context.config.audit.max_tokens, seed=self.context.config.seed, stop=STOP)
        system = self.context.host.pack().system_prompt
        return Asker(model, system=system, sampling=sampling, shots=self.examples)
