"""The one place where a problem becomes a conversation, for training, rollouts, evaluation, audit and ``ask``."""

from __future__ import annotations

from collections.abc import Sequence

from .records import Evidence, Message, Problem

LETTERS = "ABCDEFGHIJ"
Shot = tuple[Problem, Sequence[Evidence]]  # a worked example: its solution is shown


def user_turn(problem: Problem, evidence: Sequence[Evidence]) -> str:
    """Return what the user says: numbered facts, the question, the options.

    The number stands behind its fact: a step of a solution repeats the fact and its number together, which a small
    model learns as copying, while a number in front would have to be chosen before the fact is looked up.
    """
    parts = []
    if evidence:
        parts.append(
            "Facts:\n" + "\n".join(f"{item.text.removesuffix('.')} [{n}]" for n, item in enumerate(evidence, 1))
        )
    parts.append(f"Question: {problem.question}")
    if problem.choices:
        parts.append("\n".join(f"{LETTERS[n]}. {choice}" for n, choice in enumerate(problem.choices)))
    return "\n\n".join(parts)


def conversation(
    system: str, problem: Problem, evidence: Sequence[Evidence], shots: Sequence[Shot] = ()
) -> tuple[Message, ...]:
    """Return the conversation that asks ``problem``, after worked examples if there are ``shots``."""
    turns = [Message(role="system", content=system)]
    for shot, shown in shots:
        turns.append(Message(role="user", content=user_turn(shot, shown)))
        turns.append(Message(role="assistant", content=shot.solution))
    turns.append(Message(role="user", content=user_turn(problem, evidence)))
    return tuple(turns)
