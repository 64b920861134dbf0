"""`srm release`: publish a candidate that passed, or whose objections somebody waived, under a signed statement."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ..errors import ReleaseRefused
from ..host import Host
from ..records import BuildManifest
from ..reports.card import model_card
from ..reports.waivers import WAIVED, Request, outcome, standing, waivers_for
from ..stages.context import Progress, silent
from ..stages.release import SUMS
from ..store import sha256, write_atomically
from ..workspace import Run, Workspace
from . import dsse, model_signature
from .custody import require_as_judged
from .files import PUBLIC, STATEMENT, subjects
from .keys import owner_key, pem
from .statement import statement


def release_run(
    place: Run, workspace: Workspace, *, waive: Sequence[Request] = (), progress: Progress = silent
) -> Path:
    """Publish the run's candidate into ``release/`` with a signed statement; return that folder.

    Raises:
        ReleaseRefused: an objection stands that ``waive`` does not cover, a waiver is not sound, or what was judged was
            changed afterwards.
        ArtifactError: the candidate or what it was made of is gone.
    """
    manifest = place.manifest()
    waivers = waivers_for(manifest.objections, waive, datetime.now(UTC).date())
    released = manifest.model_copy(update={"waivers": waivers})
    if outcome(released) not in ("PASS", WAIVED):
        raise ReleaseRefused(_refusal(place, released))
    candidate = place.candidate.resolve()
    progress("release: checking what was judged", 0, 0)
    host = require_as_judged(place, candidate, manifest, workspace)
    out, scratch = place.path / "release", place.path / ".release"
    shutil.rmtree(scratch, ignore_errors=True)
    progress("release: copying", 0, 0)
    with workspace.lock():
        shutil.copytree(candidate, scratch)
        if waivers:
            _record(scratch, released, host)
        _sign(scratch, released)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(scratch, out)
    return out


def _refusal(place: Run, manifest: BuildManifest) -> str:
    said = f"the gate's verdict on {place.name} is {manifest.verdict or 'missing'}"
    if not manifest.waivers:
        return said
    gates = sorted({each.gate for each in standing(manifest.objections, manifest.waivers)})
    return f"{said}, and no waiver covers {', '.join(gates)}"


def _record(folder: Path, manifest: BuildManifest, host: Host) -> None:
    """Write the waivers into the manifest and onto the card; the report stays as the candidate was judged."""
    write_atomically(folder / "manifest.json", manifest.model_dump_json(indent=1))
    write_atomically(folder / "README.md", model_card(manifest, list(host.sections(manifest))))
    sums: dict[str, str] = json.loads((folder / SUMS).read_text(encoding="utf-8"))
    sums |= {name: sha256(folder / name) for name in ("manifest.json", "README.md")}
    write_atomically(folder / SUMS, json.dumps(sums, indent=1))


def _sign(folder: Path, manifest: BuildManifest) -> None:
    signed = model_signature.add(folder)
    key = owner_key()
    said = statement(manifest, subjects(folder), version=version("srm-sdk"), signature=signed)
    body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    write_atomically(folder / STATEMENT, dsse.envelope(body, key))
    (folder / PUBLIC).write_bytes(pem(key.public_key()))
