"""Let the released weights, and the base where it is here, score a random sample of the general items again."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import ModelError
from ..general.items import SUITE, asked, probabilities
from ..inference.local import TransformersModel, open_checkpoint
from ..models.load import Checkpoint, checked, locate
from ..prompts import LETTERS
from ..records import Attempt, BuildManifest, Problem, Score
from ..reports.general import DECODING, probability_scores
from ..reports.scoring import Graded, scores_of
from ..stages.general import BASE
from ..stages.release.evidence import GENERAL, GENERAL_ITEMS
from ..stages.release.materials import BASE_FILES
from ..store import read_records, sha256
from .again import NATS

SHARE = 0.01  # what that moves a probability by at most: p (1 - p) times a difference of 2 NATS
SAME = 1e-6  # a mean that is computed again


def general_again(folder: Path, manifest: BuildManifest, sample: int) -> tuple[bool, str]:
    """Return whether the general items give the card's scores, and a random ``sample`` of them comes out the same.

    The scores are means over all kept items, so that a line made up is found without a model. Then the student, and
    the base if it lies here with the hashes that the manifest names, score ``sample`` items again: the right choice's
    probability may move by `SHARE`, the taken choice's log-probability by `NATS`. A release that keeps no general
    items has nothing to ask.

    Raises:
        SrmError: the folder holds no merged weights.
    """
    kept = folder / "evidence" / GENERAL
    if not kept.exists():
        measured = any(score.suite == SUITE for score in manifest.scores)
        why = "it was made before srm kept them" if measured else "none was measured"
        return True, f"no general item to execute again: {why}"
    items = {item.id: item for item in read_records(folder / "evidence" / GENERAL_ITEMS, Problem)}
    attempts = list(read_records(kept, Attempt))
    if name := _other_score(items, attempts, manifest):
        return False, f"the kept items do not give the score {name} on the card"
    drawn = random.SystemRandom().sample(sorted(items), min(sample, len(items)))
    mine = [attempt for attempt in attempts if attempt.problem in drawn]
    student = open_checkpoint(checked(f"dir:{folder / 'merged'}", folder / "merged"))
    right, total = _same(student, items, [attempt for attempt in mine if attempt.arm != BASE])
    shown = f"{right} of {total} items come out the same"
    base = _base(manifest)
    if isinstance(base, str):
        return right == total > 0, f"{shown}; those of the base were not executed: {base}"
    del student  # two models would double the memory
    found, of = _same(open_checkpoint(base), items, [attempt for attempt in mine if attempt.arm == BASE])
    return right == total > 0 and found == of > 0, f"{shown}, {found} of {of} of the base"


def _other_score(items: Mapping[str, Problem], attempts: Sequence[Attempt], manifest: BuildManifest) -> str:
    """Return the name of a general score of the manifest that the kept items do not give, or ""."""
    graded = [Graded(SUITE, DECODING, items[attempt.problem], attempt, None) for attempt in attempts]
    final = next((attempt.arm for attempt in attempts if attempt.arm != BASE), "")
    if not final or {attempt.arm for attempt in attempts} != {BASE, final}:
        return f"of {SUITE}"
    again = {
        score.id: score
        for score in (
            *scores_of(graded, {}, final=final, seed=manifest.seed),
            *probability_scores(graded, base=BASE, final=final, seed=manifest.seed),
        )
    }
    claimed = [score for score in manifest.scores if score.suite == SUITE]
    if not claimed or len(claimed) != len(again):
        return f"of {SUITE}"
    return next((_name(score) for score in claimed if not _alike(score, again.get(score.id))), "")


def _alike(score: Score, again: Score | None) -> bool:
    if again is None or (score.n, set(score.attempts)) != (again.n, set(again.attempts)):
        return False
    return abs(score.value - again.value) <= SAME


def _name(score: Score) -> str:
    return f"{score.metric} of {score.arm}{f' minus {score.baseline}' if score.baseline else ''} on {score.kind}"


def _same(model: TransformersModel, items: Mapping[str, Problem], attempts: Sequence[Attempt]) -> tuple[int, int]:
    pairs = [(asked(items[a.problem]), choice) for a in attempts for choice in items[a.problem].choices]
    given = model.score([talk for talk, _ in pairs], [choice for _, choice in pairs])
    summed = iter(sum(tokens) for tokens in given)
    same = [_as_before(items[a.problem], a, [next(summed) for _ in items[a.problem].choices]) for a in attempts]
    return sum(same), len(same)


def _as_before(item: Problem, attempt: Attempt, summed: Sequence[float]) -> bool:
    taken, right = item.choices.index(attempt.completion.text), LETTERS.index(item.answer)
    moved = abs(probabilities(summed)[right] - attempt.rewards[0].value)
    likeliest = summed[taken] >= max(summed) - 2 * NATS  # of two that are as likely either may have been taken
    drift = abs(summed[taken] - attempt.completion.logprobs[0])
    return moved <= SHARE and drift <= NATS and likeliest and attempt.verdict.correct == (taken == right)


def _base(manifest: BuildManifest) -> Checkpoint | str:
    """Return the base if it lies on this machine and is the one that the manifest names by hash, else why not."""
    if manifest.base.partition(":")[0] not in ("embedded", "dir", "tiny"):
        return f"{manifest.base} is not a folder of this machine"
    try:
        found = locate(manifest.base)
    except (ModelError, OSError):
        found = None
    if found is None:
        return f"{manifest.base} is not here"
    named = {each.name: each.sha256 for each in manifest.materials if each.name.startswith("base: ")}
    files = {path for pattern in BASE_FILES for path in found.folder.glob(pattern) if path.is_file()}
    if named != {f"base: {file.name}": sha256(file) for file in files}:
        return f"{manifest.base} is here, and is another one than the release was made from"
    return found
