"""Stage distill: a teacher's attempts at the training problems; only those that the verifier accepts pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..distillation.cache import CachedModel
from ..distillation.criteria import Reasoned, unmet
from ..distillation.search import Budget, Searcher
from ..distillation.solver import REF as SOLVER
from ..distillation.solver import solve
from ..distillation.support import count_outcomes, judge_steps
from ..distillation.trails import Searched, as_row
from ..distillation.trails import counts as search_counts
from ..errors import ConfigError
from ..protocols import Model
from ..records import Attempt, Problem, Sampling
from ..store import Artifact, Result, read_records, write_records, write_rows
from ..traces import parse_trace
from .context import Context
from .selection import SELF, shots, training_problems

REASONS = 20  # reasons for rejection that are counted apart
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|[-+]?\d[\d.,]*")


def distill(context: Context, out: Path, *, problems: Artifact, knowledge: Artifact) -> Result:
    """Write ``attempts.jsonl`` (accepted), ``rejected.jsonl`` (with the reason) and, of a search, ``search.jsonl``.

    Finished calls of a model teacher are kept in ``calls.cache`` and never repeated.

    Raises:
        ConfigError: not one attempt was accepted, or a search is asked of worked solutions.
    """
    _check_search(context)
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
    searches: list[Searched] = []
    for attempt in _attempts(context, chosen, examples, out, searches):
        asked += 1
        problem = by_id[attempt.problem]
        verdict = context.host.verify(problem, attempt.completion.text, attempt.evidence)
        reason = verdict.reason if verdict.correct is not None else f"verifier failed: {verdict.reason}"
        if verdict.correct:
            trace = parse_trace(attempt.completion.text)
            judged = judge_steps(trace, attempt.evidence, base, question=problem.question)
            lacking = unmet(context.config.distill.criteria, Reasoned(problem, trace, attempt.evidence, judged))
            if not lacking:
                accepted.append(attempt.revised(verdict=verdict))
                steps.update(count_outcomes(judged))
                continue
            reason = f"right, but its reasoning is not {', '.join(lacking)}"
        rejected.append({"attempt": attempt.id, "problem": problem.id, "kind": problem.kind, "reason": reason})
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
    if context.config.distill.search:
        write_rows(out / "search.jsonl", map(as_row, searches))
        counts["label injected"] = sum("label_injected" in attempt.tags for attempt in accepted)
        counts |= search_counts(searches)
    return Result({**counts, "steps": sum(steps.values()), **_by_reason(rejected)}, metrics)


def _by_reason(rejected: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Return how many were rejected for each reason; what differs from problem to problem (numbers, quotes) is cut."""
    reasons = Counter(_PARTICULAR.sub("...", row["reason"]) for row in rejected)
    most = dict(reasons.most_common(REASONS))
    rest = len(rejected) - sum(most.values())
    return {f"rejected: {why}": count for why, count in [*most.items(), *([("others", rest)] if rest else [])]}


def _attempts(
    context: Context,
    chosen: Sequence[Problem],
    examples: Mapping[str, Sequence[Problem]],
    out: Path,
    searches: list[Searched],
) -> Iterator[Attempt]:
    """Yield the unjudged attempts; what a search did on the way is added to ``searches``."""
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
                worked = examples.get(kind, ())
                if settings.search:
                    found = _searcher(context, teacher, sampling, system, worked).search(batch, evidence)
                    searches += found
                    yield from (each.attempt for each in found)
                else:
                    yield from context.host.distill(batch, evidence, teacher, sampling, system=system, shots=worked)
                done += len(batch)
                context.progress("distill", done, len(chosen))


def _searcher(context: Context, teacher: Model, sampling: Sampling, system: str, worked: Sequence[Problem]) -> Searcher:
    settings = context.config.distill
    budget = Budget(settings.search, settings.samples, settings.label_injection, context.config.seed)
    shots = [(problem, problem.evidence) for problem in worked]
    return Searcher(teacher, sampling, system, shots, context.host.verify, budget)


def _check_search(context: Context) -> None:
    settings = context.config.distill
    if settings.search and settings.teacher == SOLVER:
        raise ConfigError(
            f"distill.search = {settings.search}: a search asks a model again, and {SOLVER} gives worked solutions; "
            "name another teacher (--teacher), or set distill.search to 0"
        )
    if settings.label_injection and not settings.search:
        raise ConfigError("distill.label_injection is the last resort of a search; set distill.search too, e.g. to 3")
