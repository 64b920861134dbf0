"""Which experts the tokens of a domain go to, what a model loses on them, and the control that routes at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from ..inference.asking import STOP, Asker
from ..protocols import Model, Verify
from ..records import Problem, Sampling, TrainingRow, Value
from ..training.experts.blocks import moe_blocks
from ..training.experts.routing import LayerRouting, routing_of
from ..training.experts.rows import decisions_on


class DomainRouting(Value):
    """How the tokens of one domain were routed."""

    domain: str
    layers: tuple[LayerRouting, ...]
    shares: tuple[float, ...]  # of the choices of all layers, by expert; they sum to 1 - dropped


def routing_by_domain(model: Any, domains: Mapping[str, Sequence[TrainingRow]]) -> list[DomainRouting]:
    """Return the routing of each domain's rows, padding left out."""
    found = []
    for domain, rows in domains.items():
        layers = routing_of(decisions_on(model, rows))
        choices = sum(layer.tokens for layer in layers) * moe_blocks(model)[0].top_k
        counts = [sum(layer.counts[e] for layer in layers) for e in range(len(layers[0].counts))]
        found.append(
            DomainRouting(domain=domain, layers=tuple(layers), shares=tuple(count / choices for count in counts))
        )
    return found


@contextmanager
def random_routing(model: Any, seed: int = 0) -> Iterator[None]:
    """Route every token to experts drawn at random, all alike, with equal weights: the control of a learned router.

    The same passes in the same order draw the same experts.
    """
    draw = torch.Generator().manual_seed(seed)

    def replace(module: Any, inputs: Any, output: Any) -> Any:
        logits, weights, chosen = output
        keys = torch.rand(logits.shape, generator=draw).to(logits.device)
        return logits, torch.full_like(weights, 1 / weights.shape[1]), keys.topk(chosen.shape[1], dim=-1).indices

    handles = [block.router.register_forward_hook(replace) for block in moe_blocks(model)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def verdicts(model: Model, problems: Sequence[Problem], system: str, verify: Verify, max_tokens: int) -> list[float]:
    """Return 1.0 for each problem that the model's greedy answer solves and 0.0 for the others, in order.

    A verdict that the verifier could not give counts as wrong.
    """
    sampling = Sampling(max_tokens=max_tokens, stop=STOP)
    said = Asker(model, system=system, sampling=sampling).answer(problems)
    graded = (verify(p, c.text, p.evidence) for p, c in zip(problems, said, strict=True))
    return [float(verdict.correct is True) for verdict in graded]
