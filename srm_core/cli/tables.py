"""How summaries and lists look on a terminal. What comes from models and plugins is text here, never markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..records import Objection
from ..reports.summary import Gain, Row, Summary, arm_title, columns, control_arms, percent

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 2  # objections of one gate and outcome that are spelled out
PLAIN_WIDTH = 132  # columns where no terminal says how wide it is
STYLES = {"PASS": "bold green", "FAIL": "bold red", "INCONCLUSIVE": "bold yellow"}


def console() -> Console:
    """Return a console on today's stdout (tests replace it)."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def print_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", out: Console | None = None
) -> None:
    """Print rows under a head; cells are taken as they are, control characters shown as spaces."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD, title=Text(title, "bold") if title else None, title_justify="left", pad_edge=False
    )
    for name in head:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    (out or console()).print(table)


def print_summary(summary: Summary, *, candidate: str, report: str) -> None:
    """Print what was gained, the gate's verdict with its reasons, and where the candidate lies."""
    from rich.text import Text

    out = console()
    made = f"{summary.base}, taught by {summary.teacher}, effort {summary.effort}, seed {summary.seed}"
    out.print(Text(printable(f"{summary.title}: {made}")))
    rows = [*summary.kinds, *([summary.mean] if summary.mean else [])]
    if rows:
        _matrix("correct on held-out problems: value [95 % interval] n", rows, summary.arms, out)
    else:
        out.print(Text("Accuracy: not measured."))
    if summary.gains:
        _gains("paired difference on the same items, in points", summary.gains, out)
    if summary.parts:
        _matrix("by part", summary.parts, columns(summary.parts), out)
    if summary.controls:
        _matrix("controls: the student with wrong or no facts", summary.controls, control_arms(summary), out)
    if summary.control_gains:
        _gains("what the controls cost, in points", summary.control_gains, out)
    if summary.further:
        _matrix("further measures", summary.further, columns(summary.further), out)
    if summary.suites:
        _matrix("other suites, not trained on", summary.suites, columns(summary.suites), out)
    if summary.suite_gains:
        _gains("paired difference on benchmarks, in points", summary.suite_gains, out)
    out.print(Text(f"Gate: {summary.verdict or 'not judged'}", STYLES.get(summary.verdict, "bold")))
    for line in _objections(summary.objections):
        out.print(Text(printable(f"  {line}")))
    out.print(Text(f"Candidate: {candidate}"), soft_wrap=True)
    out.print(Text(f"Report:    {report}"), soft_wrap=True)


def _objections(objections: Sequence[Objection]) -> Iterator[str]:
    """Yield a line an objection; of many of one gate and outcome the first ones, and how many more there are."""
    groups: dict[tuple[str, str], list[Objection]] = {}
    for item in objections:
        groups.setdefault((item.outcome, item.gate), []).append(item)
    for (outcome, gate), items in groups.items():
        yield from (f"{outcome}: {gate}: {item.reason}" for item in items[:SHOWN])
        if len(items) > SHOWN:
            yield f"{outcome}: {gate}: and {len(items) - SHOWN} more of this kind; the report has them all"


def _matrix(title: str, rows: Sequence[Row], arms: Sequence[str], out: Console) -> None:
    cells = [
        [
            f"{row.title}, {row.note}" if row.note else row.title,
            *(percent(row.figures[arm]) if arm in row.figures else "not measured" for arm in arms),
        ]
        for row in rows
    ]
    print_table(["", *(arm_title(arm) for arm in arms)], cells, title=title, out=out)


def _gains(title: str, gains: Sequence[Gain], out: Console) -> None:
    cells = [
        [gain.title, f"{arm_title(gain.arm)} − {arm_title(gain.baseline)}", percent(gain.figure, sign=True)]
        for gain in gains
    ]
    print_table(["", "compared", "difference"], cells, title=title, out=out)


def printable(text: str) -> str:
    """Return ``text`` with control characters as spaces, line ends kept: a model must not steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
