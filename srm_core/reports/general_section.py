"""The card's section on general ability: base and student on the same items, kind by kind."""

from __future__ import annotations

from ..general.items import SUITE
from ..records import BuildManifest, Score, Section
from .general import PROBABILITY, general_change
from .markdown import table
from .scoring import find
from .summary import Figure, percent


def general_section(manifest: BuildManifest) -> Section | None:
    """Return the card's section on general ability, or None if it was not measured."""
    change = general_change(manifest)
    if change is None:
        return None
    kinds = dict.fromkeys(s.kind for s in manifest.scores if s.suite == SUITE)
    rows = [
        [kind, name, *(_shown(manifest, kind, metric, arms) for arms in _columns(change))]
        for metric, name in (
            (PROBABILITY, "probability of the right choice"),
            ("accuracy", "likeliest choice is right"),
        )
        for kind in kinds
    ]
    head = ["items", "measure", "base", "student", "paired difference, points"]
    body = (
        "Short English items of our own making that have nothing to do with the pack: grammar, common knowledge, "
        "simple instructions, reading. Choices are compared by their likelihood after the question alone; the gate "
        "judges the probability of the right one. The items are few and easy: they show a loss, not a level.\n\n"
    )
    return Section(title="General ability", body=body + table(head, rows))


def _columns(change: Score) -> tuple[tuple[str, str], ...]:
    return (change.baseline, ""), (change.arm, ""), (change.arm, change.baseline)


def _shown(manifest: BuildManifest, kind: str, metric: str, arms: tuple[str, str]) -> str:
    arm, baseline = arms
    score = find(manifest.scores, suite=SUITE, kind=kind, metric=metric, arm=arm, baseline=baseline)
    if score is None:
        return "not measured"
    return percent(Figure(value=score.value, low=score.low, high=score.high, n=score.n), sign=bool(baseline))
