"""Grading of problems from a mapping: sets in any order, an option by its letter or words."""

from __future__ import annotations

from srm_core.records import ChoiceKey, Problem, Trace, Verdict
from srm_core.traces import without_citations
from srm_core.verify import fold, verify_choice

from .wordings import SEPARATOR

LISTS = ("set", "negation")


def verify(problem: Problem, trace: Trace) -> Verdict | None:
    """Return the verdict on a set or a choice of ours; None for all else."""
    if "vocabulary" not in problem.tags or trace.answer is None:
        return None
    if problem.choices and problem.answer in problem.choices:
        index = problem.choices.index(problem.answer)
        return verify_choice(problem.model_copy(update={"key": ChoiceKey(index=index)}), trace)
    if problem.tags.get("shape") not in LISTS:
        return None
    given = [fold(each) for each in without_citations(trace.answer).split(SEPARATOR.strip())]
    wanted = {fold(each) for each in problem.answer.split(SEPARATOR)}
    if len(given) != len(set(given)):
        return Verdict(correct=False, reason="an answer is given twice")
    missing, wrong = len(wanted - set(given)), len(set(given) - wanted)
    if missing or wrong:
        return Verdict(correct=False, reason=f"{missing} are missing and {wrong} are wrong")
    return Verdict(correct=True, reason="the same set")
