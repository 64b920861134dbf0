"""Two sets of weights on the same problems: what each gave, and what lies between them. Nothing is run here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..records import Problem, Value, Weights
from .intervals import Interval, mean_over_groups, paired_interval, rate

if TYPE_CHECKING:
    import torch

PROMPTS = 64  # whose next-token logits are compared


class Figure(Value):
    """A value with the ends of its 95 % interval, and how many items it stands on."""

    value: float
    low: float
    high: float
    n: int


class QuantizationReport(Value):
    """What rounding the weights changed. Logit errors are shares of the spread (standard deviation) of the logits."""

    run: str
    weights: Weights
    logit_rms: float
    logit_max: float
    logit_rms_activations: float = 0.0  # what rounding the activations for int8 and int4 products adds, by itself
    logprob_mean: float  # nats a token of the worked solutions, absolute
    logprob_max: float
    same_answer: Figure  # share of items whose greedy text is the same to the last character
    before: Figure  # accuracy in float32, mean over kinds
    after: Figure
    difference: Figure  # after - before, paired by item
    kinds: dict[str, tuple[Figure, Figure]]  # before, after
    tokens_per_second: tuple[float, float]  # of the greedy answers, prompts read included
    bytes_of_matrices: tuple[int, int]


@dataclass(frozen=True)
class Measured:
    """What one set of weights gave on P problems: first logits, log-probabilities (nats) of solutions, answers."""

    logits: torch.Tensor  # (P, V)
    logprobs: list[float]
    texts: list[str]
    right: list[bool]
    rate: float
    size: int
    exact: torch.Tensor | None = None  # (P, V), the same rounded weights times activations in float32


def compare(
    run: str, weights: Weights, problems: Sequence[Problem], before: Measured, after: Measured
) -> QuantizationReport:
    """Return the report on two measurements of the same problems."""
    spread = before.logits.std(dim=1, keepdim=True)
    off = (after.logits - before.logits) / spread
    by_activations = (after.logits - (after.logits if after.exact is None else after.exact)) / spread
    drift = [abs(a - b) for a, b in zip(after.logprobs, before.logprobs, strict=True)]
    rights: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for problem, one, two in zip(problems, before.right, after.right, strict=True):
        rights[problem.kind].append((one, two))
    change = [float(two) - float(one) for one, two in zip(before.right, after.right, strict=True)]
    same = sum(a == b for a, b in zip(before.texts, after.texts, strict=True))
    return QuantizationReport(
        run=run,
        weights=weights,
        logit_rms=float(off.pow(2).mean().sqrt()),
        logit_max=float(off.abs().max()),
        logit_rms_activations=float(by_activations.pow(2).mean().sqrt()),
        logprob_mean=sum(drift) / max(1, len(drift)),
        logprob_max=max(drift, default=0.0),
        same_answer=figure(rate(same, len(problems))),
        before=figure(mean_over_groups({k: [float(a) for a, _ in v] for k, v in rights.items()})),
        after=figure(mean_over_groups({k: [float(b) for _, b in v] for k, v in rights.items()})),
        difference=figure(paired_interval(change)),
        kinds={
            kind: (figure(rate(sum(a for a, _ in v), len(v))), figure(rate(sum(b for _, b in v), len(v))))
            for kind, v in sorted(rights.items())
        },
        tokens_per_second=(before.rate, after.rate),
        bytes_of_matrices=(before.size, after.size),
    )


def figure(interval: Interval) -> Figure:
    """Return an interval as a value of a report."""
    return Figure(value=interval.value, low=interval.low, high=interval.high, n=interval.n)
