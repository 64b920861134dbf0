"""Preference rows out of the student's own judged answers: right ones beside wrong ones to the same problem.

The tokens are those the student said, so the rows teach what it does; the mask is true for those it chose itself (the
calculator's carry no loss), as in supervised rows. Every attempt ends in a row or is counted under the reason why not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..inference.tokens import encode_prompt
from ..prompts import conversation
from ..records import Attempt, Problem, Record, Text

TOO_LONG = "longer than train.max_tokens"
UNSCORED = "could not be scored"
SAID_BEFORE = "said before, to the same problem"
NEVER = "of a problem that was never solved"
ALWAYS = "of a problem that was always solved"
ODD = "without a counterpart left"


class Answer(Record):
    """One judged answer as token ids: ``mask`` is true for the tokens of ``ids`` that the student chose itself."""

    identity = ("attempt", "prompt", "ids", "mask")
    attempt: Text  # id
    problem: Text  # id
    right: bool
    prompt: tuple[int, ...]
    ids: tuple[int, ...]
    mask: tuple[bool, ...]


class Pair(Record):
    """A right and a wrong answer to one problem."""

    identity = ("chosen", "rejected")
    chosen: Answer
    rejected: Answer


def make_answers(
    attempts: Sequence[Attempt], problems: Mapping[str, Problem], *, system: str, tokenizer: Any, max_tokens: int
) -> tuple[list[Answer], Counter[str]]:
    """Return (answers in the order of the attempts, attempts left out by reason)."""
    answers: list[Answer] = []
    dropped: Counter[str] = Counter()
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for attempt in attempts:
        said = attempt.completion
        prompt = encode_prompt(tokenizer, conversation(system, problems[attempt.problem], attempt.evidence))
        if attempt.verdict.correct is None or not attempt.rewards:
            dropped[UNSCORED] += 1
        elif len(prompt) + len(said.token_ids) > max_tokens:
            dropped[TOO_LONG] += 1
        elif (attempt.problem, said.token_ids) in seen:
            dropped[SAID_BEFORE] += 1
        else:
            seen.add((attempt.problem, said.token_ids))
            answers.append(
                Answer(
                    parents=(attempt.id,),
                    attempt=attempt.id,
                    problem=attempt.problem,
                    right=attempt.verdict.correct,
                    prompt=tuple(prompt),
                    ids=said.token_ids,
                    mask=said.mask,
                )
            )
    return answers, dropped


def make_pairs(answers: Sequence[Answer]) -> tuple[list[Pair], Counter[str]]:
    """Return (pairs, answers left out by reason): the k-th right answer to a problem beside its k-th wrong one."""
    by_problem: dict[str, list[Answer]] = {}
    for answer in answers:
        by_problem.setdefault(answer.problem, []).append(answer)
    pairs: list[Pair] = []
    dropped: Counter[str] = Counter()
    for group in by_problem.values():
        right = [answer for answer in group if answer.right]
        wrong = [answer for answer in group if not answer.right]
        made = [
            Pair(parents=(chosen.id, rejected.id), chosen=chosen, rejected=rejected)
            for chosen, rejected in zip(right, wrong, strict=False)
        ]
        pairs += made
        why = NEVER if not right else ALWAYS if not wrong else ODD
        dropped[why] += len(group) - 2 * len(made)
    return pairs, +dropped  # without reasons that nothing was left out for
