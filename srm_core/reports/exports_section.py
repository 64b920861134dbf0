"""The card's section on files for other engines: what their weights answered when they were asked again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..records import BuildManifest, Section
from .markdown import plain, table
from .summary import Figure, percent

JUDGED = ("merged", "adapter")  # the weights that evaluation and audit asked
ASKED = {"held-out": "held-out problems", "audit": "wordings of the audit"}
HEAD = ("export", "run", "asked", "answers changed", "accuracy before", "after", "paired difference, points")


def exports_section(manifest: BuildManifest) -> Section | None:
    """Return the card's section on exports, or None if the build made none but the judged weights themselves."""
    reports: Mapping[str, Mapping[str, Any]] = manifest.exported.get("reports", {})
    made = manifest.settings.get("release", {}).get("exports", ())
    targets = [*dict.fromkeys([*(name for name in made if name not in JUDGED), *reports])]
    if not targets:
        return None
    lines = [line for target in targets for line in _said(target, reports.get(target))]
    rows = [row for target in targets for row in _rows(target, reports.get(target, {}))]
    head = (
        "Each file was read back and its weights asked what the judged ones were: held-out problems and the audit's "
        "wordings, with the calculator and without it, as other engines run it. The verdict above covers a file only "
        "where that is said here."
    )
    return Section(title="Exports", body="\n\n".join([head, "\n".join(lines), *([table(HEAD, rows)] if rows else [])]))


def _said(target: str, report: Mapping[str, Any] | None) -> Iterator[str]:
    if report is None:
        yield f"- **{plain(target)}**: not measured, and not covered by the audit"
        return
    yield f"- **{plain(target)}**, in full in `{plain(report['report'])}`:"
    for calculator in (True, False):
        reasons = report["reasons" if calculator else "reasons_without"]
        mark = "covered by the verdict above" if not reasons else f"not covered by the audit ({'; '.join(reasons)})"
        yield f"  - {_run(calculator)}: {plain(mark)}"
    yield from (f"  - checked: {plain(each)}" for each in report["checked"])
    yield from (f"  - not checked: {plain(each)}" for each in report["not_checked"])


def _rows(target: str, report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for each in report.get("answers", ()):
        changed, before, after = (percent(Figure(**each[name])) for name in ("changed", "before", "after"))
        difference = percent(Figure(**each["difference"]), sign=True)
        yield target, _run(each["calculator"]), ASKED[each["what"]], changed, before, after, difference


def _run(calculator: bool) -> str:
    return "with srm's calculator" if calculator else "without a calculator"
