"""Whether an answer is right, twice and independently, and how near it came."""

from __future__ import annotations

import re

from srm_core import Problem, Reward, Trace, Verdict


def verdict(problem: Problem, trace: Trace) -> Verdict:
    """Compare the answer's digits with the gold's."""
    given = (trace.answer or "").strip().rstrip(".")
    if not re.fullmatch(r"[0-9]+", given):
        return Verdict(correct=False, reason="not one number in digits")
    right = int(given) == int(problem.answer)
    return Verdict(correct=right, reason="the same number" if right else f"{given} is another number")


def from_the_question(problem: Problem, trace: Trace) -> Verdict:
    """Work out the question from its words, without key or gold, and compare."""
    numbers = [int(word) for word in re.findall(r"\d+", problem.question)]
    if not numbers:
        return Verdict(correct=None, reason="the question names no number")
    total = sum(numbers) if "plus" in problem.question else 2 * numbers[-1]
    return Verdict(correct=(trace.answer or "").strip(" .") == str(total), reason=f"the question gives {total}")


def nearness(problem: Problem, trace: Trace) -> Reward:
    """Return 1 for the right number, falling with the distance; 0 if there is no number."""
    given = re.fullmatch(r"[0-9]{1,12}", (trace.answer or "").strip())
    value = 1 / (1 + abs(int(given.group()) - int(problem.answer))) if given else 0.0
    return Reward(name="near", value=value)
