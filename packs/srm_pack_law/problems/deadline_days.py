"""The last day of a period in days after an event: Rule 6(a)(1) of the Federal Rules of Civil Procedure."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Kind, Problem
from srm_pack_law.provisions import FORWARD

from .deadline_steps import GRADER, Deadlines
from .deadline_steps import generate as deadlines

KIND = Kind(
    name="deadline_days",
    title="the last day of a period after an event, by Rule 6(a)(1)",
    book="formula",
    anchor="the day of the event with the period",
    shared="the rule and the calendar",
    core=True,
    second_grader=GRADER,
)
QUESTIONS = (
    "{party} was served on {day} and has {days} days to answer. What is the last day?",
    "An order was entered on {day}. {party} may appeal within {days} days. Until when?",
    "{other} served {party} on {day}. A response is due within {days} days. Which day is the last?",
    "The period is {days} days and begins with an event on {day}. When does it end?",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about periods that run forward."""
    return deadlines(Deadlines(KIND.name, FORWARD, 1, QUESTIONS), seed)
