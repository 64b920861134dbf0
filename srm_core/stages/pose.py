"""Stage pose: problems whose gold is what their key computes; what cannot be proved is dropped and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import PluginError
from ..host import Host
from ..protocols import Knowledge
from ..records import EvalItem, GraphKey, Kind, Problem
from ..store import Artifact, Result, write_records, write_rows
from .context import Context


def pose(context: Context, out: Path, *, knowledge: Artifact) -> Result:
    """Write ``problems.jsonl``, ``items.jsonl`` (published suites) and ``dropped.jsonl``.

    Raises:
        PluginError: a kind that was asked for by name gives no problem at all.
    """
    config = context.problem_config()
    base = context.host.open_knowledge(knowledge.path / "knowledge.cache")
    dropped: list[dict[str, str]] = []
    kept: list[Problem] = []
    asked: set[tuple[str, ...]] = set()
    declared = {kind.name for kind in context.host.pack().kinds}
    for number, problem in enumerate(context.host.problems(base, config)):
        words = (problem.question, *problem.choices)
        reason = "asked before" if words in asked else unproved(problem, base, context.host)
        if problem.kind not in declared:
            reason = f"the pack declares no kind {problem.kind!r}"
        asked.add(words)
        if reason:
            dropped.append({"problem": problem.id, "kind": problem.kind, "split": problem.split, "reason": reason})
        else:
            kept.append(problem)
        if number % 500 == 0:
            context.progress(f"pose: {number} problems", 0, 0)
    base.close()
    kept, leaking = without_shared_facts(kept, context.host.pack().kinds)
    dropped += leaking
    if not context.config.ground.enabled:
        kept = [problem.revised(evidence=()) for problem in kept]
    _check_kinds(kept, context)
    items = limited(context.host.evals(config), context.config.evaluate.suites)
    write_records(out / "problems.jsonl", kept)
    write_records(out / "items.jsonl", items)
    write_rows(out / "dropped.jsonl", dropped)
    counts = Counter(f"{problem.kind}.{problem.split}" for problem in kept)
    return Result(
        {"problems": len(kept), "dropped": len(dropped), "items": len(items), **dict(sorted(counts.items()))}, {}
    )


def unproved(problem: Problem, knowledge: Knowledge, host: Host) -> str:
    """Return why the gold does not stand: its key computes something else, or the verifier rejects it. Else ""."""
    if isinstance(problem.key, GraphKey):
        try:
            rows = knowledge.query(problem.key.query, problem.key.bindings)
        except Exception as error:  # the pack's query or the plugin's store: either way nothing is proved
            return f"its query fails: {type(error).__name__}: {error}"
        found = sorted({row.get(problem.key.answer, "") for row in rows})
        local = [value.partition(":")[2] for value in found]
        if problem.answer not in found and problem.answer not in local and not set(problem.accept) & {*found, *local}:
            return f"its query gives {found[:3]}, not {problem.answer!r}"
    text = problem.solution or f"Answer: {problem.answer}"
    verdict = host.verify(problem, text, problem.evidence)
    return "" if verdict.correct else f"the verifier does not accept its gold: {verdict.reason}"


def without_shared_facts(
    problems: Sequence[Problem], kinds: Sequence[Kind]
) -> tuple[list[Problem], list[dict[str, str]]]:
    """Drop training problems that use a fact which decides a test answer. Formulas are shared on purpose."""
    formulas = {kind.name for kind in kinds if kind.book == "formula"}
    deciding = {fact for p in problems if p.split == "test" and p.kind not in formulas for fact in p.facts}
    kept, dropped = [], []
    for problem in problems:
        if problem.split != "test" and problem.kind not in formulas and deciding.intersection(problem.facts):
            row = {"problem": problem.id, "kind": problem.kind, "split": str(problem.split)}
            dropped.append({**row, "reason": "it uses a fact that decides a test answer"})
        else:
            kept.append(problem)
    return kept, dropped


def limited(items: Iterable[EvalItem], most: int) -> list[EvalItem]:
    """Return the first ``most`` items of each suite."""
    taken: Counter[str] = Counter()
    result = []
    for item in items if most else ():
        if taken[item.suite] < most:
            taken[item.suite] += 1
            result.append(item)
    return result


def _check_kinds(problems: Sequence[Problem], context: Context) -> None:
    posed = {problem.kind for problem in problems}
    missing = [name for name in context.config.pose.kinds if name not in posed]
    if missing:
        known = ", ".join(kind.name for kind in context.host.pack().kinds)
        raise PluginError(f"pose.kinds names {missing[0]!r}, which gave no problem; the pack's kinds are {known}")
    if not problems:
        raise PluginError(f"pack {context.config.pack!r} posed no problem that its own verifier accepts")
