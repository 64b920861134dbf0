"""`srm export`: a finished run's student as another engine reads it, made from files that were hashed again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..errors import ArtifactError, ConfigError
from ..exporting.modelfile import SYSTEM_FILE
from ..host import Host
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
        ConfigError: the target is unknown, or was written there already.
        ModelError: the student cannot be written as ``target``, or what was written is another model.
    """
    manifest = place.manifest()
    source, released = source_of(place)
    if found := changed(source):
        raise ArtifactError(f"{source / found[0]} is not as it was recorded; build the run again")
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
