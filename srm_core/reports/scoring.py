"""From graded attempts to scores: accuracy by kind and over kinds, paired differences, agreement of two graders.

An answer that cannot be read is wrong. A verdict the verifier could not give counts as wrong and is shown apart.
The mean over kinds leaves out closed-book kinds and unseen formulas, which are reported apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..records import Attempt, Kind, Problem, Score
from ..traces import parse_trace
from .intervals import Interval, mean_over_groups, paired_interval, rate

ALL = "all"
BASES = ("base-zero", "base-few", "base-retrieved")


@dataclass(frozen=True)
class Graded:
    """One attempt with its problem, and what an independent second grader said (None: there is none)."""

    suite: str
    decoding: str
    problem: Problem
    attempt: Attempt
    second: bool | None


@dataclass(frozen=True)
class Cell:
    """One arm's result on one problem: right or wrong, and the attempts it comes from."""

    problem: Problem
    right: float
    abstained: bool
    attempts: tuple[str, ...]


Table = Mapping[str, Cell]  # by problem id


def scores_of(graded: Sequence[Graded], kinds: Mapping[str, Kind], *, final: str, seed: int) -> list[Score]:
    """Return every score of an evaluation; ``final`` is the arm of the candidate.

    Paired differences: the candidate against the best base arm, each student against the one before, and each control
    against the candidate on the same items.
    """
    groups: dict[tuple[str, str, str], list[Graded]] = {}
    for row in graded:
        groups.setdefault((row.suite, row.decoding, row.attempt.arm), []).append(row)
    tables = {key: _table(rows) for key, rows in groups.items()}
    scores: list[Score] = []
    for (suite, decoding, arm), table in tables.items():
        scores += _levels(suite, decoding, arm, table, kinds, seed)
        scores += _agreement(suite, decoding, arm, groups[suite, decoding, arm])
        scores += _cut_short(suite, decoding, arm, groups[suite, decoding, arm])
    for suite, decoding in dict.fromkeys((suite, decoding) for suite, decoding, _ in tables):
        arms = {arm: table for (s, d, arm), table in tables.items() if (s, d) == (suite, decoding)}
        for arm, baseline in _pairs(arms, kinds, final):
            scores += _differences(suite, decoding, arm, baseline, arms[arm], arms[baseline], kinds, seed)
    return scores


def headline(problem: Problem, kinds: Mapping[str, Kind]) -> bool:
    """Say whether a problem counts in its kind's accuracy and the mean over kinds."""
    kind = kinds.get(problem.kind)
    return "unseen" not in problem.tags.values() and (kind is None or kind.book != "closed")


def _table(rows: Iterable[Graded]) -> dict[str, Cell]:
    by_problem: dict[str, list[Graded]] = {}
    for row in rows:
        by_problem.setdefault(row.problem.id, []).append(row)
    return {number: _cell(samples) for number, samples in by_problem.items()}


def _cell(samples: Sequence[Graded]) -> Cell:
    """Return the result of one problem: its one attempt, or the majority answer of several (ties: the first drawn).

    After: Wang et al. 2022 (self-consistency).
    """
    answers = [parse_trace(row.attempt.completion.text).answer for row in samples]
    readable = [answer for answer in answers if answer is not None]
    winner = Counter(readable).most_common(1)[0][0] if readable else None
    chosen = samples[answers.index(winner)] if winner is not None else samples[0]
    verdict = chosen.attempt.verdict.correct
    ids = tuple(row.attempt.id for row in samples)
    return Cell(chosen.problem, float(verdict is True), verdict is None, ids)


def _levels(suite: str, decoding: str, arm: str, table: Table, kinds: Mapping[str, Kind], seed: int) -> list[Score]:
    scores = []
    for name, cells in _by_kind(table, kinds).items():
        interval = rate(sum(int(cell.right) for cell in cells), len(cells))
        scores.append(_score(suite, name, arm, decoding, "accuracy", interval, cells))
    counted = {
        name: cells for name, cells in _by_kind(table, kinds).items() if ":" not in name and _counts(cells, kinds)
    }
    if counted:
        everything = [cell for cells in counted.values() for cell in cells]
        values = {name: [cell.right for cell in cells] for name, cells in counted.items()}
        scores.append(_score(suite, ALL, arm, decoding, "accuracy", mean_over_groups(values, seed), everything))
    return scores


def _by_kind(table: Table, kinds: Mapping[str, Kind]) -> dict[str, list[Cell]]:
    """Return cells by kind; unseen formulas under ``kind:formula=unseen``, seen ones under the kind and ``=seen``."""
    groups: dict[str, list[Cell]] = {}
    for cell in table.values():
        problem = cell.problem
        if headline(problem, kinds) or "formula" not in problem.tags:
            groups.setdefault(problem.kind, []).append(cell)
        if "formula" in problem.tags:
            groups.setdefault(f"{problem.kind}:formula={problem.tags['formula']}", []).append(cell)
    return groups


