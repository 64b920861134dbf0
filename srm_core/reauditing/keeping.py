"""The report on an export as a file in it or beside it, and what all reports of a folder say in short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ArtifactError
from ..store import hashes, sha256, write_atomically
from .report import JSON, TEXT, ExportReport, lines, objections

SHORT = ("limit", "skipped", "checked", "not_checked", "drift", "reasons", "reasons_without")  # as the report has them


def keep(report: ExportReport, written: Path) -> Path:
    """Write the report in the folder ``written``, or beside the file that it is; return the JSON file."""
    folder, stem = (written, "") if written.is_dir() else (written.parent, f"{written.name}.")
    write_atomically(folder / f"{stem}{TEXT}", "\n".join(lines(report)) + "\n")
    file = folder / f"{stem}{JSON}"
    write_atomically(file, report.model_dump_json(indent=1) + "\n")
    return file


def files_of(written: Path) -> dict[str, str]:
    """Return the sha256 of every file of an export by its path in it; the report is no part of it."""
    if written.is_dir():
        return {name: value for name, value in hashes(written).items() if name not in (JSON, TEXT)}
    return {written.name: sha256(written)} if written.is_file() else {}


def kept_reports(folder: Path) -> dict[str, Any]:
    """Return what the reports on exports in ``folder`` say, by target, for the manifest; none: {}.

    Each is ``SHORT`` with the report's own path, its marks, and its answers without those of each kind. The gate's
    verdict is no part of it, for the manifest is judged after it holds this.

    Raises:
        ArtifactError: a report cannot be read, is about other files than lie there, or its marks do not follow from
            its answers.
    """
    found = {}
    for file in sorted({*folder.rglob(JSON), *folder.rglob(f"*.{JSON}")}):
        report = _read(file)
        written = file.parent if file.name == JSON else file.with_name(file.name.removesuffix(f".{JSON}"))
        if wrong := next(_wrong(report, written), None):
            raise ArtifactError(f"{file}: {wrong}; export it again")
        whole = report.model_dump(mode="json")
        found[report.target] = {
            "report": file.relative_to(folder).as_posix(),
            "covered": report.covered,
            "covered_without": report.covered_without,
            **{name: whole[name] for name in SHORT},
            "answers": [{key: each[key] for key in each if key != "kinds"} for each in whole["answers"]],
        }
    return dict(sorted(found.items()))


def _read(file: Path) -> ExportReport:
    try:
        return ExportReport.model_validate_json(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{file} is no report on an export: {error}") from None


def _wrong(report: ExportReport, written: Path) -> Iterator[str]:
    if report.files != files_of(written):
        yield "it is about other files than those that lie there"
    for calculator, reasons in ((True, report.reasons), (False, report.reasons_without)):
        follow = tuple(objections(report.answers, report.findings, report.limit, calculator=calculator))
        if reasons != ((report.skipped,) if report.skipped else follow):
            yield "whether it is covered does not follow from its answers"
