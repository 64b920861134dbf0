"""Preference rows as the tensors that TRL's trainers take, and the order in which unpaired rows are shown."""

# B sequences, T tokens

from __future__ import annotations

import random
from collections.abc import Sequence

import torch

from .pairs import Answer, Pair

Batch = dict[str, torch.Tensor]


def pair_batch(pairs: Sequence[Pair], padding: int) -> Batch:
    """Return ids, what is no padding, and what carries loss, each (2 * pairs, T): all chosen, then all rejected."""
    chosen, rejected = [pair.chosen for pair in pairs], [pair.rejected for pair in pairs]
    return _sequences([*chosen, *rejected], [*chosen, *rejected], padding)


def answer_batch(answers: Sequence[Answer], padding: int) -> Batch:
    """Return the same of unpaired answers, with labels (B,), and again (``KL_...``) with the answers put to others.

    Each prompt is given the answer that comes next in the batch to another problem (the batch is a circle), or the
    next one where there is no other problem.
    """
    others = [_unlike(answers, place) for place in range(len(answers))]
    matched = _sequences(answers, answers, padding)
    mismatched = _sequences(answers, others, padding)
    labels = torch.tensor([answer.right for answer in answers])
    return {**matched, **{f"KL_{name}": value for name, value in mismatched.items()}, "label": labels}


def unlike_order(answers: Sequence[Answer], batch: int, epochs: float, seed: int) -> list[int]:
    """Return row numbers for about ``epochs`` passes in whole batches, neighbours of different problems where possible.

    In each pass the problems come in random order, one answer of each at a time. A last batch is filled up from the
    next pass, since a batch of one has no mismatched answer.
    """
    draw = random.Random(seed)
    batches = max(1, round(epochs * len(answers) / batch))
    order: list[int] = []
    while len(order) < batches * batch:
        order += _one_pass(answers, draw)
    return order[: batches * batch]


def _one_pass(answers: Sequence[Answer], draw: random.Random) -> list[int]:
    queues: dict[str, list[int]] = {}
    for number in draw.sample(range(len(answers)), len(answers)):
        queues.setdefault(answers[number].problem, []).append(number)
    longest = max(map(len, queues.values()))
    return [queue[turn] for turn in range(longest) for queue in queues.values() if turn < len(queue)]


def _unlike(answers: Sequence[Answer], place: int) -> Answer:
    later = [answers[(place + step) % len(answers)] for step in range(1, len(answers) + 1)]
    return next((other for other in later if other.problem != answers[place].problem), later[0])


def _sequences(prompts: Sequence[Answer], answers: Sequence[Answer], padding: int) -> Batch:
    """Return each prompt of the first with the answer of the second, padded on the right."""
    rows = [(*one.prompt, *other.ids) for one, other in zip(prompts, answers, strict=True)]
    masks = [(*(False for _ in one.prompt), *other.mask) for one, other in zip(prompts, answers, strict=True)]
    width = max(map(len, rows))
    return {
        "input_ids": torch.tensor([[*row, *[padding] * (width - len(row))] for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
        "completion_mask": torch.tensor([[*map(int, mask), *[0] * (width - len(mask))] for mask in masks]),
    }
