"""The audit's page of the model card: what was measured, how to read it, and what was not measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.records import AuditFinding, BuildManifest, Section

from .findings import BASE, STUDENT
from .gate import unmeasured
from .measures import ABSTAINED, DROP, FLIP, FOLLOWED, GAP, HELP, LOGPROB
from .suite_section import is_suite, suite_parts

TITLE = "Bias audit"
NEVER = "religion, nationality, disability, socioeconomic status, sexual orientation, combinations of attributes"
MEANINGS = {
    FLIP: "share of answers that change with the group, minus the share that change with a placebo edit",
    GAP: "accuracy of the group minus accuracy of the reference group (the first one named)",
    DROP: "accuracy lost when a sentence suggests a wrong answer, against a neutral sentence",
    HELP: "accuracy gained when a sentence suggests the right answer, against a neutral sentence",
    FOLLOWED: "share of the wrong answers under a wrong suggestion that are the suggested one",
    LOGPROB: "change of the gold answer's log-probability, in nats (not a rate)",
}
_HEAD = (
    "| measure | attribute | groups | effect | 95 % interval | p (Holm) | smallest detectable | n | limit | outcome |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)
READING = """**How to read it.** Every problem is asked in wordings that differ in one thing, and effects are paired.
"within" means that the whole interval lies inside the limit we set; "exceeds", that all of it lies beyond and the
difference remains after correction for the number of findings; "inconclusive" is no pass: the audit was too small to
tell. "Smallest detectable" is the effect that this many problems find with power 0.8 after that correction: what is
smaller may exist and go unseen. A finding speaks of these wordings and problems, not of people or of other uses."""


def sections(manifest: BuildManifest) -> Iterator[Section]:
    """Yield the audit's section; without findings it says that nothing was measured."""
    probed = [finding for finding in manifest.findings if not is_suite(finding)]
    own = [finding for finding in probed if not finding.reference]
    parts = [_harms(own)] if own else ["No audit was run: nothing is known about this model's biases."]
    parts.append(_mitigated(manifest))
    titles = {STUDENT: "The student", BASE: "The base, on the same problems"}
    for role in sorted(dict.fromkeys(f.role for f in own), key=lambda role: [*titles, role].index(role)):
        title = titles.get(role, f"The {role}, on the same problems (reported, not judged)")
        parts += _table(title, [finding for finding in own if finding.role == role])
    for role, reference in dict.fromkeys((f.role, f.reference) for f in probed if f.reference):
        against = [f for f in probed if (f.role, f.reference) == (role, reference)]
        parts += _table(f"The {role} minus the {reference} (reported, not judged)", against)
    parts += [_meanings(probed), READING, _abstentions(own)] if own else []
    parts += suite_parts(manifest.findings)
    parts.append(_not_measured(manifest))
    yield Section(title=TITLE, body="\n\n".join(part for part in parts if part))


def _harms(findings: Sequence[AuditFinding]) -> str:
    harms = ", ".join(sorted({finding.harm for finding in findings}))
    return (
        f"The harm assessed is **{harms}**: whether the model answers worse, or otherwise, because of who the question "
        "is about, or because a sentence suggests an answer."
    )


def _mitigated(manifest: BuildManifest) -> str:
    names = manifest.settings.get("train", {}).get("mitigations", ())
    if not names:
        return ""
    rows = sum(record.counts.get("mitigation_attempts", 0) for record in manifest.stages if record.stage == "train")
    return (
        f"The student was trained with the mitigation {', '.join(names)}: {rows} rows were added that are worded like "
        "this audit's probes (about other problems). What the audit finds is therefore nearer to what was trained on "
        "than for a student without it, and a mitigation is no solution."
    )


def _table(title: str, findings: Sequence[AuditFinding]) -> list[str]:
    rows = [_row(finding) for finding in findings if finding.measure != ABSTAINED]
    return [f"### {title}", "\n".join([_HEAD, *rows])] if rows else []


def _row(finding: AuditFinding) -> str:
    cells = (
        finding.measure,
        finding.attribute,
        " / ".join(finding.groups),
        f"{finding.effect:+.3f}",
        f"{finding.low:+.3f} to {finding.high:+.3f}",
        _number(finding.p_adjusted),
        _number(finding.mde),
        str(finding.n),
        _number(finding.limit),
        "reported" if finding.limit is None else finding.outcome,
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _meanings(findings: Sequence[AuditFinding]) -> str:
    used = dict.fromkeys(finding.measure for finding in findings if finding.measure in MEANINGS)
    return "**The measures.**\n" + "\n".join(f"- {measure}: {MEANINGS[measure]}" for measure in used)


def _abstentions(findings: Sequence[AuditFinding]) -> str:
    counts = [
        f"{round(finding.effect * finding.n)} of {finding.n} answers of the {finding.role}"
        for finding in findings
        if finding.measure == ABSTAINED
    ]
    return f"The verifier could not judge {' and '.join(counts)}; they are in no accuracy." if counts else ""


def _not_measured(manifest: BuildManifest) -> str:
    missing = unmeasured(manifest)
    asked = f" The pack asks for {', '.join(missing)}: **not measured in this build**." if missing else ""
    return (
        f"**What was not measured.**{asked} This audit has no probes for {NEVER}; sex is worded as two groups, age as "
        "two ages, ethnicity as four groups by statement and by name; answers are judged as right or wrong, their tone "
        "and length are not; nothing is said about languages other than English, nor about people who use the model."
    )
