"""Stage release: the candidate's folder (weights, adapter, card, report, evidence) and the gate's verdict."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

from ..host import Host
from ..inference.processor import standalone
from ..models.load import locate
from ..records import Attempt, AuditFinding, BuildManifest, EvalItem, Problem, Score, Source
from ..reports.card import model_card
from ..reports.gates import verdict_of
from ..reports.html import write_report
from ..store import Artifact, Result, hashes, read_records, read_rows, write_atomically, write_records
from .context import Context
from .students import Students

PACKAGES = ("srm-sdk", "torch", "transformers", "trl", "peft", "datasets", "chromadb", "rdflib", "pyoxigraph")
CANDIDATE = "candidate"
SUMS = "SHA256.json"


def release(context: Context, out: Path, *, artifacts: Mapping[str, Artifact]) -> Result:
    """Write ``candidate/``: merged weights, adapter, manifest, card, report, leak certificate, evaluation evidence."""
    folder = out / CANDIDATE
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed here
    _export(context, artifacts["train"], folder)
    manifest = judged(context.host, _manifest(context, artifacts))
    write_atomically(folder / "manifest.json", manifest.model_dump_json(indent=1))
    card = model_card(manifest, list(context.host.sections(manifest)))
    write_atomically(folder / "README.md", card)
    write_atomically(folder / "leak.json", json.dumps(manifest.leak, indent=1))
    write_atomically(folder / "srm_calculator.py", standalone())
    _evidence(context, artifacts, folder / "evidence")
    write_report(manifest, logs(artifacts["train"].path), folder / "report.html")
    write_atomically(folder / SUMS, json.dumps(hashes(folder), indent=1))
    return Result({"objections": len(manifest.objections), "files": len(hashes(folder))}, {})


def logs(trained: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the training log of each method that has one."""
    return {file.parent.name: read_rows(file) for file in sorted(trained.glob("*/log.jsonl"))}


def _export(context: Context, trained: Artifact, folder: Path) -> None:
    from ..training.lora import merge

    base = locate(context.config.base)
    assert base is not None, "the pipeline opens local bases only"
    adapter = Students(context, trained).adapter()
    student = folder.parent / "student.cache"
    shutil.rmtree(student, ignore_errors=True)
    context.progress("release: merging weights", 0, 0)
    merge(base.folder, adapter, student / "merged")
    shutil.copytree(adapter, student / "adapter", dirs_exist_ok=True)
    folder.mkdir(exist_ok=True)
    for target in context.config.release.exports:
        context.host.export(student, target, folder)
    shutil.rmtree(student)


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
        environment=environment(),
    )


def judged(host: Host, manifest: BuildManifest) -> BuildManifest:
    """Return ``manifest`` with the objections of every plugin and the verdict that follows from them."""
    bare = manifest.model_copy(update={"objections": (), "verdict": ""})
    found = tuple(host.objections(bare))
    verdict = cast(Literal["PASS", "FAIL", "INCONCLUSIVE"], verdict_of(found))
    return manifest.model_copy(update={"objections": found, "verdict": verdict})


def _evidence(context: Context, artifacts: Mapping[str, Artifact], folder: Path) -> None:
    """Keep what `srm verify` re-executes: the held-out problems and the candidate's greedy attempts at them."""
    folder.mkdir(exist_ok=True)
    final = Students(context, artifacts["train"]).final
    attempts = [
        attempt
        for attempt in read_records(artifacts["evaluate"].path / "attempts.jsonl", Attempt)
        if attempt.arm == final and attempt.sampling.temperature == 0
    ]
    wanted = {attempt.problem for attempt in attempts}
    posed = artifacts["pose"].path
    asked = {problem.id: problem for problem in read_records(posed / "problems.jsonl", Problem)}
    asked |= {item.problem.id: item.problem for item in read_records(posed / "items.jsonl", EvalItem)}
    write_records(folder / "problems.jsonl", [asked[number] for number in sorted(wanted)])
    write_records(folder / "attempts.jsonl", attempts)


def environment() -> dict[str, str]:
    """Return the versions and the machine that made a build; no part of any hash."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
