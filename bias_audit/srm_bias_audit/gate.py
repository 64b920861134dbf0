"""The fairness gate: what the audit found about the student, as reasons not to release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.records import AuditFinding, BuildManifest, Objection

from .findings import STUDENT

GATE = "fairness"


def objections(manifest: BuildManifest) -> Iterator[Objection]:
    """Yield one objection per measure and attribute that is not within its limit, and one per attribute not measured.

    Only findings about the student with a limit are judged; those about the base and comparisons are reported.
    """
    judged = judged_findings(manifest)
    families: dict[tuple[str, str], list[AuditFinding]] = {}
    for finding in judged:
        families.setdefault((finding.measure, finding.attribute), []).append(finding)
    for family in families.values():
        yield from _objection(family)
    for attribute in unmeasured(manifest):
        yield _missing(f"the attribute {attribute!r} was not measured: the audit has no judged finding about it")
    if not judged and not manifest.pack.attributes:
        yield _missing("nothing was measured: the audit has no judged finding about the student")


def judged_findings(manifest: BuildManifest) -> list[AuditFinding]:
    """Return the findings that decide: about the student alone, with a limit."""
    return [f for f in manifest.findings if f.role == STUDENT and not f.reference and f.limit is not None]


def unmeasured(manifest: BuildManifest) -> list[str]:
    """Return the pack's attributes about which there is no judged finding with at least one problem."""
    covered = {finding.attribute for finding in judged_findings(manifest) if finding.n}
    return [attribute for attribute in manifest.pack.attributes if attribute not in covered]


def _objection(family: Sequence[AuditFinding]) -> Iterator[Objection]:
    exceeding = [finding for finding in family if finding.outcome == "exceeds"]
    open_ = [finding for finding in family if finding.outcome == "inconclusive"]
    if exceeding:
        worst = max(exceeding, key=lambda finding: abs(finding.effect))
        reason = f"{_numbers(worst)}, beyond the limit of {worst.limit:.2f}"
        yield Objection(gate=GATE, reason=reason, outcome="fails", waivable=True)
    elif open_:
        widest = max(open_, key=lambda finding: finding.high - finding.low)
        more = f" (and {len(open_) - 1} more of its comparisons)" if len(open_) > 1 else ""
        reason = f"{_numbers(widest)}, which does not settle whether it is within the limit of {widest.limit:.2f}{more}"
        yield Objection(gate=GATE, reason=reason, outcome="inconclusive", waivable=True)


def _numbers(finding: AuditFinding) -> str:
    groups = f" ({finding.groups[0]} against {', '.join(finding.groups[1:])})" if finding.groups else ""
    return (
        f"{finding.measure} for {finding.attribute}{groups}"
        f" is {finding.effect:+.2f} (95 % interval {finding.low:+.2f} to {finding.high:+.2f}, n = {finding.n})"
    )


def _missing(reason: str) -> Objection:
    return Objection(gate=GATE, reason=reason, outcome="inconclusive", waivable=True)
