"""Stage audit: probes made from held-out items, asked of base and student alike; findings with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ..distillation.cache import CachedModel
from ..errors import ConfigError
from ..inference.asking import STOP, Asker
from ..prompts import Shot
from ..protocols import Conversation, Model, Respondent
from ..records import AuditFinding, AuditItem, Completion, Probe, Problem, Sampling, Weights
from ..store import Artifact, Result, read_records, write_records
from .context import Context
from .lengths import warn_of_cuts
from .selection import held_out_problems, shots
from .students import Students

T = TypeVar("T")
BASE, STUDENT = "base", "student"


def audit(context: Context, out: Path, *, student: Artifact, problems: Artifact) -> Result:
    """Write ``probes.jsonl``, ``items.jsonl`` and ``findings.jsonl``; finished calls are not repeated after a kill.

    Raises:
        ConfigError: the student is to be compared with itself, or a published suite cannot be read.
    """
    posed = list(read_records(problems.path / "problems.jsonl", Problem))
    policy = context.config.audit
    asked = roles(context)
    cut = warn_of_cuts(student.path / "data", "audit.max_tokens", policy.max_tokens)
    probes = probes_of(context, posed)
    write_records(out / "probes.jsonl", probes)
    models = Models(context, student)
    examples = {k: [(p, p.evidence) for p in g] for k, g in shots(posed, context.config.evaluate.shots).items()}
    respondents: dict[str, Respondent] = {
        role: Lazy(context, out / f"{role}.cache", models, role, weights, examples if role == BASE else {})
        for role, weights in asked.items()
    }
    items: list[AuditItem] = []
    findings: list[AuditFinding] = []
    for record in context.host.findings(probes, respondents, context.host.verify, policy):
        if isinstance(record, AuditItem):
            items.append(record)
        else:
            findings.append(record)
    write_records(out / "items.jsonl", items)
    write_records(out / "findings.jsonl", findings)
    return Result({"probes": len(probes), "items": len(items), "findings": len(findings), **cut}, {})


def probes_of(context: Context, posed: Sequence[Problem]) -> list[Probe]:
    """Return every plugin's probes of the held-out problems in ``posed``, of a kind as many as an attribute takes."""
    held_out = held_out_problems(posed, context.config.audit.per_attribute)
    return list(context.host.probes(held_out, context.problem_config()))


def roles(context: Context) -> dict[str, Weights]:
    """Return the models that are asked and how their matrices are kept: the base, the student, and it in other weights.

    Raises:
        ConfigError: ``audit.compare_weights`` names the student's own weights, or one twice.
    """
    policy = context.config.audit
    if policy.weights in policy.compare_weights or len(set(policy.compare_weights)) < len(policy.compare_weights):
        raise ConfigError(
            f"audit.compare_weights = {list(policy.compare_weights)}: name each once, and not {policy.weights}, "
            "which the student is audited with (audit.weights)"
        )
    others = {f"{STUDENT}-{weights}": weights for weights in policy.compare_weights}
    return {BASE: "float32", STUDENT: policy.weights, **others}


class Models:
    """The models of an audit, one open at a time whatever its weights: two of them would double the memory."""

    def __init__(self, context: Context, trained: Artifact) -> None:
        self.context = context
        self.trained = trained
        self._students: Students | None = None

    def open(self, role: str, weights: Weights) -> Model:
        """Return the base, or the final student with its matrices kept as ``weights``."""
        if self._students is None or (role != BASE and self._students.weights != weights):
            self._students = None  # with the model it holds
            self._students = Students(self.context, self.trained, weights)
        return self._students.base() if role == BASE else self._students.student(self._students.final)


class Lazy:
    """A respondent whose model is opened when it is asked, and whose finished calls are kept.

    It is `srm_core.protocols.Direct` too: plain conversations go to the same model, in batches of the same size, and
    into the same file.
    """

    def __init__(
        self,
        context: Context,
        cache: Path,
        models: Models,
        role: str,
        weights: Weights,
        examples: Mapping[str, Sequence[Shot]],
    ) -> None:
        self.context = context
        self.cache = cache
        self.models = models
        self.role = role
        self.weights = weights
        self.examples = examples
        self.ref = context.config.base if role == BASE else role

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        """Return one completion for each problem, in order; asked in batches of one kind, each kept when done."""

        def ask(model: Model, places: Sequence[int]) -> list[Completion]:
            return self._asker(model).answer([problems[i] for i in places])

        return self._in_batches("answers", _alike(problems), ask) or []

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        """Return log P("Answer: gold" | prompt) in nats for each problem."""

        def ask(model: Model, places: Sequence[int]) -> list[float] | None:
            return self._asker(model).gold_logprobs([problems[i] for i in places])

        return self._in_batches("gold", _alike(problems), ask)

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` completions for each conversation as it is, in order."""

        def ask(model: Model, places: Sequence[int]) -> list[list[Completion]]:
            return model.generate([conversations[i] for i in places], sampling)

        return self._in_batches("suites, answers", _short_first(conversations), ask) or []

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]] | None:
        """Return the log-probability (nats) of each token of each continuation, or None if the model cannot score."""

        def ask(model: CachedModel, places: Sequence[int]) -> list[list[float]] | None:
            given = model.score([conversations[i] for i in places], [continuations[i] for i in places])
            return None if given is None else [list(tokens) for tokens in given]

        return self._in_batches("suites, scores", _short_first(conversations), ask)

    def _in_batches(
        self, what: str, order: Sequence[int], ask: Callable[[CachedModel, Sequence[int]], list[T] | None]
    ) -> list[T] | None:
        size = self.context.config.evaluate.batch
        found: dict[int, T] = {}
        with CachedModel(self.models.open(self.role, self.weights), self.cache) as model:
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                given = ask(model, batch)
                if given is None:
                    return None
                found.update(zip(batch, given, strict=True))
                self.context.progress(f"audit: {self.role}, {what}", min(start + size, len(order)), len(order))
        return [found[i] for i in range(len(order))]

    def _asker(self, model: Model) -> Asker:
        sampling = Sampling(max_tokens=self.context.config.audit.max_tokens, seed=self.context.config.seed, stop=STOP)
        system = self.context.host.pack().system_prompt
        return Asker(model, system=system, sampling=sampling, shots=self.examples)


def _alike(problems: Sequence[Problem]) -> list[int]:
    return sorted(range(len(problems)), key=lambda i: (problems[i].kind, len(problems[i].question), i))


def _short_first(conversations: Sequence[Conversation]) -> list[int]:
    return sorted(range(len(conversations)), key=lambda i: (sum(len(turn.content) for turn in conversations[i]), i))
