"""Stage release: the candidate's folder (weights, adapter, card, report, evidence) and the gate's verdict."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

from ...exporting.modelfile import SYSTEM_FILE
from ...host import Host
from ...inference.processor import standalone
from ...models.load import Checkpoint, locate
from ...records import AuditFinding, BuildManifest, Score, Source
from ...reports.bom import ml_bom
from ...reports.card import model_card
from ...reports.gates import verdict_of
from ...reports.html import write_report
from ...store import Artifact, Result, hashes, read_records, read_rows, write_atomically
from ...verifying.records import VerifierCard
from ..context import Context
from ..students import Students
from ..train import VERIFIERS
from .evidence import keep_evidence
from .exported import measure_exported
from .materials import materials
from .reasked import reask, with_verdict

PACKAGES = ("srm-sdk", "torch", "transformers", "trl", "peft", "datasets", "chromadb", "rdflib", "pyoxigraph")
CANDIDATE = "candidate"
SUMS = "SHA256.json"
BOM = "bom.cdx.json"


def release(context: Context, out: Path, *, artifacts: Mapping[str, Artifact]) -> Result:
    """Write ``candidate/``: weights, adapter, manifest, card, bill of materials, report, leak certificate, evidence."""
    folder = out / CANDIDATE
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed here
    base = _base(context)
    student = out / "student.cache"
    exports = _export(context, artifacts["train"], base, student, folder)
    problems = keep_evidence(artifacts, Students(context, artifacts["train"]).final, folder / "evidence")
    reports = reask(context, student / "merged", folder / "evidence", problems, exports)
    shutil.rmtree(student)
    system = context.host.pack().system_prompt
    bare = _manifest(context, artifacts).model_copy(
        update={
            "exported": measure_exported(folder, base.folder, system, problems),
            "materials": materials(context.config.base, base.folder, artifacts),
        }
    )
    manifest = judged(context.host, bare)
    with_verdict(reports, manifest.verdict)
    write_atomically(folder / "manifest.json", manifest.model_dump_json(indent=1))
    card = model_card(manifest, list(context.host.sections(manifest)))
    write_atomically(folder / "README.md", card)
    write_atomically(folder / "leak.json", json.dumps(manifest.leak, indent=1))
    write_atomically(folder / "srm_calculator.py", standalone())
    weights = {name: value for name, value in hashes(folder).items() if name.endswith(".safetensors")}
    write_atomically(folder / BOM, json.dumps(ml_bom(manifest, weights), indent=1, sort_keys=True))
    write_report(manifest, logs(artifacts["train"].path), folder / "report.html")
    write_atomically(folder / SUMS, json.dumps(hashes(folder), indent=1))
    return Result({"objections": len(manifest.objections), "files": len(hashes(folder))}, {})


def logs(trained: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the training log of each method that has one."""
    return {file.parent.name: read_rows(file) for file in sorted(trained.glob("*/log.jsonl"))}


def read_verifiers(trained: Path) -> dict[str, dict[str, float]]:
    """Return the false accepts of each kind's verifier on near misses, as the stage train measured them."""
    card = VerifierCard.model_validate_json((trained / VERIFIERS).read_text(encoding="utf-8"))
    return {kind.kind: kind.false_accepts.model_dump() for kind in card.kinds}


def judged(host: Host, manifest: BuildManifest) -> BuildManifest:
    """Return ``manifest`` with the objections of every plugin and the verdict that follows from them."""
    bare = manifest.model_copy(update={"objections": (), "verdict": "", "waivers": ()})
    found = tuple(host.objections(bare))
    verdict = cast(Literal["PASS", "FAIL", "INCONCLUSIVE"], verdict_of(found))
    return bare.model_copy(update={"objections": found, "verdict": verdict})


def environment() -> dict[str, str]:
    """Return the versions and the machine that made a build; no part of any hash."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _base(context: Context) -> Checkpoint:
    base = locate(context.config.base)
    assert base is not None, "the pipeline opens local bases only"
    return base


def _export(context: Context, trained: Artifact, base: Checkpoint, student: Path, folder: Path) -> dict[str, Path]:
    """Make the student's folder and every export of it in ``folder``; return what was written, by target."""
    from ...training.lora import merge

    adapter = Students(context, trained).adapter()
    shutil.rmtree(student, ignore_errors=True)
    context.progress("release: merging weights", 0, 0)
    merge(base.folder, adapter, student / "merged")
    shutil.copytree(adapter, student / "adapter", dirs_exist_ok=True)
    write_atomically(student / SYSTEM_FILE, context.host.pack().system_prompt)
    folder.mkdir(exist_ok=True)
    return {target: context.host.export(student, target, folder) for target in context.config.release.exports}


def _manifest(context: Context, artifacts: Mapping[str, Artifact]) -> BuildManifest:
    config = context.config
    evaluated, audited = artifacts["evaluate"].path, artifacts["audit"].path
    sources = json.loads((artifacts["ground"].path / "sources.json").read_text(encoding="utf-8"))
    return BuildManifest(
        pack=context.host.pack(),
        base=config.base,
        teacher=config.distill.teacher,
        seed=config.seed,
        effort=config.effort,
        settings=config.model_dump(mode="json"),
        stages=tuple(artifact.record for artifact in artifacts.values()),
        sources=tuple(Source.model_validate(row) for row in sources),
        scores=tuple(read_records(evaluated / "scores.jsonl", Score)),
        findings=tuple(read_records(audited / "findings.jsonl", AuditFinding)),
        leak=json.loads((evaluated / "leak.json").read_text(encoding="utf-8")),
        verifiers=read_verifiers(artifacts["train"].path),
        environment=environment(),
    )
