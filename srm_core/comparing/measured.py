"""What one build shows in a comparison: its student's verdicts on the held-out problems, and what training took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..config import BuildConfig
from ..errors import ArtifactError
from ..records import Attempt, Problem, Score, Value
from ..reports.summary import ACCURACY, GREEDY, HELD_OUT
from ..stages.context import Context
from ..stages.selection import ARM_OF
from ..store import Artifact, read_records

SAMPLED = ("candidates", "attempts", "rollouts")  # folders of a method that hold what the student said in training


class Cost(Value):
    """What the stage train took. Tokens are counted each time they were used."""

    rows: int  # supervised rows
    supervised_tokens: int  # of the rows, in all passes, prompts included
    rollouts: int  # completions sampled for reinforcement or preferences, those tried and replaced included
    rollout_tokens: int  # generated in them
    seconds: float  # of the process that finished the stage; one that was killed before is not in it


@dataclass(frozen=True)
class Measured:
    """One evaluated build: ``right`` (1 or 0) by problem id, and the scores of its student by kind."""

    name: str
    run: str
    config: BuildConfig
    student: str  # the arm of the evaluation that is the final student
    problems: Mapping[str, Problem]
    right: Mapping[str, float]
    levels: Mapping[str, Score]
    asked: Mapping[str, tuple[str, ...]]  # the problem ids behind each score
    cost: Cost
    artifacts: Mapping[str, Artifact]


def measure(name: str, run: str, context: Context, artifacts: Mapping[str, Artifact]) -> Measured:
    """Read what the stages pose, train and evaluate of one build have written.

    Raises:
        ArtifactError: its student was not evaluated on held-out problems.
    """
    student = final_student(context.config)
    wanted = {"suite": HELD_OUT, "decoding": GREEDY, "metric": ACCURACY, "arm": student, "baseline": ""}
    levels = {
        score.kind: score
        for score in read_records(artifacts["evaluate"].path / "scores.jsonl", Score)
        if all(getattr(score, field) == value for field, value in wanted.items())
    }
    if not levels:
        raise ArtifactError(f"{name!r} has no score of its student {student} on held-out problems; evaluate it again")
    ids = {number for score in levels.values() for number in score.attempts}
    answers = {
        each.id: each for each in read_records(artifacts["evaluate"].path / "attempts.jsonl", Attempt) if each.id in ids
    }
    right = {each.problem: float(each.verdict.correct is True) for each in answers.values()}
    posed = read_records(artifacts["pose"].path / "problems.jsonl", Problem)
    return Measured(
        name=name,
        run=run,
        config=context.config,
        student=student,
        problems={problem.id: problem for problem in posed if problem.id in right},
        right=right,
        levels=levels,
        asked={kind: tuple(answers[number].problem for number in score.attempts) for kind, score in levels.items()},
        cost=cost_of(artifacts["train"]),
        artifacts=artifacts,
    )


def final_student(config: BuildConfig) -> str:
    """Return the arm under which the student of the last method is evaluated."""
    last = config.train.methods[-1]
    return ARM_OF.get(last, last)


def cost_of(trained: Artifact) -> Cost:
    """Return what the stage train took, from its record and the samples it kept."""
    files = [file for folder in SAMPLED for file in sorted(trained.path.glob(f"*/{folder}/*.jsonl"))]
    tokens = [attempt.completion.tokens for file in files for attempt in read_records(file, Attempt)]
    return Cost(
        rows=trained.record.counts.get("rows", 0),
        supervised_tokens=int(sum(trained.record.metrics.get(f"{name}_tokens", 0) for name in ("sft", "esft"))),
        rollouts=len(tokens),
        rollout_tokens=sum(tokens),
        seconds=trained.record.seconds,
    )
