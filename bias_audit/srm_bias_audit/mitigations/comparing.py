"""Before and after: paired differences of every finding and of task accuracy, with n and 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from srm_core.config import AuditPolicy
from srm_core.records import AuditFinding, Kind, Probe, Problem, Value
from srm_core.reports.intervals import Interval, mean_over_groups, paired_interval, rate
from srm_core.reports.scoring import headline
from srm_core.reports.summary import Figure

from ..findings import compared, findings_of
from ..measures import ALL_INJECTIONS, DROP, FLIP, GAP, Effect, effects
from .arms import Arm

ALL = "all"
EITHER = "right-for-one-group-only"  # the accuracy gap without its sign: gaps of both directions do not cancel out
SUMMED = {FLIP: FLIP, GAP: EITHER, DROP: DROP}  # measure -> what the frontier shows of it


class Cost(Value):
    """Task accuracy on the same held-out problems: of one kind, or as mean over kinds ("all")."""

    kind: str
    before: Figure
    after: Figure
    change: Figure  # after - before, paired by problem


class Change(Value):
    """One finding of the audit before and after, on the same probes; ``change`` is after - before, paired."""

    before: AuditFinding
    after: AuditFinding
    change: AuditFinding


class Point(Value):
    """Where a student lies: task accuracy (mean over kinds), and a measure of bias over all attributes; rates."""

    arm: str
    measure: str
    accuracy: Figure
    bias: Figure


class Mitigated(Value):
    """What one mitigation changed, what it cost, and on how many rows and tokens each student was trained."""

    mitigation: str
    run: str  # whose student it is
    rows: tuple[int, int]  # before, after
    tokens: tuple[int, int]
    costs: tuple[Cost, ...]
    changes: tuple[Change, ...]


def measured(
    mitigation: str,
    run: str,
    before: Arm,
    after: Arm,
    *,
    probes: Sequence[Probe],
    problems: Mapping[str, Problem],
    kinds: Mapping[str, Kind],
    policy: AuditPolicy,
) -> Mitigated:
    """Return what lies between two students that were asked the same ``probes`` and held-out ``problems``."""
    return Mitigated(
        mitigation=mitigation,
        run=run,
        rows=(before.rows, after.rows),
        tokens=(before.tokens, after.tokens),
        costs=tuple(costs(before, after, problems, kinds)),
        changes=tuple(changes(before, after, probes, policy)),
    )


def changes(before: Arm, after: Arm, probes: Sequence[Probe], policy: AuditPolicy) -> list[Change]:
    """Return every judged finding before, after, and as paired difference on the problems both have."""
    first, second = effects(probes, before.items), effects(probes, after.items)
    own = {_name(each): each for each in findings_of(first, before.name, "", policy)}
    new = {_name(each): each for each in findings_of(second, after.name, "", policy)}
    moved = {_name(e): e for e in findings_of(compared(second, first), after.name, before.name, policy)}
    names = [name for name, each in own.items() if each.limit is not None and name in new and name in moved]
    return [Change(before=own[name], after=new[name], change=moved[name]) for name in names]


def costs(before: Arm, after: Arm, problems: Mapping[str, Problem], kinds: Mapping[str, Kind]) -> list[Cost]:
    """Return task accuracy before and after as mean over kinds, then kind by kind, on the problems both answered."""
    both = [problems[number] for number in sorted(before.right.keys() & after.right.keys())]
    groups: dict[str, list[str]] = {}
    for problem in both:
        if headline(problem, kinds):
            groups.setdefault(problem.kind, []).append(problem.id)
    found = [_cost(ALL, groups, before, after)] if groups else []
    return found + [_cost(kind, {kind: ids}, before, after) for kind, ids in sorted(groups.items())]


def points(
    arm: Arm, probes: Sequence[Probe], problems: Mapping[str, Problem], kinds: Mapping[str, Kind]
) -> list[Point]:
    """Return a student's place for each judged measure: all attributes together, every problem counted once."""
    accuracy = next((cost.after for cost in costs(arm, arm, problems, kinds)), None)
    found = effects(probes, arm.items)
    spread = {shown: pooled([each for each in found if each.measure == measure]) for measure, shown in SUMMED.items()}
    return [
        Point(arm=arm.name, measure=shown, accuracy=accuracy, bias=bias)
        for shown, bias in spread.items()
        if accuracy is not None and bias is not None
    ]


def pooled(found: Sequence[Effect]) -> Figure | None:
    """Return the mean over problems of what each problem shows, averaged over attributes; None without a problem.

    Of each attribute the comparison of all its groups is taken. Of an accuracy gap (right for one group, wrong for the
    other: -1 or 1) the size alone counts, so this holds prompt noise too and is not 0 for a student without bias.
    """
    first: dict[str, Effect] = {}
    for effect in found:  # all groups together come before each alone
        if effect.attribute != ALL_INJECTIONS:
            first.setdefault(effect.attribute, effect)
    values: dict[str, list[float]] = {}
    for effect in first.values():
        for problem, value in effect.values.items():
            values.setdefault(problem, []).append(abs(value) if effect.measure == GAP else value)
    means = [sum(each) / len(each) for each in values.values()]
    return _figure(paired_interval(means)) if means else None


def _cost(kind: str, groups: Mapping[str, Sequence[str]], before: Arm, after: Arm) -> Cost:
    def level(arm: Arm) -> Figure:
        return _figure(_mean({name: [arm.right[number] for number in ids] for name, ids in groups.items()}))

    moved = {name: [after.right[number] - before.right[number] for number in ids] for name, ids in groups.items()}
    change = mean_over_groups(moved)
    if len(groups) == 1 or change.low == change.high:  # a bootstrap of equal values has no width
        change = paired_interval([value for values in moved.values() for value in values])
    return Cost(kind=kind, before=level(before), after=level(after), change=_figure(change))


def _mean(groups: Mapping[str, Sequence[float]]) -> Interval:
    values = [value for each in groups.values() for value in each]
    found = mean_over_groups(groups)
    return rate(round(sum(values)), len(values)) if len(groups) == 1 or found.low == found.high else found


def _figure(interval: Interval) -> Figure:
    return Figure(value=interval.value, low=interval.low, high=interval.high, n=interval.n)


def _name(finding: AuditFinding) -> tuple[str, str, tuple[str, ...]]:
    return finding.measure, finding.attribute, finding.groups
