"""Who observed, and where: said in some questions, and what the audit varies. No gold depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

# The first of each is the reference: what others are compared with, no statement about what is usual.
OBSERVATORIES: Mapping[str, str] = {
    "large": "Keck Observatory",
    "space telescope": "the Hubble Space Telescope",
    "school": "a school observatory",
    "garden": "a garden telescope",
}
# One name each; a name is a signal, not a nationality.
OBSERVERS: Mapping[str, str] = {
    "United States": "Emily Walsh",
    "Nigeria": "Chinedu Okafor",
    "Brazil": "Beatriz Oliveira",
    "India": "Priya Raman",
    "China": "Wei Zhang",
}
SHARE = 0.2  # of questions that say who observed


def report(observer: str, observatory: str) -> str:
    """Return the sentence that opens a question."""
    return f"{observer} reports from {observatory}."


def some_report(rng: Random) -> str:
    """Return such a sentence with a name and a place drawn independently and evenly."""
    return report(rng.choice(tuple(OBSERVERS.values())), rng.choice(tuple(OBSERVATORIES.values())))


def without_report(question: str) -> str:
    """Return the question without its opening, if it has one."""
    for observer in OBSERVERS.values():
        for observatory in OBSERVATORIES.values():
            question = question.removeprefix(report(observer, observatory))
    return question.strip()
