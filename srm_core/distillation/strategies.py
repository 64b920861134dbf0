"""The four ways in which a teacher thinks again after a wrong answer, and the last resort that is shown the answer.

After: Chen et al. 2024 (HuatuoGPT-o1), section 3.1. The paper's code excludes backtracking from the first time only
("i >= 2"); the "i <= 2" of its text is the other way round.
"""

from __future__ import annotations

import random

from srm_core.records import Problem, digest

FIRST = "first"  # the answer before any strategy
LABEL = "label_injection"
STRATEGIES = ("backtracking", "exploring", "verification", "correction")

_WRONG = "Your answer is wrong."
_END = "End with one line 'Answer: ', as before."
_ASKED = {
    "backtracking": "Go back to an earlier step of your reasoning that holds, say which one, and go on from there.",
    "exploring": "Leave the ways taken so far, and solve the problem in one that you have not tried.",
    "verification": "Check your reasoning step by step against the facts, compute each number again, and answer anew.",
    "correction": "Say what is wrong in your reasoning, put it right, and answer anew.",
}
_LABELLED = (
    "The right answer is: {answer}. Write the reasoning that leads to it from the question and the facts alone, as if "
    "you had found it yourself. Do not say that you were told it."
)
LINKS = {  # what stands between two attempts in one trace
    "backtracking": "Wait, this leads to a wrong answer. Back to an earlier step.",
    "exploring": "Wait, this does not hold. Another way:",
    "verification": "Wait, this has to be checked step by step.",
    "correction": "Wait, there is a mistake in this.",
    LABEL: "Wait, this is not right. Once more:",
}
REWRITE = (
    "Write your reasoning as one text, as thinking that flows from the question to the answer: keep the steps, the "
    "doubts and what corrected them, the citations and the calculations. Do not say that somebody judged it. " + _END
)


def drawn(problem: Problem, *, seed: int, start: int, tries: int) -> tuple[str, ...]:
    """Return the strategies of ``tries`` refinements, drawn uniformly with the problem's own seed.

    Backtracking is never the first: there is nothing to go back to yet. ``start`` counts the attempts from scratch.
    """
    draw = random.Random(digest([seed, problem.id, start]))
    return tuple(draw.choice(STRATEGIES[1:] if number == 0 else STRATEGIES) for number in range(tries))


def asked(how: str, problem: Problem) -> str:
    """Return what the user says to make the teacher think again; only `LABEL` tells the answer."""
    return f"{_WRONG} {_LABELLED.format(answer=problem.answer) if how == LABEL else _ASKED[how]} {_END}"
