"""The second round of judging: whether the reasoning of a right answer is worth learning from, by seven rules.

After: Liu et al. 2025 (Fin-R1), data filtering, which has a large model judge the same seven criteria. Here each is a
rule that anybody can recompute, narrower than its name in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from srm_core.records import ChoiceKey, Evidence, Problem, Trace

from .steps import CALL, content, steps
from .support import StepJudgement

LEAST_STEPS = 3
LEAST_OVERLAP = 0.5  # of the content words of the worked solution
LEAST_RELEVANT = 0.5  # of the steps


@dataclass(frozen=True)
class Reasoned:
    """A right answer with its reasoning: ``judged`` are its steps, as the facts shown support them or not."""

    problem: Problem
    trace: Trace
    evidence: Sequence[Evidence]
    judged: Sequence[StepJudgement]


def consistent(given: Reasoned) -> bool:
    """Say whether no step contradicts a fact or a calculation (internal consistency)."""
    return all(step.outcome != "contradicted" for step in given.judged)


def derived(given: Reasoned) -> bool:
    """Say whether the answer stands in the reasoning or is calculated in its line (consistency with the gold)."""
    lines = given.trace.text.rstrip().splitlines()
    if lines and CALL.search(lines[-1]):
        return True
    said = _forms(given.trace.reasoning)
    key = given.problem.key
    choice = given.problem.choices[key.index] if isinstance(key, ChoiceKey) and given.problem.choices else ""
    return any(_forms(text) <= said for text in (given.trace.answer, choice) if text)


def overlapping(given: Reasoned) -> bool:
    """Say whether half of the worked solution's content words are there (overlap of terms); true without a solution."""
    wanted = _forms(CALL.sub(r"\2", given.problem.solution))
    return len(wanted & _forms(CALL.sub(r"\2", given.trace.text))) >= LEAST_OVERLAP * len(wanted)


def stepwise(given: Reasoned) -> bool:
    """Say whether there are at least three steps (number of steps)."""
    return len(steps(given.trace.text)) >= LEAST_STEPS


def varied(given: Reasoned) -> bool:
    """Say whether no step is said twice (diversity of content)."""
    said = [tuple(token.form for token in content(step)) for step in steps(given.trace.text)]
    return len(set(said)) == len(said)


def relevant(given: Reasoned) -> bool:
    """Say whether half of the steps share a word with question, options or evidence (relevance to the task)."""
    problem = given.problem
    known = _forms("\n".join([problem.question, *problem.choices, *(item.text for item in given.evidence)]))
    said = [bool(_forms(CALL.sub(r"\1", step)) & known) for step in steps(given.trace.text)]
    return sum(said) >= LEAST_RELEVANT * len(said)


def instructed(given: Reasoned) -> bool:
    """Say whether the ``Answer:`` line is the last, and every citation is of evidence that was shown (instructions)."""
    lines = [line for line in given.trace.text.splitlines() if line.strip()]
    ends = bool(lines) and lines[-1].lstrip().lower().startswith("answer")
    return ends and all(1 <= number <= len(given.evidence) for number in given.trace.cites)


CRITERIA: Mapping[str, Callable[[Reasoned], bool]] = {
    function.__name__: function
    for function in (consistent, derived, overlapping, stepwise, varied, relevant, instructed)
}


def unmet(names: Sequence[str], given: Reasoned) -> list[str]:
    """Return those of the criteria called ``names`` that the reasoning does not meet, in the order of `CRITERIA`."""
    return [name for name, met in CRITERIA.items() if name in names and not met(given)]


def _forms(text: str) -> set[str]:
    return {token.form for token in content(text)}
