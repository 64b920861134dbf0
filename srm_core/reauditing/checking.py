"""`srm export`: ask the exported weights what the judged ones were asked, and say whether the judgement covers them."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config import BuildConfig
from ..host import Host
from ..inference.asking import STOP
from ..inference.local import TransformersModel, open_checkpoint
from ..inference.threads import use_threads
from ..models.load import checked
from ..publishing.exporting import source_of
from ..records import AuditItem, BuildManifest, Probe, Problem, Sampling
from ..reports.waivers import outcome
from ..sandbox.shared import allow_unsafe
from ..stages.context import Progress, silent
from ..stages.selection import held_out_problems
from ..store import hashes, read_records, sha256, write_atomically
from ..workspace import Run
from .asking import answered_as, audited, drift, held_out, measured
from .opening import open_exported, readable
from .report import JSON, TEXT, Answers, Drift, ExportReport, FindingChange, lines, objections
from .respondents import Reasked, Recorded

NO_CHECK = "the check was left out by whoever exported it (--no-check)"
BEGUN = "the check was begun and has not finished"


@dataclass(frozen=True)
class _Evidence:
    """What the judged weights were asked, as their folder keeps it."""

    manifest: BuildManifest
    config: BuildConfig
    host: Host
    problems: Sequence[Problem]  # held out, some of each kind
    probes: Sequence[Probe]
    kept: Recorded


@dataclass(frozen=True)
class _Found:
    drift: Drift | None
    answers: tuple[Answers, ...]
    findings: tuple[FindingChange, ...]


def recheck(
    place: Run, target: str, written: Path, *, skip: bool = False, progress: Progress = silent
) -> tuple[ExportReport, Path]:
    """Ask the export in ``written`` again; return the report and the file it is kept in, in or beside ``written``.

    Held-out problems, some of each kind, are answered by the judged weights and by the exported ones, with the
    calculator and without; the audit's wordings by the exported ones, beside the student's kept answers. With
    ``skip``, or where the format cannot be read back, nothing is asked and the report says so: it is not covered then.

    Raises:
        SrmError: the pack is not whole, or weights cannot be opened.
    """
    source, released = source_of(place)
    manifest = BuildManifest.model_validate_json((source / "manifest.json").read_text(encoding="utf-8"))
    config = BuildConfig.model_validate(manifest.settings)
    left_out = NO_CHECK if skip else BEGUN
    report = ExportReport(
        run=place.name,
        target=target,
        files=_files(written),
        made_of="release" if released else "candidate",
        verdict=outcome(manifest),
        limit=config.release.max_export_change,
        skipped=left_out,
        reasons=(left_out,),
        reasons_without=(left_out,),
    )
    kept = _keep(report, written)  # a check that is killed leaves an export that says it is not covered
    if skip:
        return report, kept
    use_threads(config.threads)
    if not readable(written, target):
        unread = f"srm cannot read {target} back"
        report = report.model_copy(update={"skipped": unread, "reasons": (unread,), "reasons_without": (unread,)})
        return report, _keep(report, written)
    found = _asked(_evidence(source, manifest, config), source, written, target, progress)
    answers, findings, limit = found.answers, found.findings, report.limit
    report = report.model_copy(
        update={
            "skipped": "",
            "drift": found.drift,
            "answers": answers,
            "findings": findings,
            "reasons": tuple(objections(answers, findings, limit, calculator=True)),
            "reasons_without": tuple(objections(answers, findings, limit, calculator=False)),
        }
    )
    return report, _keep(report, written)


def _evidence(source: Path, manifest: BuildManifest, config: BuildConfig) -> _Evidence:
    allow_unsafe(config.unsafe_code)
    host = Host(config.pack)
    host.require_whole()
    folder = source / "evidence"
    problems = held_out_problems(list(read_records(folder / "problems.jsonl", Problem)), config.release.export_per_kind)
    probes = list(read_records(folder / "probes.jsonl", Probe))
    wordings = {(probe.id, variant.name): variant.problem.id for probe in probes for variant in probe.variants}
    items = read_records(folder / "audit.jsonl", AuditItem)
    kept = Recorded({wordings[item.probe, item.variant]: item for item in items})
    return _Evidence(manifest, config, host, problems, probes, kept)


def _asked(evidence: _Evidence, source: Path, written: Path, target: str, progress: Progress) -> _Found:
    config, host, problems = evidence.config, evidence.host, evidence.problems
    policy = config.audit.model_copy(update={"suites": {}})
    answers: list[Answers] = []
    findings: list[FindingChange] = []
    off: Drift | None = None

    def asked(model: TransformersModel, name: str, tokens: int, first: Reasked | None = None) -> Reasked:
        sampling = Sampling(max_tokens=tokens, seed=config.seed, stop=STOP, calculator=first is None)
        system, batch = evidence.manifest.pack.system_prompt, config.evaluate.batch
        return Reasked(model, system=system, sampling=sampling, batch=batch, name=name, progress=progress, first=first)

    judged = open_checkpoint(checked(f"dir:{source / 'merged'}", source / "merged"))
    before = (
        measured(judged, asked(judged, "judged weights", config.evaluate.max_tokens), problems, host)
        if problems
        else None
    )
    del judged  # two models would double the memory
    gc.collect()
    exported = open_exported(written, target, evidence.manifest.base)
    if before is not None:
        first = asked(exported, "held-out problems", config.evaluate.max_tokens)
        after = measured(exported, first, problems, host)
        bare = asked(exported, "held-out problems, no calculator", config.evaluate.max_tokens, first)
        found, compared = held_out(evidence.manifest.pack.name, problems, before, after, calculator=True)
        off = drift(compared)
        without = answered_as(after, bare, problems, host)
        answers += [found, held_out(evidence.manifest.pack.name, problems, before, without, calculator=False)[0]]
    if evidence.kept.items:
        first = asked(exported, "audit", policy.max_tokens)
        bare = asked(exported, "audit, no calculator", policy.max_tokens, first)
        compared_answers, findings = audited(host, evidence.probes, evidence.kept, first, bare, policy)
        answers += compared_answers
    return _Found(off, tuple(answers), tuple(findings))


def _files(written: Path) -> dict[str, str]:
    if written.is_dir():
        return {name: value for name, value in hashes(written).items() if name not in (JSON, TEXT)}
    return {written.name: sha256(written)}


def _keep(report: ExportReport, written: Path) -> Path:
    folder, stem = (written, "") if written.is_dir() else (written.parent, f"{written.name}.")
    write_atomically(folder / f"{stem}{TEXT}", "\n".join(lines(report)) + "\n")
    file = folder / f"{stem}{JSON}"
    write_atomically(file, report.model_dump_json(indent=1) + "\n")
    return file
