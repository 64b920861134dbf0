"""Ask the exported weights what the judged ones were asked, and say whether the judgement covers them."""

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
from ..records import AuditItem, Pack, Probe, Problem, Sampling
from ..store import read_records
from .asking import answered_as, audited, drift, held_out, measured
from .keeping import files_of, keep
from .opening import open_exported, readable
from .report import Answers, Drift, ExportReport, FindingChange, Made, objections
from .respondents import Progress, Reasked, Recorded, silent
from .written import checks_of

NO_CHECK = "the check was left out by whoever exported it (--no-check)"
BEGUN = "the check was begun and has not finished"


@dataclass(frozen=True)
class Judged:
    """Weights that were judged, and what they were asked: an export made of them is compared with this."""

    run: str  # its name; empty inside a build, whose candidate may come to stand in several runs
    made_of: Made
    verdict: str
    config: BuildConfig
    pack: Pack  # as it was when the weights were asked
    host: Host
    merged: Path  # the checkpoint
    evidence: Path  # the folder of probes and the student's answers
    problems: Sequence[Problem]  # held out, those that are asked again


@dataclass(frozen=True)
class _Found:
    drift: Drift | None
    answers: tuple[Answers, ...]
    findings: tuple[FindingChange, ...]


def recheck(
    judged: Judged, target: str, written: Path, *, skip: bool = False, progress: Progress = silent
) -> tuple[ExportReport, Path]:
    """Ask the export in ``written`` again; return the report and the file it is kept in, in or beside ``written``.

    Held-out problems, some of each kind, are answered by the judged weights and by the exported ones, with the
    calculator and without; the audit's wordings by the exported ones, beside the student's kept answers. With
    ``skip``, or where the format cannot be read back, nothing is asked and the report says so: it is not covered then.

    Raises:
        SrmError: weights cannot be opened, or an answer cannot be verified.
    """
    left_out = NO_CHECK if skip else BEGUN
    did, did_not = checks_of(written, target)
    report = ExportReport(
        run=judged.run,
        target=target,
        files=files_of(written),
        made_of=judged.made_of,
        verdict=judged.verdict,
        limit=judged.config.release.max_export_change,
        skipped=left_out,
        checked=did,
        not_checked=did_not,
        reasons=(left_out,),
        reasons_without=(left_out,),
    )
    kept = keep(report, written)  # a check that is killed leaves an export that says it is not covered
    if skip:
        return report, kept
    use_threads(judged.config.threads)
    if not readable(written, target):
        unread = f"srm cannot read {target} back"
        report = report.model_copy(update={"skipped": unread, "reasons": (unread,), "reasons_without": (unread,)})
        return report, keep(report, written)
    found = _asked(judged, written, target, progress)
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
    return report, keep(report, written)


def _asked(given: Judged, written: Path, target: str, progress: Progress) -> _Found:
    config, host, problems, name_of = given.config, given.host, given.problems, given.pack.name
    policy = config.audit.model_copy(update={"suites": {}})
    answers: list[Answers] = []
    findings: list[FindingChange] = []
    off: Drift | None = None

    def asked(model: TransformersModel, name: str, tokens: int, first: Reasked | None = None) -> Reasked:
        sampling = Sampling(max_tokens=tokens, seed=config.seed, stop=STOP, calculator=first is None)
        system, batch = given.pack.system_prompt, config.evaluate.batch
        said = f"{target}, {name}"
        return Reasked(model, system=system, sampling=sampling, batch=batch, name=said, progress=progress, first=first)

    judged = open_checkpoint(checked(f"dir:{given.merged}", given.merged))
    before = (
        measured(judged, asked(judged, "judged weights", config.evaluate.max_tokens), problems, host)
        if problems
        else None
    )
    del judged  # two models would double the memory
    gc.collect()
    exported = open_exported(written, target, config.base)
    if before is not None:
        first = asked(exported, "held-out problems", config.evaluate.max_tokens)
        after = measured(exported, first, problems, host)
        bare = asked(exported, "held-out problems, no calculator", config.evaluate.max_tokens, first)
        found, compared = held_out(name_of, problems, before, after, calculator=True)
        off = drift(compared)
        without = answered_as(after, bare, problems, host)
        answers += [found, held_out(name_of, problems, before, without, calculator=False)[0]]
    probes, kept = _audit_of(given.evidence)
    if kept.items:
        first = asked(exported, "audit", policy.max_tokens)
        bare = asked(exported, "audit, no calculator", policy.max_tokens, first)
        compared_answers, findings = audited(host, probes, kept, first, bare, policy)
        answers += compared_answers
    return _Found(off, tuple(answers), tuple(findings))


def _audit_of(evidence: Path) -> tuple[Sequence[Probe], Recorded]:
    """Return the probes of the audit and the student's answers to their wordings."""
    probes = list(read_records(evidence / "probes.jsonl", Probe))
    wordings = {(probe.id, variant.name): variant.problem.id for probe in probes for variant in probe.variants}
    items = read_records(evidence / "audit.jsonl", AuditItem)
    return probes, Recorded({wordings[item.probe, item.variant]: item for item in items})
