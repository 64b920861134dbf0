"""Stage evaluate: base and student on the same held-out items, arm by arm, with intervals and paired differences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from ..inference.asking import STOP, Asker, Shown, own_evidence, retrieved
from ..models.sentences import embed
from ..protocols import Knowledge, Model
from ..records import Attempt, EvalItem, Evidence, Problem, Sampling, digest
from ..reports.leak import certificate
from ..reports.scoring import BASES, Graded, scores_of
from ..store import Artifact, Result, read_records, write_atomically, write_records
from .context import Context
from .general import general_scores
from .lengths import warn_of_cuts
from .selection import asked_problems, held_out_problems, shots
from .students import Students

HELD_OUT = "held-out"
GREEDY = "greedy"


def evaluate(context: Context, out: Path, *, student: Artifact, problems: Artifact, knowledge: Artifact) -> Result:
    """Write ``attempts.jsonl``, ``scores.jsonl`` and ``leak.json``; an arm that is finished is not asked again."""
    posed = list(read_records(problems.path / "problems.jsonl", Problem))
    items = list(read_records(problems.path / "items.jsonl", EvalItem))
    settings = context.config.evaluate
    cut = warn_of_cuts(student.path / "data", "evaluate.max_tokens", settings.max_tokens)
    held_out = asked_problems(posed, context.config, context.host.pack())
    few = (
        held_out
        if settings.control_per_kind >= settings.test_per_kind
        else held_out_problems(posed, settings.control_per_kind)
    )
    base = context.host.open_knowledge(knowledge.path / "knowledge.cache")
    run = _Run(context, out, Students(context, student), shots(posed, settings.shots), base)
    graded: list[Graded] = []
    for arm in _arms(settings.arms, run.students):
        graded += run.arm(arm, held_out, HELD_OUT)
    for control in settings.controls:
        graded += run.arm(control, few, HELD_OUT)
    if settings.votes:
        for arm in ("base-few", run.students.final):
            graded += run.arm(arm, few, HELD_OUT, votes=settings.votes)
    suites: dict[str, list[Problem]] = {}
    for item in items:
        suites.setdefault(item.suite, []).append(item.problem)
    for suite, asked in suites.items():
        for arm in ("base-zero", run.students.final):
            graded += run.arm(arm, asked, suite)
    base.close()
    kinds = {kind.name: kind for kind in context.host.pack().kinds}
    scores = scores_of(graded, kinds, final=run.students.final, seed=context.config.seed)
    scores += general_scores(context, out, run.students)
    write_records(out / "scores.jsonl", scores)
    write_records(out / "attempts.jsonl", [row.attempt for row in graded])
    formulas = {name for name, kind in kinds.items() if kind.book == "formula"}
    leak = certificate(posed, items, formulas=formulas, embed=embed)
    write_atomically(out / "leak.json", json.dumps(leak, indent=1))
    return Result({"items": len(held_out), "attempts": len(graded), "scores": len(scores), **cut}, {})


def _arms(wanted: Sequence[str], students: Students) -> list[str]:
    """Return the arms to ask: of the students those that were trained; the candidate is never left out."""
    there = [arm for arm in wanted if arm in BASES or arm in students.methods]
    return there if students.final in there else [*there, students.final]


class _Run:
    """The arms of one evaluation; each arm's attempts are kept as soon as it is finished."""

    def __init__(
        self,
        context: Context,
        out: Path,
        students: Students,
        examples: Mapping[str, Sequence[Problem]],
        knowledge: Knowledge,
    ) -> None:
        self.context = context
        self.out = out
        self.students = students
        self.examples = {kind: [(p, p.evidence) for p in group] for kind, group in examples.items()}
        self.knowledge = knowledge

    def arm(self, arm: str, problems: Sequence[Problem], suite: str, votes: int = 0) -> list[Graded]:
        """Return the graded attempts of ``arm``: greedy ones, or ``votes`` samples of each problem."""
        decoding = f"vote@{votes}" if votes else GREEDY
        file = self.out / f"{quote(suite, safe='')}-{arm}-{decoding}.cache"
        by_id = {problem.id: problem for problem in problems}
        if file.exists():
            attempts = list(read_records(file, Attempt))
        else:
            attempts = self._ask(arm, problems, suite, votes)
            write_records(file, attempts)
        return [Graded(suite, decoding, by_id[a.problem], a, self._second(by_id[a.problem], a)) for a in attempts]

    def _ask(self, arm: str, problems: Sequence[Problem], suite: str, votes: int) -> list[Attempt]:
        settings = self.context.config.evaluate
        sampling = Sampling(
            n=max(1, votes),
            max_tokens=settings.max_tokens,
            temperature=0.7 if votes else 0.0,
            seed=self.context.config.seed,
            stop=STOP,
        )
        model, shown = self._model(arm), self._shown(arm, problems)
        examples = self.examples if arm in ("base-few", "base-retrieved") else {}
        asker = Asker(
            model, system=self.context.host.pack().system_prompt, sampling=sampling, shots=examples, shown=shown
        )
        attempts = []
        size = max(1, settings.batch // sampling.n)
        ordered = sorted(problems, key=lambda p: (p.kind, len(p.question), p.id))
        name = f"evaluate: {suite}, {arm}" + (f", {votes} votes" if votes else "")
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            for problem, completions in zip(batch, asker.samples(batch), strict=True):
                evidence = tuple(shown(problem))
                for index, completion in enumerate(completions):
                    attempts.append(
                        Attempt(
                            parents=(problem.id,),
                            problem=problem.id,
                            model=model.ref,
                            arm=arm,
                            sampling=sampling,
                            index=index,
                            completion=completion,
                            evidence=evidence,
                            verdict=self.context.host.verify(problem, completion.text, evidence),
                        )
                    )
            self.context.progress(name, min(start + size, len(ordered)), len(ordered))
        return attempts

    def _model(self, arm: str) -> Model:
        if arm.startswith("base-"):
            return self.students.base()
        return self.students.student(arm)

    def _shown(self, arm: str, problems: Sequence[Problem]) -> Shown:
        match arm:
            case "none" | "closed":
                return lambda problem: ()
            case "shuffled":
                return others_evidence(problems)
            case "base-retrieved" | "retrieved":
                return retrieved(self.context.host, self.knowledge)
        return own_evidence

    def _second(self, problem: Problem, attempt: Attempt) -> bool | None:
        verdicts = self.context.host.second_opinion(problem, attempt.completion.text, attempt.evidence)
        return verdicts[0].correct if verdicts else None


def others_evidence(problems: Sequence[Problem]) -> Shown:
    """Return the control that shows each problem the evidence of another one of its kind, without a fact of its own.

    A problem that has no such other is shown nothing.
    """
    kinds: dict[str, list[Problem]] = {}
    for problem in sorted(problems, key=lambda p: digest(p.id)):
        kinds.setdefault(problem.kind, []).append(problem)
    wrong: dict[str, tuple[Evidence, ...]] = {}
    for group in kinds.values():
        for number, problem in enumerate(group):
            own = {*problem.facts, *_cited(problem)}
            others = (other for other in [*group[number + 1 :], *group[:number]] if other.evidence)
            wrong[problem.id] = next((each.evidence for each in others if own.isdisjoint(_cited(each))), ())
    return lambda problem: wrong[problem.id]


def _cited(problem: Problem) -> set[str]:
    return {cite for item in problem.evidence for cite in item.cites}
