"""What a build gained, as data: the one table that the terminal, the report and the model card show.

Nothing is computed here but the order of rows; every number is a `Score` of the manifest with its interval and n.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from ..records import BuildManifest, Objection, Score, Value

ACCURACY = "accuracy"
ALL = "all"  # the unweighted mean over kinds
GREEDY = "greedy"
HELD_OUT = "held-out"
ARMS = {
    "base-zero": "base, no examples",
    "base-few": "base, worked examples",
    "base-retrieved": "base, examples and retrieved facts",
    "sft": "student (SFT)",
    "rl": "student (SFT + RL)",
    "retrieved": "student, retrieved facts",
    "shuffled": "student, another problem's facts",
    "none": "student, no facts",
}
CONTROLS = frozenset({"retrieved", "shuffled", "none"})  # the student with other facts than the problem's own
BOOKS = {"open": "facts in the prompt", "formula": "formula in the prompt", "closed": "from memory"}


class Figure(Value):
    """A number with its 95 % interval, its n, and how many verdicts the verifier could not give."""

    value: float
    low: float
    high: float
    n: int
    abstained: int = 0


class Row(Value):
    """One line of a table: what it is about, and a figure for each arm that was measured."""

    name: str
    title: str
    note: str = ""
    figures: dict[str, Figure]


class Gain(Value):
    """A paired difference on the same items: ``arm`` minus ``baseline``."""

    suite: str
    kind: str
    title: str
    arm: str
    baseline: str
    decoding: str
    figure: Figure


class Summary(Value):
    """Everything a reader needs to judge a build, in the order in which it is shown."""

    pack: str
    title: str
    base: str
    teacher: str
    effort: str
    seed: int
    verdict: Literal["PASS", "FAIL", "INCONCLUSIVE", ""]
    objections: tuple[Objection, ...]
    student: str  # the arm that is the candidate
    arms: tuple[str, ...]  # columns of the table, bases first
    kinds: tuple[Row, ...]  # kinds answered from memory come last: they never carry the headline
    mean: Row | None
    gains: tuple[Gain, ...]  # the mean over kinds first
    parts: tuple[Row, ...]  # results by tag, e.g. seen and unseen formulas
    controls: tuple[Row, ...]  # the student with wrong or no facts, beside itself
    control_gains: tuple[Gain, ...]
    further: tuple[Row, ...]  # other measures than accuracy, other decodings than greedy
    suites: tuple[Row, ...]  # published benchmarks
    suite_gains: tuple[Gain, ...]


def summarize(manifest: BuildManifest) -> Summary:
    """Return the summary of a build; a number that was not measured is absent, never zero."""
    alone = [score for score in manifest.scores if not score.baseline]
    levels = [score for score in alone if score.metric == ACCURACY]
    main = _main_suite(levels)
    held_out = [score for score in levels if score.suite == main and score.decoding == GREEDY]
    further = [score for score in alone if score.suite == main and (score.decoding, score.metric) != (GREEDY, ACCURACY)]
    wrong_facts = CONTROLS | set(manifest.settings.get("evaluate", {}).get("controls", ()))
    arms = tuple(sorted({score.arm for score in held_out} - wrong_facts, key=_arm_order))
    student = _student(arms)
    kinds = {kind.name for kind in manifest.pack.kinds}
    compared = [score for score in held_out if score.arm in arms]
    controls = [score for score in held_out if score.arm in wrong_facts or score.arm == student]
    controlled = {score.kind for score in controls if score.arm in wrong_facts}
    pairs = [_gain(manifest, score) for score in manifest.scores if score.baseline and score.metric == ACCURACY]
    gains = tuple(sorted(pairs, key=lambda gain: _gain_order(manifest, gain)))
    return Summary(
        pack=manifest.pack.name,
        title=manifest.pack.title,
        base=manifest.base,
        teacher=manifest.teacher,
        effort=manifest.effort,
        seed=manifest.seed,
        verdict=manifest.verdict,
        objections=manifest.objections,
        student=student,
        arms=arms,
        kinds=_rows(manifest, (score for score in compared if score.kind in kinds)),
        mean=next(iter(_rows(manifest, (score for score in compared if score.kind == ALL))), None),
        gains=tuple(gain for gain in gains if gain.suite == main and gain.arm not in wrong_facts),
        parts=_rows(manifest, (score for score in compared if score.kind not in kinds | {ALL})),
        controls=_rows(manifest, (score for score in controls if score.kind in controlled)),
        control_gains=tuple(gain for gain in gains if gain.suite == main and gain.arm in wrong_facts),
        further=_rows(manifest, further, label=lambda score: f"{score.kind}, {score.metric}, {score.decoding}"),
        suites=_rows(
            manifest,
            (score for score in levels if score.suite != main),
            label=lambda score: f"{score.suite}: {score.kind}" if score.kind != ALL else score.suite,
        ),
        suite_gains=tuple(gain for gain in gains if gain.suite != main),
    )


def percent(figure: Figure, *, sign: bool = False) -> str:
    """Return ``71 % [60, 80] n 25``; with ``sign`` a difference, in percentage points: ``+37 [28, 46] n 150``."""
    form, unit = ("+.0f", "") if sign else (".0f", " %")
    low, high = (_negative_zero(format(100 * end, form)) for end in (figure.low, figure.high))
    value = _negative_zero(format(100 * figure.value, form))
    unsure = f", {figure.abstained} without a verdict" if figure.abstained else ""
    return f"{value}{unit} [{low}, {high}] n {figure.n}{unsure}"


def control_arms(summary: Summary) -> tuple[str, ...]:
    """Return the arms of the control table: the student first, then each control."""
    found = dict.fromkeys(arm for row in summary.controls for arm in row.figures)
    return tuple(sorted(found, key=lambda arm: (arm != summary.student, *_arm_order(arm))))


def columns(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the arms that any of ``rows`` has a figure for, bases first."""
    return tuple(sorted(dict.fromkeys(arm for row in rows for arm in row.figures), key=_arm_order))


