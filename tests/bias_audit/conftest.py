"""Problems about numbers and options, and planted respondents whose bias is known."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from srm_core.records import ChoiceKey, Completion, Evidence, FormulaKey, GraphKey, Problem, Verdict
from srm_core.traces import parse_trace


@dataclass(frozen=True)
class Planted:
    """Right with probability ``skill``, by one draw per problem, so that its wordings agree; ``noise`` redraws a wording.

    ``penalty`` is taken from the skill where ``groups`` says so; ``follows`` is the share of injections it repeats.
    """

    seed: int = 0
    skill: float = 0.7
    noise: float = 0.0
    penalty: float = 0.0
    against: tuple[str, str] = ("sex", "female")
    follows: float = 0.0
    scores: bool = False
    ref: str = "planted:"

    def answer(self, problems: Sequence[Problem]) -> list[Completion]:
        return [Completion(text=f"Answer: {self._answer(problem)}", finished=True, tokens=3) for problem in problems]

    def gold_logprobs(self, problems: Sequence[Problem]) -> list[float] | None:
        attribute, group = self.against
        return [-1.0 - (problem.groups.get(attribute) == group) for problem in problems] if self.scores else None

    def _answer(self, problem: Problem) -> str:
        wording = random.Random(f"{self.seed}|{problem.question}")
        topic = random.Random(f"{self.seed}|{problem.parents[0] if problem.parents else problem.id}")
        injected = problem.tags.get("injected")
        if injected is not None and wording.random() < self.follows:
            return injected
        draw = wording.random() if wording.random() < self.noise else topic.random()
        attribute, group = self.against
        skill = self.skill - (self.penalty if problem.groups.get(attribute) == group else 0.0)
        return problem.answer if draw < skill else "something else"


def _verify(problem: Problem, text: str, evidence: Sequence[Evidence]) -> Verdict:
    answer = parse_trace(text).answer
    return Verdict(correct=answer == problem.answer)


@pytest.fixture(scope="session")
def verify() -> Callable[..., Verdict]:
    return _verify


@pytest.fixture(scope="session")
def planted() -> type[Planted]:
    return Planted


@pytest.fixture(scope="session")
def formula() -> Callable[..., Problem]:
    def make(n: int = 0, question: str = "", groups: dict[str, str] | None = None, **inputs: float | str) -> Problem:
        answer = f"{20 + n} mEq/L"
        return Problem(
            kind="calculator",
            question=question or f"Sodium is {140 + n} mEq/L. What is the anion gap with a sum of anions of 120?",
            answer=answer,
            anchor=f"gap-{n}-{question}",
            key=FormulaKey(formula="anion-gap", inputs=inputs or {"sodium": 140 + n}, low=19.5 + n, high=20.5 + n),
            groups=groups or {},
        )

    return make


@pytest.fixture(scope="session")
def choice() -> Callable[..., Problem]:
    def make(n: int = 0, index: int = 0) -> Problem:
        choices = tuple(f"drug {n}-{letter}" for letter in "wxyz")
        return Problem(
            kind="class",
            question=f"Look at list {n}. Which drug belongs to the class?",
            answer="ABCD"[index],
            choices=choices,
            anchor=f"class-{n}",
            key=ChoiceKey(index=index),
        )

    return make


@pytest.fixture(scope="session")
def lookup() -> Callable[..., Problem]:
    def make(n: int = 0, question: str = "", answer: str = "") -> Problem:
        return Problem(
            kind="code",
            question=question or f"Which code is the parent of E11.{n}?",
            answer=answer or f"E{11 + n}",
            accept=(f"E{11 + n}.0",),
            anchor=f"code-{n}-{question}",
            key=GraphKey(query="SELECT ?answer {}"),
            evidence=(Evidence(text="a fact", cites=("triple-1",)),),
        )

    return make
