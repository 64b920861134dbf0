"""Several rankings as one.

After: Cormack, Clarke and Büttcher 2009, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
Methods: the score of a document is the sum of 1 / (k + rank) over the rankings that hold it, with k = 60.
"""

from __future__ import annotations

from collections.abc import Sequence

from srm_core.records import Evidence

K = 60
POOL = 50  # passages of each ranking that are fused


def fuse(rankings: Sequence[Sequence[Evidence]], most: int, k: int = K) -> list[Evidence]:
    """Return the ``most`` best of all ``rankings`` (each best first), best first, ties by what they cite.

    The score is the sum divided by its largest value, that of a piece which leads every ranking: in (0, 1]. Pieces are
    the same if they cite the same.
    """
    sums: dict[tuple[str, ...], float] = {}
    pieces: dict[tuple[str, ...], Evidence] = {}
    for ranking in rankings:
        for rank, piece in enumerate(ranking, 1):
            sums[piece.cites] = sums.get(piece.cites, 0.0) + 1.0 / (k + rank)
            pieces.setdefault(piece.cites, piece)
    best = len(rankings) / (k + 1)
    order = sorted(sums, key=lambda cites: (-sums[cites], cites))[:most]
    return [pieces[cites].model_copy(update={"score": round(min(1.0, sums[cites] / best), 9)}) for cites in order]
