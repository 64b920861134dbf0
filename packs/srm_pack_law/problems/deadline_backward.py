"""The last day of a period counted back from an event: Rule 6(a)(5) of the Federal Rules of Civil Procedure."""

from __future__ import annotations

from collections.abc import Iterator

from srm_core.records import Kind, Problem
from srm_pack_law.provisions import BACKWARD

from .deadline_steps import GRADER, Deadlines
from .deadline_steps import generate as deadlines

KIND = Kind(
    name="deadline_backward",
    title="the last day of a period counted back from an event, by Rule 6(a)(5)",
    book="formula",
    anchor="the day of the event with the period",
    shared="the rule and the calendar",
    second_grader=GRADER,
)
QUESTIONS = (
    "A hearing is on {day}. {party} must serve the motion at least {days} days before. What is the last day?",
    "The trial of {party} v. {other} begins on {day}. Lists are due {days} days before. Until when?",
    "A paper must be filed at least {days} days before {day}. Which day is the last?",
    "{other} must give notice {days} days before the hearing on {day}. When at the latest?",
)


def generate(seed: int) -> Iterator[Problem]:
    """Yield problems about periods that run backward."""
    return deadlines(Deadlines(KIND.name, BACKWARD, -1, QUESTIONS), seed)
