"""What specializing cost in general ability: the scores, and the gate's objection.

The gate judges the mean probability of the right choice, not accuracy: a choice that flips in 10 of 100 items gives the
paired difference of accuracy a 95 % interval of about ± 0.06, which could never settle a limit of 0.05. Probabilities
move by less than 1, and 100 items settle that limit for an unchanged student if the change of an item has a standard
deviation below 0.05 · √100 / 1.96 = 0.255.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..config import ReleaseConfig
from ..general.items import SUITE
from ..records import BuildManifest, Objection, Score
from .intervals import Interval, mean_over_groups, paired_interval
from .scoring import ALL, Graded, score_of

DECODING = "likelihood"
PROBABILITY = "right-choice-probability"
GATE = "capability"
FEW = 50  # below so many items the bootstrap is too narrow, and the wider interval of `paired_interval` is taken


def probability_scores(graded: Sequence[Graded], *, base: str, final: str, seed: int) -> list[Score]:
    """Return the mean probability of the right choice of both arms, and final - base on the same items, in [-1, 1]."""
    values: dict[str, dict[str, float]] = {base: {}, final: {}}
    kinds = {row.problem.id: row.problem.kind for row in graded}
    ids = {(row.attempt.arm, row.problem.id): row.attempt.id for row in graded}
    for row in graded:
        values[row.attempt.arm][row.problem.id] = row.attempt.rewards[0].value
    both = [number for number in kinds if number in values[base] and number in values[final]]
    moved = {number: values[final][number] - values[base][number] for number in both}
    scores = []
    for kind in (ALL, *dict.fromkeys(kinds.values())):
        chosen = [number for number in both if kind in (ALL, kinds[number])]
        for arm, baseline, of in ((base, "", values[base]), (final, "", values[final]), (final, base, moved)):
            groups: dict[str, list[float]] = {}
            for number in chosen:
                groups.setdefault(kinds[number], []).append(of[number])
            arms = (arm, baseline) if baseline else (arm,)
            used = tuple(ids[each, number] for number in chosen for each in arms)
            named = {"suite": SUITE, "kind": kind, "arm": arm, "decoding": DECODING, "metric": PROBABILITY}
            interval = _interval(groups, seed, paired=bool(baseline))
            scores.append(score_of(interval, used, abstained=0, baseline=baseline, **named))
    return scores


def general_change(manifest: BuildManifest) -> Score | None:
    """Return the candidate's paired change of the mean probability of the right choice, or None if not measured."""
    wanted = {"suite": SUITE, "kind": ALL, "metric": PROBABILITY}
    return next((score for score in manifest.scores if score.baseline and _is(score, wanted)), None)


def general_drop(manifest: BuildManifest, policy: ReleaseConfig) -> Iterator[Objection]:
    """Object to a student that lost more than ``release.max_general_drop``, or of which that is not settled.

    Fails if the whole interval of the change lies below minus the limit; inconclusive, and waivable, if its lower end
    does or if nothing was measured.
    """
    score = general_change(manifest)
    if score is None:
        yield _unclear("general ability was not measured (evaluate.general)")
        return
    limit = policy.max_general_drop
    said = f"{score.value:+.3f} [{score.low:+.3f}, {score.high:+.3f}]"
    shown = f"the probability of the right choice moved by {said} on {score.n} general items"
    if score.high < -limit:
        yield Objection(gate=GATE, reason=f"{shown}: more than the {limit:g} that may be lost")
    elif score.low < -limit:
        yield _unclear(f"{shown}, which does not settle whether it is within {limit:g}")


def _interval(groups: dict[str, list[float]], seed: int, *, paired: bool) -> Interval:
    values = [value for each in groups.values() for value in each]
    found = mean_over_groups(groups, seed)
    if len(values) >= FEW and found.low < found.high:
        return found
    wide, least = paired_interval(values, seed=seed), -1.0 if paired else 0.0
    return Interval(found.value, max(least, min(found.low, wide.low)), max(found.high, wide.high), found.n)


def _is(score: Score, wanted: dict[str, str]) -> bool:
    return all(getattr(score, name) == value for name, value in wanted.items())


def _unclear(reason: str) -> Objection:
    return Objection(gate=GATE, reason=reason, outcome="inconclusive", waivable=True)