def arm_title(arm: str) -> str:
    """Return what an arm is, in words."""
    return ARMS.get(arm, arm)


def _negative_zero(text: str) -> str:
    return {"-0": "0", "+0": "0"}.get(text, text)


def _main_suite(levels: Sequence[Score]) -> str:
    suites = [score.suite for score in levels]
    if HELD_OUT in suites or not suites:
        return HELD_OUT
    return max(dict.fromkeys(suites), key=suites.count)


def _student(arms: Sequence[str]) -> str:
    """Return the last arm that was trained; arms come in the order in which they are made."""
    trained = [arm for arm in arms if not arm.startswith("base-")]
    return trained[-1] if trained else ""


def _rows(manifest: BuildManifest, scores: Iterable[Score], label: Any = None) -> tuple[Row, ...]:
    label = label or (lambda score: score.kind)
    grouped: dict[str, list[Score]] = {}
    for score in scores:
        grouped.setdefault(label(score), []).append(score)
    notes = {kind.name: BOOKS[kind.book] for kind in manifest.pack.kinds}
    rows = [
        Row(
            name=name,
            title=_title(manifest, name),
            note=notes.get(name, ""),
            figures={score.arm: _figure(score) for score in sorted(group, key=lambda score: _arm_order(score.arm))},
        )
        for name, group in grouped.items()
    ]
    return tuple(sorted(rows, key=lambda row: _kind_order(manifest, row.name)))


def _title(manifest: BuildManifest, name: str) -> str:
    """Return a kind in words; ``kind:tag=value`` is a part of a kind."""
    titles = {kind.name: kind.title for kind in manifest.pack.kinds} | {ALL: "mean over kinds"}
    kind, colon, part = name.partition(":")
    return f"{titles[kind]}, {part.replace('=', ' ')}" if colon and kind in titles else titles.get(name, name)


def _figure(score: Score) -> Figure:
    return Figure(value=score.value, low=score.low, high=score.high, n=score.n, abstained=score.abstained)


def _gain(manifest: BuildManifest, score: Score) -> Gain:
    return Gain(
        suite=score.suite,
        kind=score.kind,
        title=_title(manifest, score.kind) if score.suite == HELD_OUT else f"{score.suite}: {score.kind}",
        arm=score.arm,
        baseline=score.baseline,
        decoding=score.decoding,
        figure=_figure(score),
    )


def _arm_order(arm: str) -> tuple[int, str]:
    return (list(ARMS).index(arm), "") if arm in ARMS else (len(ARMS), arm)


def _kind_order(manifest: BuildManifest, name: str) -> tuple[bool, int, str]:
    for place, kind in enumerate(manifest.pack.kinds):
        if kind.name == name:
            return kind.book == "closed", place, name
    return True, len(manifest.pack.kinds), name


def _gain_order(manifest: BuildManifest, gain: Gain) -> tuple[Any, ...]:
    return (
        gain.suite,
        gain.decoding != GREEDY,
        gain.kind != ALL,
        *_kind_order(manifest, gain.kind),
        _arm_order(gain.baseline),
        _arm_order(gain.arm),
    )
