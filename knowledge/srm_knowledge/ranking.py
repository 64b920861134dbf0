"""How good a ranking is, given which of all passages answer the question."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set


def ndcg(ranked: Sequence[str], grades: Mapping[str, float], k: int = 10) -> float:
    """Return the normalized discounted cumulated gain at ``k``, in [0, 1].

    It is the sum of grade / log2(rank + 1) over the first ``k``, divided by that of the best order there is.

    After: Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques, section 2, with the discount
    log2(rank + 1) that is common since. ``grades`` are non-negative; what is not in them has none.

    Raises:
        ValueError: no grade is above 0.
    """
    best = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(sorted(grades.values(), reverse=True)[:k], 1))
    if best <= 0:
        raise ValueError("no passage is relevant, so no ranking is better than another")
    gained = sum(grades.get(name, 0.0) / math.log2(rank + 1) for rank, name in enumerate(ranked[:k], 1))
    return gained / best


def recall(ranked: Sequence[str], relevant: Set[str], k: int = 10) -> float:
    """Return the share of ``relevant`` among the first ``k``, in [0, 1]. Raises `ValueError` if none is relevant."""
    if not relevant:
        raise ValueError("no passage is relevant, so none can be found")
    return len(relevant & set(ranked[:k])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Set[str]) -> float:
    """Return 1 / rank of the first relevant passage, 0 if there is none; its mean over questions is the MRR.

    After: Voorhees 1999, The TREC-8 Question Answering Track Report, section 2.
    """
    return next((1.0 / rank for rank, name in enumerate(ranked, 1) if name in relevant), 0.0)
