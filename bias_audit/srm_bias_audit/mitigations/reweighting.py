"""Weights for training rows, so that a group counts for what it is worth and not for how often it is there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence


def reweighed(groups: Sequence[str], labels: Sequence[str]) -> list[float]:
    """Return a weight for each row that makes group and label independent in the weighted data.

    After: Kamiran and Calders 2012 (Data preprocessing techniques for classification without discrimination), section
    4.2, reweighing: W(g, y) = P(g) P(y) / P(g, y), of the rows given. The weights sum to the number of rows if every
    pair of group and label occurs.

    Raises:
        ValueError: there are not as many labels as groups.
    """
    if len(groups) != len(labels):
        raise ValueError(f"{len(groups)} groups and {len(labels)} labels: one of each for every row is needed")
    n = len(groups)
    of_group, of_label, of_both = Counter(groups), Counter(labels), Counter(zip(groups, labels, strict=True))
    return [of_group[g] * of_label[y] / (n * of_both[g, y]) for g, y in zip(groups, labels, strict=True)]


def group_weights(
    losses: Mapping[str, float], before: Mapping[str, float] | None = None, *, step: float = 0.01
) -> dict[str, float]:
    """Return the groups' weights after one step: those with a larger loss gain; they are positive and sum to 1.

    After: Sagawa et al. 2020 (Distributionally robust neural networks), algorithm 1: q_g <- q_g exp(step loss_g),
    normalised; ``before`` None is uniform. The row's loss is then weighted with its group's q. ``losses`` are the mean
    losses of the groups in this batch; a group that is not in it keeps its share before normalising.

    Raises:
        ValueError: there is no group, a loss is not finite, ``step`` is negative, or a loss is of an unknown group.
    """
    old = dict(before) if before is not None else dict.fromkeys(losses, 1.0)
    unknown = [group for group in losses if group not in old]
    if not old or unknown or step < 0 or not all(math.isfinite(loss) for loss in losses.values()):
        raise ValueError(f"losses {dict(losses)} of groups {list(old)} with step {step}: finite losses of known groups")
    highest = max([step * loss for loss in losses.values()], default=0.0)  # taken out, so that exp does not overflow
    grown = {group: weight * math.exp(step * losses.get(group, 0.0) - highest) for group, weight in old.items()}
    total = sum(grown.values())
    return {group: weight / total for group, weight in grown.items()}
