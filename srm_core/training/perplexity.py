"""How surprised a model is by text it is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from ..general.items import asked, general_items
from ..inference.tokens import encode_completion, encode_prompt
from ..prompts import LETTERS


@torch.no_grad()
def perplexity(model: Any, texts: Sequence[Sequence[int]]) -> float:
    """Return exp of the mean of -log p (nats) over every token but the first of each text; at least 1, no unit.

    Jelinek et al. 1977. Texts of one token say nothing and are left out.

    Raises:
        ValueError: no text has two tokens.
    """
    total, count = 0.0, 0
    was_training = model.training
    model.eval()
    for ids in texts:
        if len(ids) > 1:
            row = torch.tensor([list(ids)], device=next(model.parameters()).device)
            logprobs = model(input_ids=row).logits[0, :-1].float().log_softmax(-1)
            total -= float(logprobs.gather(1, row[0, 1:, None]).double().sum())
            count += len(ids) - 1
    model.train(was_training)
    if not count:
        raise ValueError("a perplexity needs a text of two tokens")
    return math.exp(total / count)


def general_texts(tokenizer: Any) -> list[list[int]]:
    """Return the items of general ability as token ids: each question with its right answer, as a conversation."""
    return [
        encode_prompt(tokenizer, asked(item))
        + encode_completion(tokenizer, item.choices[LETTERS.index(item.answer)])[0]
        for item in general_items(100)
    ]
