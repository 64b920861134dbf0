"""The items in ``items.jsonl``: 100 short questions of four kinds, written for this project, never trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ..prompts import LETTERS
from ..records import ChoiceKey, Message, Problem

SUITE = "general"
KINDS = ("grammar", "knowledge", "instructions", "reading")
FILE = Path(__file__).with_name("items.jsonl")


def general_items(count: int) -> list[Problem]:
    """Return the first ``count`` items, the kinds in turn; all of them if there are fewer."""
    return list(_items()[:count])


def asked(problem: Problem) -> tuple[Message, ...]:
    """Return the conversation that asks an item: the question alone, without system prompt or options."""
    return (Message(role="user", content=problem.question),)


def probabilities(summed: Sequence[float]) -> list[float]:
    """Return the share of each choice: exp(s_i) / sum_j exp(s_j) of the log-probabilities of their whole texts, nats.

    The end of the answer is part of the text, so that a beginning of a longer choice is no free gain.
    """
    import numpy as np

    weights = np.exp(np.asarray(summed, dtype=float) - max(summed))
    return [float(weight) for weight in weights / weights.sum()]


@cache
def _items() -> tuple[Problem, ...]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return tuple(_problem(number, json.loads(line)) for number, line in enumerate(lines))


def _problem(number: int, row: dict[str, str | list[str]]) -> Problem:
    choices = [row["right"], *row["wrong"]]
    place = (
        number // len(KINDS) % len(choices)
    )  # the right one is at every place alike, should anybody show the options
    choices = [*choices[1 : place + 1], choices[0], *choices[place + 1 :]]
    return Problem(
        kind=str(row["kind"]),
        question=str(row["question"]),
        answer=LETTERS[place],
        choices=tuple(map(str, choices)),
        anchor=f"{SUITE}:{number}",
        key=ChoiceKey(index=place),
        split="test",
    )
