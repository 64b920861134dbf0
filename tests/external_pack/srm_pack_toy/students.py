"""Models that work without weights: scripted ones, and one that learns by heart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from srm_core import Attempt, Completion, Evidence, Problem, Sampling, Verdict
from srm_core.errors import ArtifactError
from srm_core.prompts import conversation
from srm_core.protocols import Conversation, Model

TABLE = "table.json"


@dataclass(frozen=True)
class Scripted:
    """Answers by rule: right (``error=0``) or off by ``error``, or from ``table`` where it has the question."""

    ref: str
    error: int = 0
    table: Mapping[str, str] | None = field(default=None, repr=False)

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return the same answer ``sampling.n`` times."""
        return [[_completion(self._reply(each[-1].content))] * sampling.n for each in conversations]

    def _reply(self, turn: str) -> str:
        question = turn.rpartition("Question: ")[2].strip()
        if self.table is not None:
            return f"I remember.\nAnswer: {self.table.get(question, '?')}"
        numbers = [int(word) for word in re.findall(r"\d+", question)]
        total = sum(numbers) if "plus" in question else 2 * sum(numbers[-1:])
        return f"I work it out.\nAnswer: {total + self.error}"


def load(ref: str) -> Model | None:
    """Open a model of the scheme ``toy``.

    Raises:
        ArtifactError: the folder holds no table.
    """
    scheme, _, rest = ref.partition(":")
    if scheme != "toy":
        return None
    if rest in ("right", "wrong"):
        return Scripted(ref, error=int(rest == "wrong"))
    file = Path(rest) / TABLE
    if not file.is_file():
        raise ArtifactError(f"{ref}: {file} does not exist; write toy:right, toy:wrong or toy:FOLDER of a student")
    return Scripted(ref, table=json.loads(file.read_text(encoding="utf-8")))


def distill(
    problems: Sequence[Problem],
    evidence: Mapping[str, Sequence[Evidence]],
    teacher: Model,
    sampling: Sampling,
    system: str,
    shots: Sequence[Problem],
) -> Iterator[Attempt]:
    """Yield every sample of the teacher as an attempt that nobody has judged yet."""
    examples = [(shot, shot.evidence) for shot in shots]
    for problem in problems:
        shown = tuple(evidence.get(problem.id, ()))
        answers = teacher.generate([conversation(system, problem, shown, examples)], sampling)[0]
        for index, completion in enumerate(answers):
            yield Attempt(
                problem=problem.id,
                model=teacher.ref,
                arm="teacher",
                sampling=sampling,
                index=index,
                completion=completion,
                evidence=shown,
                verdict=Verdict(correct=None, reason="not judged yet"),
                parents=(problem.id,),
            )


def memorize(data: Path, out: Path) -> Mapping[str, float]:
    """Write question and answer of each line of ``data/problems.jsonl`` into a table in ``out``."""
    lines = (data / "problems.jsonl").read_text(encoding="utf-8").splitlines()
    table = {problem.question: problem.answer for problem in map(Problem.model_validate_json, lines)}
    out.mkdir(parents=True, exist_ok=True)
    (out / TABLE).write_text(json.dumps(table, indent=1, sort_keys=True), encoding="utf-8")
    return {"rows": float(len(table))}


def export(student: Path, out: Path) -> Path:
    """Write the student's table as tab-separated lines and return the file."""
    table = json.loads((student / TABLE).read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    file = out / "table.tsv"
    file.write_text("".join(f"{question}\t{answer}\n" for question, answer in sorted(table.items())), encoding="utf-8")
    return file


def _completion(text: str) -> Completion:
    return Completion(text=text, finished=True, tokens=len(text.split()))
