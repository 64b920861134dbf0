"""Before anything is signed: is the candidate, file by file and number by number, what was built, measured and judged?

Nothing is believed that can be computed again: hashes, the names of artifacts, what each stage measured, the verdict,
and the weights themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..config import BuildConfig
from ..errors import ArtifactError, ReleaseRefused
from ..host import Host
from ..models.load import locate
from ..pipeline import STEPS, require_unchanged
from ..records import AuditFinding, BuildManifest, Problem, Score, StageRecord
from ..stages.release import judged, read_verifiers
from ..stages.release.exported import measure_exported
from ..stages.release.materials import materials
from ..store import Artifact, check_files, read_records, read_stage
from ..workspace import Run, Workspace
from .files import changed
from .weights import require_trained

PURE = ("evaluate", "audit", "release")  # stages whose settings are a function of the build's settings alone


def require_as_judged(place: Run, candidate: Path, manifest: BuildManifest, workspace: Workspace) -> Host:
    """Return the host, or raise unless candidate and numbers are those of the store and the gate judges so again.

    Whoever edits one file, or a file and its hash, is found; the verdict itself is never taken from a file.

    Raises:
        ReleaseRefused: something was changed after it was judged.
        ArtifactError: the candidate or what it was made of is gone.
    """
    if not (candidate / "manifest.json").exists():
        raise ArtifactError(f"run {place.name!r} has no candidate any more; build it again")
    released = Artifact(candidate.parent, read_stage(candidate.parent))
    if found := check_files(released) or changed(candidate):
        raise ReleaseRefused(f"{found[0]} of the candidate was changed after it was judged; build again")
    inside = BuildManifest.model_validate_json((candidate / "manifest.json").read_text(encoding="utf-8"))
    if inside != manifest:
        raise ReleaseRefused("the run's manifest is not the one its candidate was judged by; build again")
    _require_chain([*manifest.stages, released.record], workspace)
    _require_settings(manifest, released.record)
    host = Host(manifest.pack.name)
    host.require_whole()
    artifacts = found_artifacts(manifest, workspace)
    if measured(manifest, artifacts, candidate) != manifest:
        raise ReleaseRefused("the manifest does not hold what was measured; build again")
    again = judged(host, manifest)
    if again != manifest:
        reasons = "; ".join(f"{each.gate}: {each.reason}" for each in again.objections) or "no objection"
        raise ReleaseRefused(f"judged again, the candidate is {again.verdict} ({reasons}); build again")
    require_trained(candidate, artifacts["train"], BuildConfig.model_validate(manifest.settings))
    return host


def found_artifacts(manifest: BuildManifest, workspace: Workspace) -> dict[str, Artifact]:
    """Return the artifacts that ``manifest`` names, by stage.

    Raises:
        ArtifactError: an artifact is gone, or one of its files was changed.
        ReleaseRefused: an artifact's record is not the one in the manifest.
    """
    artifacts = {}
    for record in manifest.stages:
        found = workspace.store.find(record.stage, record.key)
        if found is None:
            raise ArtifactError(f"the store lacks the {record.stage} artifact {record.key}; build again")
        require_unchanged(found)
        if found.record != record:
            raise ReleaseRefused(f"the record of stage {record.stage} is not the one in the manifest; build again")
        artifacts[record.stage] = found
    return artifacts


def measured(manifest: BuildManifest, artifacts: Mapping[str, Artifact], candidate: Path) -> BuildManifest:
    """Return ``manifest`` with scores, findings, leaks, verifiers and materials as the artifacts hold them.

    What was measured on the exported files is measured again on those of ``candidate``.
    """
    evaluated, audited = artifacts["evaluate"].path, artifacts["audit"].path
    base = locate(manifest.base)
    assert base is not None, "the pipeline opens local bases only"
    problems = list(read_records(candidate / "evidence" / "problems.jsonl", Problem))
    return manifest.model_copy(
        update={
            "scores": tuple(read_records(evaluated / "scores.jsonl", Score)),
            "findings": tuple(read_records(audited / "findings.jsonl", AuditFinding)),
            "leak": json.loads((evaluated / "leak.json").read_text(encoding="utf-8")),
            "verifiers": read_verifiers(artifacts["train"].path),
            "exported": measure_exported(candidate, base.folder, manifest.pack.system_prompt, problems),
            "materials": materials(manifest.base, base.folder, artifacts),
        }
    )


def _require_chain(records: list[StageRecord], workspace: Workspace) -> None:
    """Refuse an artifact whose name does not follow from what made it, or that was made from another one.

    An audit of an earlier student, put beside a new one, names another ``train`` artifact as its input.
    """
    keys = {record.stage: record.key for record in records}
    for record in records:
        if workspace.store.key(record.stage, record.settings, record.inputs, record.code) != record.key:
            raise ReleaseRefused(
                f"the name of the {record.stage} artifact does not follow from its record; build again"
            )
        needs = next((step.needs for step in STEPS if step.name == record.stage), ())
        for stage in needs:
            if record.inputs.get(stage) != keys.get(stage):
                raise ReleaseRefused(f"stage {record.stage} was run on another {stage} artifact; build again")


def _require_settings(manifest: BuildManifest, released: StageRecord) -> None:
    """Refuse settings, the policy's limits among them, that are not those the stages ran with."""
    config = BuildConfig.model_validate(manifest.settings)
    ran = {record.stage: dict(record.settings) for record in (*manifest.stages, released)}
    for stage, settings in ran.items():
        if settings.pop("unsafe_code", False) != config.unsafe_code:
            raise ReleaseRefused(f"stage {stage} did not run with unsafe_code as the manifest has it; build again")
    ran.get("audit", {}).pop("suite_files", None)  # their hashes: a setting says where they are, not what they hold
    named = {step.name: step.settings for step in STEPS}
    for stage in PURE:
        if stage not in ran:
            raise ReleaseRefused(f"the manifest names no artifact of stage {stage}; build again")
        expected = named[stage](config)
        if different := sorted(name for name in {*expected, *ran[stage]} if expected.get(name) != ran[stage].get(name)):
            raise ReleaseRefused(f"{stage}.{different[0]} is not what the candidate was judged by; build again")
    trained = {name: value for name, value in ran.get("train", {}).items() if name in manifest.settings["train"]}
    if different := sorted(name for name, value in trained.items() if value != _setting(manifest, "train", name)):
        raise ReleaseRefused(f"train.{different[0]} is not what the candidate was judged by; build again")


def _setting(manifest: BuildManifest, stage: str, name: str) -> object:
    return manifest.settings["seed"] if name == "seed" else manifest.settings[stage][name]
