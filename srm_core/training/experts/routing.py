"""What the routers of a model decide: recorded as it runs, and counted layer by layer."""

# B sequences, S tokens of a sequence, T tokens in all, N experts, K experts a token

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ...records import Value
from .blocks import moe_blocks


@dataclass(frozen=True)
class Decisions:
    """What the router of one layer decided about T tokens.

    ``logits`` (T, N) before the softmax, ``chosen`` (T, K) the experts (an index of N or more: none, the choice was
    dropped), ``weights`` (T, K) what their outputs are multiplied with.
    """

    logits: torch.Tensor
    chosen: torch.Tensor
    weights: torch.Tensor


class LayerRouting(Value):
    """How one layer spread its tokens over its experts."""

    layer: int
    tokens: int
    counts: tuple[int, ...]  # choices of each expert
    variation: float  # coefficient of variation of the counts: 0 when all experts are used alike
    load_entropy: float  # of the shares of the counts, in nats; log(N) when all are used alike
    token_entropy: float  # mean over tokens of the entropy of the router's own distribution, in nats
    dropped: float  # share of the choices that no expert computed; 0 in dropless models, which ours all are


@contextmanager
def recorded(model: Any, *, with_gradients: bool = False) -> Iterator[dict[int, list[Decisions]]]:
    """Yield a dict that each forward pass of ``model`` inside the block adds a `Decisions` a layer to.

    The tokens of a pass lie batch-major, B * S of them, padding included: see `stacked`. They are detached unless
    ``with_gradients``.

    Raises:
        ModelError: the model has no routers that are known.
    """
    found: dict[int, list[Decisions]] = {}
    handles = []
    for block in moe_blocks(model):
        rows = found.setdefault(block.layer, [])

        def keep(module: Any, inputs: Any, output: Any, rows: list[Decisions] = rows) -> None:
            logits, weights, chosen = output if with_gradients else (part.detach() for part in output)
            rows.append(Decisions(logits, chosen, weights))

        handles.append(block.router.register_forward_hook(keep))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def stacked(
    recorded_rows: Mapping[int, Sequence[Decisions]], masks_BS: Sequence[torch.Tensor] | None = None
) -> dict[int, Decisions]:
    """Return the decisions of several passes as one a layer; ``masks_BS`` (one a pass) is false at padding."""
    result = {}
    for layer, rows in recorded_rows.items():
        masks = [torch.ones(len(row.chosen)) for row in rows] if masks_BS is None else masks_BS
        pairs = [(row, mask.reshape(-1).bool()) for row, mask in zip(rows, masks, strict=True)]
        result[layer] = Decisions(
            torch.cat([row.logits[keep] for row, keep in pairs]),
            torch.cat([row.chosen[keep] for row, keep in pairs]),
            torch.cat([row.weights[keep] for row, keep in pairs]),
        )
    return result


def routing_of(decisions: Mapping[int, Decisions]) -> list[LayerRouting]:
    """Return the counts and measures of each layer."""
    return [_layer(layer, seen) for layer, seen in sorted(decisions.items())]


def _layer(layer: int, seen: Decisions) -> LayerRouting:
    counts = counts_of(seen)
    probabilities = torch.softmax(seen.logits.float(), dim=-1)
    entropies = torch.special.entr(probabilities).sum(dim=-1)
    made = seen.chosen.numel()
    return LayerRouting(
        layer=layer,
        tokens=len(seen.chosen),
        counts=tuple(counts),
        variation=variation(counts),
        load_entropy=entropy(counts),
        token_entropy=float(entropies.mean()) if len(entropies) else 0.0,
        dropped=1 - sum(counts) / made if made else 0.0,
    )


def counts_of(seen: Decisions) -> list[int]:
    """Return how often each of the N experts was chosen."""
    experts = seen.logits.shape[1]
    chosen = seen.chosen.reshape(-1)
    return [int(x) for x in torch.bincount(chosen[chosen < experts], minlength=experts)]


def variation(counts: Sequence[int]) -> float:
    """Return the coefficient of variation of the counts: population standard deviation over mean; 0 for no counts."""
    average = sum(counts) / max(1, len(counts))
    if average == 0:
        return 0.0
    return math.sqrt(sum((count - average) ** 2 for count in counts) / len(counts)) / average


def entropy(counts: Sequence[int]) -> float:
    """Return the entropy in nats of the shares of ``counts``, between 0 and log(len(counts)); 0 for no counts."""
    total = sum(counts)
    return -sum(count / total * math.log(count / total) for count in counts if count) if total else 0.0


def dropped_at(counts: Sequence[int], capacity_factor: float) -> float:
    """Return the share of choices that a model with limited experts would drop, in [0, 1].

    An expert takes at most ``choices / N * capacity_factor`` of them, rounded down. After: Fedus et al. 2022 (Switch),
    eq. 3. Dropless models drop none; this says what the same routing would cost where there is such a limit.
    """
    total = sum(counts)
    capacity = math.floor(total / max(1, len(counts)) * capacity_factor)
    return sum(max(0, count - capacity) for count in counts) / total if total else 0.0
