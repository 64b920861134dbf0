"""A comparison as data, and as a table: arms in rows, each with its difference to the first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ..records import Value
from ..reports.intervals import Interval
from ..reports.markdown import table
from ..reports.summary import ALL, Figure, percent
from ..store import write_atomically
from ..workspace import Workspace
from .arms import differing
from .differences import differences, require_same_problems
from .measured import Cost, Measured

HEAD = ("arm", "correct", "difference to the first", "supervised tokens", "rollouts", "rollout tokens", "training")
LEGEND = "correct: mean over kinds [95 % interval] n; differences are paired, in points"


class Compared(Value):
    """One arm. ``accuracy`` and ``gain`` (accuracy minus the first arm's) are by kind; ``all``: the mean over kinds."""

    name: str
    run: str
    student: str  # the arm of its evaluation that is compared
    settings: dict[str, Any]  # its values of the settings that differ between the arms
    accuracy: dict[str, Figure]
    gain: dict[str, Figure]  # empty for the first arm
    right: tuple[bool, ...]  # in the order of the comparison's problems
    cost: Cost
    keys: dict[str, str]  # of its artifacts, by stage
    seconds: dict[str, float]  # of its artifacts, by stage


class Comparison(Value):
    """Everything that a comparison says; nothing else is needed to read it or to compute its intervals again."""

    schema_version: Literal[1] = 1
    name: str
    pack: str
    seed: int  # of the first arm; also of the intervals' resampling
    settings: dict[str, Any]  # all of the first arm
    problems: tuple[str, ...]  # ids of the held-out problems
    kinds: tuple[str, ...]  # of the problems
    arms: tuple[Compared, ...]


def comparison_of(name: str, measured: Sequence[Measured]) -> Comparison:
    """Put evaluated builds side by side; the first is what the others are compared with.

    Raises:
        ConfigError: they were asked different held-out problems.
    """
    require_same_problems({each.name: each.right.keys() for each in measured})
    first = measured[0]
    problems = sorted(first.right)
    unlike = differing({each.name: each.config for each in measured})
    return Comparison(
        name=name,
        pack=first.config.pack,
        seed=first.config.seed,
        settings=first.config.model_dump(mode="json"),
        problems=tuple(problems),
        kinds=tuple(first.problems[number].kind for number in problems),
        arms=tuple(_compared(each, first, problems, unlike[each.name]) for each in measured),
    )


def _compared(arm: Measured, first: Measured, problems: Sequence[str], settings: Mapping[str, Any]) -> Compared:
    gains = {} if arm is first else differences(arm, first, first.config.seed)
    return Compared(
        name=arm.name,
        run=arm.run,
        student=arm.student,
        settings=dict(settings),
        accuracy={
            kind: Figure(value=s.value, low=s.low, high=s.high, n=s.n, abstained=s.abstained)
            for kind, s in arm.levels.items()
        },
        gain={kind: _figure(interval) for kind, interval in gains.items()},
        right=tuple(bool(arm.right[number]) for number in problems),
        cost=arm.cost,
        keys={stage: artifact.key for stage, artifact in arm.artifacts.items()},
        seconds={stage: artifact.record.seconds for stage, artifact in arm.artifacts.items()},
    )


def _figure(interval: Interval) -> Figure:
    return Figure(value=interval.value, low=interval.low, high=interval.high, n=interval.n)


def rows_of(comparison: Comparison) -> list[list[str]]:
    """Return the cells under `HEAD`, a row an arm; what was not measured is empty."""
    return [
        [
            arm.name,
            percent(arm.accuracy[ALL]) if ALL in arm.accuracy else "",
            percent(arm.gain[ALL], sign=True) if ALL in arm.gain else "",
            f"{arm.cost.supervised_tokens:,}",
            f"{arm.cost.rollouts:,}",
            f"{arm.cost.rollout_tokens:,}",
            f"{arm.cost.seconds:,.0f} s",
        ]
        for arm in comparison.arms
    ]


def changes_of(comparison: Comparison) -> list[list[str]]:
    """Return the settings that differ, a row each: its name and its value in every arm."""
    return [
        [name, *(json.dumps(arm.settings[name], ensure_ascii=False) for arm in comparison.arms)]
        for name in comparison.arms[0].settings
    ]


def keep(comparison: Comparison, workspace: Workspace) -> Path:
    """Write ``compare/NAME.json`` and ``NAME.md`` under the workspace; return the JSON file."""
    folder = workspace.root / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / f"{comparison.name}.md", markdown(comparison))
    file = folder / f"{comparison.name}.json"
    write_atomically(file, comparison.model_dump_json(indent=1))
    return file


def markdown(comparison: Comparison) -> str:
    """Return the comparison as a page: the table, the same by kind, and the settings that differ."""
    names = [arm.name for arm in comparison.arms]
    kinds = [kind for kind in comparison.arms[0].accuracy if kind != ALL]
    by_kind = [
        [kind, *(percent(arm.accuracy[kind]) if kind in arm.accuracy else "" for arm in comparison.arms)]
        for kind in kinds
    ]
    parts = [
        f"# {comparison.name}",
        f"Pack {comparison.pack}, seed {comparison.seed}, {len(comparison.problems)} held-out problems, "
        "the same for all arms.",
        table(HEAD, rows_of(comparison)),
        LEGEND[0].upper() + LEGEND[1:] + ".",
        "## By kind",
        table(["kind", *names], by_kind),
        "## Settings that differ",
        table(["setting", *names], changes_of(comparison)),
    ]
    return "\n\n".join(parts) + "\n"
