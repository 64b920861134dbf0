"""How undecided a distribution is."""

# V vocabulary

from __future__ import annotations

import torch


def entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return -sum p log p (nats) of softmax over the last axis: shape (..., V) gives (...), in [0, log V].

    Shannon 1948, theorem 2. A logit of minus infinity is a token of probability 0 and adds 0.
    """
    logprobs = torch.log_softmax(logits, dim=-1)
    return -(logprobs.exp() * logprobs.clamp(min=torch.finfo(logprobs.dtype).min)).sum(dim=-1)
