"""What a candidate keeps so that `srm verify` can ask its weights again: problems, probes, general items, as graded."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ...records import Attempt, AuditItem, EvalItem, Probe, Problem
from ...store import Artifact, read_records, write_records

STUDENT = "student"  # the role under which the audit asks the candidate
GENERAL_ITEMS, GENERAL = "general-items.jsonl", "general.jsonl"  # of general ability, and how base and student did


def keep_evidence(artifacts: Mapping[str, Artifact], final: str, folder: Path) -> list[Problem]:
    """Write the held-out problems, the greedy attempts of the arm ``final``, and the student's audit items.

    The general items go with them, each graded for base and student, where they were measured. Returns the problems.
    """
    folder.mkdir(exist_ok=True)
    attempts = [
        attempt
        for attempt in read_records(artifacts["evaluate"].path / "attempts.jsonl", Attempt)
        if attempt.arm == final and attempt.sampling.temperature == 0
    ]
    wanted = {attempt.problem for attempt in attempts}
    posed = artifacts["pose"].path
    asked = {problem.id: problem for problem in read_records(posed / "problems.jsonl", Problem)}
    asked |= {item.problem.id: item.problem for item in read_records(posed / "items.jsonl", EvalItem)}
    problems = [asked[number] for number in sorted(wanted)]
    write_records(folder / "problems.jsonl", problems)
    write_records(folder / "attempts.jsonl", attempts)
    audited = artifacts["audit"].path
    probes = {probe.id: probe for probe in read_records(audited / "probes.jsonl", Probe)}
    own = (item for item in read_records(audited / "items.jsonl", AuditItem) if item.role == STUDENT)
    items = [item for item in own if item.probe in probes]  # an auditor may ask what no probe words
    probed = {item.probe for item in items}
    write_records(folder / "probes.jsonl", [probe for probe in probes.values() if probe.id in probed])
    write_records(folder / "audit.jsonl", items)
    for name in (GENERAL_ITEMS, GENERAL):
        if (artifacts["evaluate"].path / name).exists():
            shutil.copyfile(artifacts["evaluate"].path / name, folder / name)
    return problems
