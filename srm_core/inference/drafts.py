"""Speculative decoding by prompt lookup: what followed the same tokens before is likely to follow them again.

After: Saxena 2023 ("Prompt lookup decoding") for the draft, Leviathan et al. 2023 (algorithm 1) for reading a draft in
one pass. A drafted token is kept only if it is the very token that the row's own number chooses from the model's
distribution at that place, so what is said is not changed at all, sampled or greedy.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

DRAFT_ROWS = 4  # with more rows side by side a pass is bound by arithmetic, and drafts cost as much as they save
LONGEST = 6  # tokens of a draft
MATCHES = (4, 3, 2)  # tokens that must have stood there before, the longest match first


def drafted(ids: Sequence[int], most: int, matches: Sequence[int] = MATCHES) -> list[int]:
    """Return at most ``min(most, LONGEST)`` tokens that followed the last tokens of ``ids`` where they stood last.

    ``matches``: how many last tokens must have stood there, tried in order.
    """
    whole = array("q", ids)
    data, width = whole.tobytes(), whole.itemsize
    for count in matches:
        if most <= 0 or len(ids) <= count:
            continue
        tail = data[-count * width :]
        found = data.rfind(tail, 0, len(data) - 1)
        while found > 0 and found % width:
            found = data.rfind(tail, 0, found + len(tail) - 1)
        if found >= 0 and found % width == 0:
            after = found // width + count
            return list(ids[after : after + min(most, LONGEST)])
    return []
