"""`srm ask`: the student answers from retrieved evidence, and the answer is tested against the evidence it cites."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigError
from .inference.asking import Asker, retrieved
from .pipeline import context_of
from .records import ChoiceKey, Evidence, Problem, Sampling, Weights
from .stages.students import Students
from .traces import parse_trace
from .workspace import Run, Workspace


@dataclass(frozen=True)
class Answer:
    """What the student said. ``answer`` is None if it abstains; ``cites`` are 1-based places in ``evidence``."""

    text: str
    answer: str | None
    evidence: tuple[Evidence, ...]
    cites: tuple[int, ...]
    why: str = ""  # why it abstains


def ask(place: Run, question: str, workspace: Workspace, weights: Weights = "float32") -> Answer:
    """Answer ``question`` with the run's student from retrieved passages and facts.

    It abstains if nothing was retrieved, if no single answer or no existing citation is given, or if the same answer
    comes back when the cited evidence is removed: then the answer does not rest on what it cites.

    Raises:
        ConfigError: the question is empty.
        ArtifactError: the run is not finished, or what it is made of was changed.
    """
    if not question.strip():
        raise ConfigError("the question is empty")
    context, artifacts = context_of(place, workspace)
    knowledge = context.host.open_knowledge(artifacts["ground"].path / "knowledge.cache")
    problem = Problem(kind="ask", question=question, answer="?", anchor=question, key=ChoiceKey(index=0))
    evidence = tuple(retrieved(context.host, knowledge)(problem))
    knowledge.close()
    if not evidence:
        return Answer("", None, (), (), "nothing in the knowledge base bears on the question")
    students = Students(context, artifacts["train"], weights)
    sampling = Sampling(max_tokens=context.config.evaluate.max_tokens, seed=context.config.seed)
    system = context.host.pack().system_prompt
    asker = Asker(students.student(students.final), system=system, sampling=sampling)
    return judged(asker, problem, evidence)


def judged(asker: Asker, problem: Problem, evidence: tuple[Evidence, ...]) -> Answer:
    """Ask with ``evidence`` and again without what was cited; keep an answer only if it rests on its citations."""
    text, answer, cites = _said(asker, problem, evidence)
    real = tuple(n for n in cites if 1 <= n <= len(evidence))
    if answer is None:
        return Answer(text, None, evidence, real, "it gave no single answer")
    if not real:
        return Answer(text, None, evidence, (), "it cites nothing that exists")
    rest = tuple(item for n, item in enumerate(evidence, 1) if n not in real)
    _, without, _ = _said(asker, problem, rest)
    if without is not None and without.casefold() == answer.casefold():
        return Answer(text, None, evidence, real, "the same answer came without the evidence it cites")
    return Answer(text, answer, evidence, real)


def _said(asker: Asker, problem: Problem, shown: tuple[Evidence, ...]) -> tuple[str, str | None, tuple[int, ...]]:
    asked = problem.model_copy(update={"evidence": shown})
    trace = parse_trace(asker.answer([asked])[0].text)
    return trace.text, trace.answer, trace.cites
