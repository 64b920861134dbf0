"""Every export of a build is asked again before the candidate is judged, as `srm export` asks one made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...reauditing.checking import Judged, recheck
from ...reauditing.keeping import keep
from ...reauditing.report import ExportReport
from ...records import Problem
from ...reports.exports_section import JUDGED
from ..context import Context
from ..selection import held_out_problems

Reports = list[tuple[ExportReport, Path]]


def reask(
    context: Context, merged: Path, evidence: Path, problems: Sequence[Problem], exports: Mapping[str, Path]
) -> Reports:
    """Return the report on each of ``exports`` (target -> what was written) that is not `JUDGED`, and on what.

    ``merged`` is the checkpoint they were made of, ``evidence`` what the candidate keeps of its audit. The reports lie
    with the exports; what they lack is the gate's verdict, which `with_verdict` gives them.

    Raises:
        SrmError: an export cannot be opened again, or an answer cannot be verified.
    """
    config = context.config
    judged = Judged(
        run="",
        made_of="candidate",
        verdict="",
        config=config,
        pack=context.host.pack(),
        host=context.host,
        merged=merged,
        evidence=evidence,
        problems=held_out_problems(problems, config.release.export_per_kind),
    )
    asked = {target: written for target, written in exports.items() if target not in JUDGED}
    return [
        (recheck(judged, target, written, progress=context.progress)[0], written) for target, written in asked.items()
    ]


def with_verdict(reports: Reports, verdict: str) -> None:
    """Write the reports once more, with the gate's verdict on the candidate."""
    for report, written in reports:
        keep(report.model_copy(update={"verdict": verdict}), written)
