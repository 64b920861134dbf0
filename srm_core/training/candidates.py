"""Which problems reinforcement learns from: those the student solves sometimes.

A problem it always or never solves gives every sample the same reward, so no advantage and no gradient. After Yu et al.
2025 (DAPO, eq. 11, 0 < number correct < group size); here the problems are tried once, with the student that training
starts from, not anew at every step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import TrainingError
from ..records import Attempt, Problem
from ..store import read_records, write_records

log = logging.getLogger(__name__)
TRIED_AT_ONCE = 16
Try = Callable[[Sequence[Problem]], list[Attempt]]


def learnable(problems: Sequence[Problem], wanted: int, least: int, attempt: Try, folder: Path) -> list[Problem]:
    """Return ``wanted`` problems that ``attempt`` solves in some samples but not in all, tried in order.

    If there are fewer, they are all; if they are fewer than ``least`` (the prompts of a step), others follow. Every
    attempt is kept in ``folder``; a batch that is there is not tried again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept: list[Problem] = []
    tried = 0
    for number, start in enumerate(range(0, len(problems), TRIED_AT_ONCE)):
        if len(kept) >= wanted:
            break
        batch = problems[start : start + TRIED_AT_ONCE]
        file = folder / f"batch-{number:05d}.jsonl"
        if not file.exists():
            write_records(file, attempt(batch))
        kept += _mixed(batch, list(read_records(file, Attempt)))
        tried += len(batch)
        log.info("rl: %d of %d tried problems are solved sometimes", len(kept), tried)
    if len(kept) < least:
        log.warning("rl: only %d of %d tried problems are solved sometimes; others are taken too", len(kept), tried)
        chosen = {problem.id for problem in kept}
        kept += [problem for problem in problems if problem.id not in chosen][: least - len(kept)]
    return kept[:wanted]


def prompts_a_step(there_are: int, wanted: int) -> int:
    """Return ``wanted``, or less where there are fewer problems: TRL would make no step at all, and say nothing.

    Raises:
        TrainingError: there are none.
    """
    if not there_are:
        raise TrainingError(
            "there is no problem to learn from by reinforcement; leave reinforcement out of train.methods"
        )
    if there_are < wanted:
        log.warning("rl: %d problems a step instead of train.rl_prompts = %d: there are no more", there_are, wanted)
    return min(there_are, wanted)


def _mixed(batch: Sequence[Problem], attempts: Sequence[Attempt]) -> list[Problem]:
    verdicts: dict[str, set[bool | None]] = {}
    for attempt in attempts:
        verdicts.setdefault(attempt.problem, set()).add(attempt.verdict.correct)
    return [problem for problem in batch if {True, False} <= verdicts[problem.id]]
