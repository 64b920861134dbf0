"""Supervised rows: an accepted attempt as token ids and the mask of the tokens that carry loss."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import TrainingError
from ..inference.tokens import encode_completion, encode_prompt
from ..prompts import conversation
from ..records import Attempt, Message, Problem, TrainingRow

NOTHING = -1  # in an order of rows: one without labels, which adds nothing to a loss


def make_rows(
    attempts: Iterable[Attempt], problems: Mapping[str, Problem], *, system: str, tokenizer: Any, max_tokens: int
) -> tuple[list[TrainingRow], Counter[str]]:
    """Return (rows, dropped by reason). Loss lies on the answer's own tokens and its end token, nowhere else.

    Raises:
        TrainingError: no row is left, or a row would train on nothing.
    """
    rows: list[TrainingRow] = []
    dropped: Counter[str] = Counter()
    for attempt in attempts:
        prompt = encode_prompt(tokenizer, conversation(system, problems[attempt.problem], attempt.evidence))
        answer, own = encode_completion(tokenizer, attempt.completion.text)
        if len(prompt) + len(answer) > max_tokens:
            dropped["longer than train.max_tokens"] += 1
            continue
        if sum(own) <= 1:
            raise TrainingError(f"{attempt.id} would train on its end token alone; its completion is empty")
        rows.append(
            TrainingRow(
                parents=(attempt.id,),
                attempt=attempt.id,
                ids=(*prompt, *answer),
                mask=(*(False for _ in prompt), *own),
            )
        )
    if not rows:
        raise TrainingError(f"there is nothing to train on: no accepted attempt is left ({dict(dropped)})")
    return rows, dropped


def batch_order(lengths: Sequence[int], batch: int, epochs: float, seed: int) -> list[int]:
    """Return row numbers for ``epochs`` passes, ``batch`` at a time of similar length, batches in random order.

    Padding wastes nothing to speak of, and the order is a function of the arguments alone, so a resumed run
    continues where the killed one was.
    """
    draw = random.Random(seed)
    rest = max(round((epochs - int(epochs)) * len(lengths)), int(epochs < 1))  # at least one row in all
    order: list[int] = []
    for count in [len(lengths)] * int(epochs) + [rest] * bool(rest):
        order += _pass(lengths, batch, draw, count, owed=-len(order) % batch)
    return order


def filled(order: Sequence[int], each: int, processes: int) -> list[int]:
    """Return ``order``, made up with `NOTHING` so that each of several processes has ``each`` rows in every pass."""
    return [*order, *[NOTHING] * (-len(order) % (each * processes) if processes > 1 else 0)]


def _pass(lengths: Sequence[int], batch: int, draw: random.Random, count: int, owed: int) -> list[int]:
    """Return ``count`` row numbers; the first ``owed`` fill up the batch that the pass before left incomplete.

    What is left over is the longest rows, and so is what fills it up.
    """
    numbers = list(range(len(lengths)))
    draw.shuffle(numbers)
    numbers = sorted(numbers[:count], key=lambda i: lengths[i])  # stable: ties stay shuffled
    ready = max(0, count - owed)
    whole = [numbers[i : min(i + batch, ready)] for i in range(0, ready, batch)]
    tail = [whole.pop()] if whole and len(whole[-1]) < batch else []
    draw.shuffle(whole)
    return [number for group in [numbers[ready:], *whole, *tail] for number in group]


def mask_preview(tokenizer: Any) -> list[tuple[str, bool]]:
    """Return (token text, carries loss) for a worked example, as `srm doctor` prints it."""
    turns = (Message(role="system", content="Answer."), Message(role="user", content="Question: 140 - 104?"))
    prompt = encode_prompt(tokenizer, turns)
    answer, own = encode_completion(tokenizer, "Subtract.\nAnswer: <<140-104=36>> mEq/L")
    masks = [*(False for _ in prompt), *own]
    return [(str(tokenizer.decode([token])), trained) for token, trained in zip([*prompt, *answer], masks, strict=True)]
