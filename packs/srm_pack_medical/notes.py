"""Reading codes out of printed notes: "gestational diabetes (O24.4-)", "injuries (S00-T88)", "F30, F31"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

_CODE = r"[A-Z][0-9A][0-9A-Z](?:\.[0-9A-Z]{1,4})?"
_MENTION = re.compile(rf"\b({_CODE})\.?(?:-?\s*-\s*({_CODE})(?:\.?-)?|\.?-)?(?![0-9A-Z])")
_SPAN = re.compile(rf"\(({_CODE})-({_CODE})\)\s*$")
_CONDITION = re.compile(r"\bwith\b.*(?:\bcharacters?\b|\s\.\d)", re.IGNORECASE)
_END = "~"  # sorts after every code that begins alike


class Ranges:
    """Resolves a code or a span of codes to the fewest nodes of the classification that cover it."""

    def __init__(self, groups: dict[str, str], codes: Iterable[str]) -> None:
        """Take the labels of chapters and blocks (they end in the span they cover) and all code names."""
        self._known = frozenset(codes)
        spans = {name: _SPAN.search(label) for name, label in groups.items()}
        self._spans = [(m.group(1), m.group(2) + _END, name) for name, m in spans.items() if m]
        self._sorted = sorted(name for name in self._known if name not in groups)

    def resolve(self, low: str, high: str) -> tuple[str, ...]:
        """Return ``low`` if there is no ``high``; else chapters, blocks, then codes inside the span, largest first."""
        if not high:
            return (low,) if low in self._known else ()
        end = high + _END
        inside = [(a, b, name) for a, b, name in self._spans if low <= a and b <= end]
        taken = [
            (a, b, name)
            for a, b, name in inside
            if not any(x <= a and b <= y and (x, y) != (a, b) for x, y, _ in inside)
        ]
        found = [name for _, _, name in dict.fromkeys(taken)]
        top = ""
        for name in self._sorted[bisect_left(self._sorted, low) : bisect_right(self._sorted, end)]:
            covered = any(a <= name <= b for a, b, _ in taken) or (top and name.startswith(top))
            if not covered:
                top = name
                found.append(name)
        return tuple(found)


def codes_in(notes: Sequence[str], ranges: Ranges) -> tuple[tuple[str, ...], int]:
    """Return the codes the notes name, in order and once each, and how many non-empty notes gave none.

    A note with a condition on single characters ("T36-T65 with fifth or sixth character 1-4") is narrower than
    its codes, so it gives none.
    """
    found: dict[str, None] = {}
    unread = 0
    for note in notes:
        names: list[str] = []
        if not _CONDITION.search(note):
            for low, high in _MENTION.findall(note):
                names += ranges.resolve(low, high)
        unread += bool(note.strip()) and not names
        found.update(dict.fromkeys(names))
    return tuple(found), unread
