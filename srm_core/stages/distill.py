"""Stage distill: a teacher's attempts at the training problems; only those that the verifier accepts pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..distillation.cache import CachedModel
from ..distillation.solver import REF as SOLVER
from ..distillation.solver import solve
from ..distillation.support import count_outcomes, judge_steps
from ..errors import ConfigError
from ..records import Attempt, Problem, Sampling, Trace
from ..store import Artifact, Result, read_records, write_records, write_rows
from ..traces import parse_trace
from .context import Context
from .selection import SELF, shots, training_problems

REASONS = 20  # reasons for rejection that are counted apart
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|[-+]?\d[\d.,]*")


def distill(context: Context, out: Path, *, problems: Artifact, knowledge: Artifact) -> Result:
    """Write ``attempts.jsonl`` (accepted) and ``rejected.jsonl`` (with the reason).

    Finished calls of a model teacher are kept in ``calls.cache`` and never repeated.

    Raises:
        ConfigError: not one attempt was accepted.
    """
    posed = list(read_records(problems.path / "problems.jsonl", Problem))
    chosen = training_problems(posed, context.config.distill.per_kind)
    examples = {} if context.config.distill.teacher == SOLVER else shots(posed, context.config.evaluate.shots)
    shown = {problem.id for group in examples.values() for problem in group}
    chosen = [problem for problem in chosen if problem.id not in shown]  # nobody is asked what it is shown solved
    by_id = {problem.id: problem for problem in chosen}
    base = context.host.open_knowledge(knowledge.path / "knowledge.cache")
    accepted: list[Attempt] = []
    rejected: list[dict[str, str]] = []
    steps: Counter[str] = Counter()
    asked = 0
    for attempt in _attempts(context, chosen, examples, out):
        asked += 1
        problem = by_id[attempt.problem]
        verdict = context.host.verify(problem, attempt.completion.text, attempt.evidence)
        if verdict.correct:
            accepted.append(attempt.revised(verdict=verdict))
            steps.update(
                count_outcomes(judge_steps(_trace(attempt), attempt.evidence, base, question=problem.question))
            )
        else:
            reason = "verifier failed: " if verdict.correct is None else ""
            rejected.append({"attempt": attempt.id, "kind": problem.kind, "reason": reason + verdict.reason})
    base.close()
    if not accepted:
        worst = Counter(row["reason"] for row in rejected).most_common(1)
        said = f"; mostly: {worst[0][0]}" if worst else ""
        raise ConfigError(f"teacher {context.config.distill.teacher} gave no attempt that the verifier accepts{said}")
    write_records(out / "attempts.jsonl", accepted)
    write_rows(out / "rejected.jsonl", rejected)
    total = max(1, sum(steps.values()))
    metrics = {f"steps_{name}": count / total for name, count in sorted(steps.items())}
    metrics["acceptance"] = len(accepted) / max(1, asked)
    counts = {"problems": len(chosen), "attempts": asked, "accepted": len(accepted), "rejected": len(rejected)}
    return Result({**counts, "steps": sum(steps.values()), **_by_reason(rejected)}, metrics)


def _by_reason(rejected: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Return how many were rejected for each reason; what differs from problem to problem (numbers, quotes) is cut."""
    reasons = Counter(_PARTICULAR.sub("...", row["reason"]) for row in rejected)
    most = dict(reasons.most_common(REASONS))
    rest = len(rejected) - sum(most.values())
    return {f"rejected: {why}": count for why, count in [*most.items(), *([("others", rest)] if rest else [])]}


def _attempts(
    context: Context, chosen: Sequence[Problem], examples: Mapping[str, Sequence[Problem]], out: Path
) -> Iterator[Attempt]:
    settings = context.config.distill
    evidence = {problem.id: problem.evidence for problem in chosen}
    if settings.teacher == SOLVER:
        yield from solve(chosen, evidence)
        return
    ref = context.config.base if settings.teacher == SELF else settings.teacher
    sampling = Sampling(
        n=settings.samples,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=context.config.seed,
    )
    groups: Mapping[str, list[Problem]] = {
        kind: [p for p in chosen if p.kind == kind] for kind in sorted({p.kind for p in chosen})
    }
    done = 0
    with CachedModel(context.host.load_model(ref), out / "calls.cache") as teacher:
        for kind, group in groups.items():
            for start in range(0, len(group), settings.batch):
                batch = group[start : start + settings.batch]
                system = context.host.pack().system_prompt
                yield from context.host.distill(
                    batch, evidence, teacher, sampling, system=system, shots=examples.get(kind, ())
                )
                done += len(batch)
                context.progress("distill", done, len(chosen))


def _trace(attempt: Attempt) -> Trace:
    return parse_trace(attempt.completion.text)
