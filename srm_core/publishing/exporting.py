"""`srm export`: a finished run's student as another engine reads it, made from hashed files, and asked again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..config import BuildConfig
from ..errors import ArtifactError, ConfigError
from ..exporting.modelfile import SYSTEM_FILE
from ..exporting.refused import unexportable
from ..host import Host
from ..preflight import base_settings
from ..reauditing.checking import Judged, recheck
from ..reauditing.report import ExportReport
from ..records import BuildManifest, Problem
from ..reports.waivers import outcome
from ..sandbox.shared import allow_unsafe
from ..stages.context import Progress, silent
from ..stages.selection import held_out_problems
from ..store import read_records
from ..workspace import Run
from .files import changed


def source_of(place: Run) -> tuple[Path, bool]:
    """Return the folder whose weights are exported, and whether it is a release (else it is the candidate)."""
    released = (place.path / "release").is_dir()
    return (place.path / "release" if released else place.candidate), released


def export_run(place: Run, target: str, out: Path) -> tuple[Path, str]:
    """Export the run's release, or without one its candidate, to ``out/TARGET``; return it and what it was made of.

    Raises:
        ArtifactError: the run is not finished, a file is not as it was recorded, or there are no merged weights.
        ConfigError: the target is unknown, cannot hold this student, or was written there already.
        ModelError: the student cannot be written as ``target``, or what was written is another model.
    """
    manifest = place.manifest()
    source, released = source_of(place)
    if found := changed(source):
        raise ArtifactError(f"{source / found[0]} is not as it was recorded; build the run again")
    if reason := unexportable(target, base_settings(manifest.base)):
        raise ConfigError(f"{place.name}: {reason}")
    if not (source / "merged" / "config.json").is_file():
        raise ArtifactError(
            f"{source} holds no merged weights to export; add merged to release.exports and build again"
        )
    if (out / target).exists():
        raise ConfigError(f"{out / target} is there already; remove it, or give another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".student-", dir=out) as scratch:
        student, made = Path(scratch) / "student", Path(scratch) / "made"
        student.mkdir()
        made.mkdir()
        for name in ("merged", "adapter"):
            if (source / name).is_dir():
                (student / name).symlink_to((source / name).resolve())
        (student / SYSTEM_FILE).write_text(manifest.pack.system_prompt, encoding="utf-8")
        written = Host(manifest.pack.name).export(student, target, made)
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        kept = out / written.relative_to(made)
        written.replace(kept)
    said = (
        "made of the release"
        if released
        else f"made of the candidate, which is not released (gate: {manifest.verdict})"
    )
    return kept, said


def recheck_run(
    place: Run, target: str, written: Path, *, skip: bool = False, progress: Progress = silent
) -> tuple[ExportReport, Path]:
    """Ask an export of the run's release, or without one of its candidate, again; see `reauditing.checking.recheck`.

    Raises:
        SrmError: the pack is not whole, or weights cannot be opened.
    """
    source, released = source_of(place)
    manifest = BuildManifest.model_validate_json((source / "manifest.json").read_text(encoding="utf-8"))
    config = BuildConfig.model_validate(manifest.settings)
    allow_unsafe(config.unsafe_code)
    host = Host(config.pack)
    if not skip:
        host.require_whole()
    posed = list(read_records(source / "evidence" / "problems.jsonl", Problem))
    judged = Judged(
        run=place.name,
        made_of="release" if released else "candidate",
        verdict=outcome(manifest),
        config=config,
        pack=manifest.pack,
        host=host,
        merged=source / "merged",
        evidence=source / "evidence",
        problems=held_out_problems(posed, config.release.export_per_kind),
    )
    return recheck(judged, target, written, skip=skip, progress=progress)
