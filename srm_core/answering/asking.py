"""A question to a finished run: its knowledge is opened, its student asked by the strategy chosen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from ..config import AskConfig
from ..errors import ConfigError
from ..inference.asking import Asker, retrieved
from ..pipeline import context_of
from ..records import Evidence, Sampling, Weights
from ..stages.students import Students
from ..workspace import Run, Workspace
from .answers import NOTHING, Answer
from .strategies import SINGLE, answered
from .talking import as_problem


def ask(
    place: Run,
    question: str,
    workspace: Workspace,
    weights: Weights = "float32",
    *,
    strategy: str = SINGLE,
    settings: AskConfig | None = None,
    constrained: bool = False,
) -> Answer:
    """Answer ``question`` with the run's student from retrieved passages and facts.

    It abstains if nothing was retrieved, if no single answer or no existing citation is given, or if the same answer
    comes back when the cited evidence is removed: then the answer does not rest on what it cites. ``settings`` bound
    the steps of a ``strategy`` other than ``single``; ``constrained`` lets the answer cite only what it was shown.

    Raises:
        ConfigError: the question is empty, or there is no such strategy.
        ArtifactError: the run is not finished, or what it is made of was changed.
        MissingExtra: ``constrained``, and llguidance is not installed.
    """
    if not question.strip():
        raise ConfigError("the question is empty")
    context, artifacts = context_of(place, workspace)
    knowledge = context.host.open_knowledge(artifacts["ground"].path / "knowledge.cache")
    try:
        shown = retrieved(context.host, knowledge)

        @cache  # a strategy asks for the same more than once
        def retrieve(text: str) -> Sequence[Evidence]:
            return shown(as_problem(text))

        if strategy == SINGLE and not retrieve(question):
            return Answer("", None, (), (), NOTHING)
        students = Students(context, artifacts["train"], weights)
        sampling = Sampling(max_tokens=context.config.evaluate.max_tokens, seed=context.config.seed)
        system = context.host.pack().system_prompt
        asker = Asker(students.student(students.final), system=system, sampling=sampling)
        return answered(strategy, asker, question, retrieve, settings, constrained=constrained)
    finally:
        knowledge.close()