def _counts(cells: Sequence[Cell], kinds: Mapping[str, Kind]) -> bool:
    return bool(cells) and all(headline(cell.problem, kinds) for cell in cells)


def _differences(
    suite: str,
    decoding: str,
    arm: str,
    baseline: str,
    table: Table,
    other: Table,
    kinds: Mapping[str, Kind],
    seed: int,
) -> list[Score]:
    """Return paired differences ``arm - baseline`` on the items both answered, by kind and as mean over kinds."""
    scores = []
    groups: dict[str, list[float]] = {}
    for name, cells in _by_kind(table, kinds).items():
        paired = [cell for cell in cells if cell.problem.id in other]
        values = [cell.right - other[cell.problem.id].right for cell in paired]
        if not values:
            continue
        used = [*paired, *(other[cell.problem.id] for cell in paired)]
        interval = paired_interval(values, seed=seed)
        scores.append(_score(suite, name, arm, decoding, "accuracy", interval, used, baseline))
        if ":" not in name and _counts(paired, kinds):
            groups[name] = values
    if groups:
        both = [cell for cell in table.values() if cell.problem.id in other and headline(cell.problem, kinds)]
        used = [*both, *(other[cell.problem.id] for cell in both)]
        interval = mean_over_groups(groups, seed)
        if interval.low == interval.high:  # every item agrees: a bootstrap has no width, which would claim certainty
            interval = paired_interval([value for values in groups.values() for value in values], seed=seed)
        scores.append(_score(suite, ALL, arm, decoding, "accuracy", interval, used, baseline))
    return scores


def _pairs(arms: Mapping[str, Table], kinds: Mapping[str, Kind], final: str) -> list[tuple[str, str]]:
    pairs = []
    bases = [arm for arm in BASES if arm in arms]
    students = sorted((arm for arm in arms if arm in ("sft", "rl", final)), key=lambda arm: arm == final)
    if final in arms and bases:
        best = max(bases, key=lambda arm: _mean_right(arms[arm], kinds))
        pairs.append((final, best))
    pairs += [(later, earlier) for earlier, later in pairwise(students)]
    if final in arms:
        pairs += [(arm, final) for arm in arms if arm not in students and not arm.startswith("base-")]
    return pairs


def _mean_right(table: Table, kinds: Mapping[str, Kind]) -> float:
    groups: dict[str, list[float]] = {}
    for cell in table.values():
        if headline(cell.problem, kinds):
            groups.setdefault(cell.problem.kind, []).append(cell.right)
    return sum(sum(values) / len(values) for values in groups.values()) / max(1, len(groups))


def _agreement(suite: str, decoding: str, arm: str, rows: Sequence[Graded]) -> list[Score]:
    judged = [row for row in rows if row.second is not None and row.attempt.verdict.correct is not None]
    if not judged:
        return []
    same = sum(row.second == row.attempt.verdict.correct for row in judged)
    cells = [Cell(row.problem, 1.0, False, (row.attempt.id,)) for row in judged]
    return [_score(suite, ALL, arm, decoding, "second_grader_agreement", rate(same, len(judged)), cells)]


def _cut_short(suite: str, decoding: str, arm: str, rows: Sequence[Graded]) -> list[Score]:
    """Return the share of answers that the token limit ended, over all kinds and for each kind that has one."""
    groups: dict[str, list[Graded]] = {ALL: list(rows)}
    for row in rows:
        groups.setdefault(row.problem.kind, []).append(row)
    scores = []
    for kind, group in groups.items():
        cut = sum(not row.attempt.completion.finished for row in group)
        if cut or kind == ALL:
            cells = [Cell(row.problem, 1.0, False, (row.attempt.id,)) for row in group]
            scores.append(_score(suite, kind, arm, decoding, "cut_short", rate(cut, len(group)), cells))
    return scores


def _score(
    suite: str,
    kind: str,
    arm: str,
    decoding: str,
    metric: str,
    interval: Interval,
    cells: Sequence[Cell],
    baseline: str = "",
) -> Score:
    attempts = tuple(number for cell in cells for number in cell.attempts)
    abstained = sum(cell.abstained for cell in cells)
    named = {"suite": suite, "kind": kind, "arm": arm, "decoding": decoding, "metric": metric, "baseline": baseline}
    return score_of(interval, attempts, abstained=abstained, **named)


def score_of(interval: Interval, attempts: tuple[str, ...], *, abstained: int = 0, **named: str) -> Score:
    """Return the score that ``interval`` is, by the other names of a `Score`, over ``attempts``."""
    return Score(
        parents=attempts,
        attempts=attempts,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        n=interval.n,
        abstained=abstained,
        **named,
    )


def find(scores: Iterable[Score], **wanted: object) -> Score | None:
    """Return the first score whose fields equal ``wanted``, or None."""
    return next((s for s in scores if all(getattr(s, name) == value for name, value in wanted.items())), None)
