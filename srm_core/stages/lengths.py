"""How long taught answers are, beside a setting that cuts answers off: below them every such answer is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..records import TrainingRow
from ..store import write_atomically

Lengths = Mapping[str, Sequence[int]]  # tokens of each answer that was taught, by kind
LENGTHS = "lengths.json"
log = logging.getLogger(__name__)


def answer_length(row: TrainingRow) -> int:
    """Return the tokens of the answer of ``row``; what the calculator writes and the end token count."""
    return len(row.ids) - row.mask.index(True)


def keep_lengths(data: Path, rows: Iterable[TrainingRow], kinds: Mapping[str, str]) -> None:
    """Write the lengths of the answers of ``rows`` into ``data``; ``kinds`` is the kind of each attempt, by its id."""
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(kinds[row.attempt], []).append(answer_length(row))
    ordered = {kind: sorted(lengths) for kind, lengths in sorted(found.items())}
    write_atomically(data / LENGTHS, json.dumps(ordered))


def warn_of_cuts(data: Path, setting: str, limit: int) -> dict[str, int]:
    """Warn where ``setting`` cuts off answers as long as those taught; return their number as a count, if any."""
    taught: Lengths = json.loads((data / LENGTHS).read_text(encoding="utf-8"))
    longer = {kind: cut for kind, lengths in taught.items() if (cut := sum(length > limit for length in lengths))}
    if not longer:
        return {}
    longest = max(max(lengths) for lengths in taught.values())
    log.warning(
        "%s = %d cuts off %d of %d answers that were taught (%s): a student that gives them counts as wrong; "
        "the longest has %d tokens",
        setting,
        limit,
        sum(longer.values()),
        sum(map(len, taught.values())),
        ", ".join(f"{kind} {count}" for kind, count in longer.items()),
        longest,
    )
    return {f"taught answers longer than {setting}": sum(longer.values())}
