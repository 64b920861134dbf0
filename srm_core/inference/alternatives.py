"""How likely a chosen token was to the model, and which others were likely at its place."""

# V vocabulary

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Weighed:
    """A token's log-probability (nats) under the model's own distribution at its place, and the likeliest tokens.

    Temperature and top_p are left out; a grammar is not: what it forbids has no probability. ``top`` is ordered, the
    likeliest first. A token that the calculator or a grammar wrote has log-probability 0 and no ``top``.
    """

    logprob: float = 0.0
    top: tuple[tuple[int, float], ...] = ()


def weighed(logits_V: torch.Tensor, token: int, most: int) -> Weighed:
    """Return how likely ``token`` was, and the ``most`` likeliest tokens that have any probability."""
    logprobs_V = torch.log_softmax(logits_V.float(), dim=-1)
    values, tokens = logprobs_V.topk(min(most, len(logprobs_V)))
    pairs = zip(tokens.tolist(), values.tolist(), strict=True)
    return Weighed(float(logprobs_V[token]), tuple((t, v) for t, v in pairs if v > float("-inf")))
