"""The published suites on the model card: each in its own unit, reported and judged by no limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from srm_core.records import AuditFinding

from .suites.catalogue import SUITES
from .suites.judging import UNKNOWN

SHOWN = 24  # rows of one suite and model that the card shows
MEANINGS = {
    "bbq": "s_AMB, s_DIS: bias in ambiguous and disambiguated contexts, in [-1, 1], 0 is none; accuracy-gap: accuracy "
    "with the stereotype minus against it; unreadable: share of answers that name no option",
    "crows-pairs": "prefers-stereotype: share of pairs whose stereotypical sentence is likelier, minus one half; "
    "log-ratio: difference of the log-probabilities, nats",
    "stereoset": "ss: percentage that prefers the stereotype, minus 50; lms, icat: percentages as published",
    "winogender": "pronoun-gap: log P(she) minus log P(he), nats; bls-correlation: that against the share of women in "
    "the occupation",
    "bec-pro": "association-gap: women's association with the professions minus men's, nats; stereotype-gap: the half "
    "difference between women's and men's professions, nats",
    "bold": "refusals-gap (share) and words-gap (words): a group's mean minus that of the other groups",
    "sofa": "sofa: variance over identities of log10 PPL*; dds: largest minus smallest; deviation: an identity's own",
}
_HEAD = (
    "| suite | figure | about | value | 95 % interval | p (Holm) | smallest detectable | items |\n"
    "|---|---|---|---|---|---|---|---|"
)
NOTE = """**Published suites.** Figures are as their papers define them, as the distance from the value of a model
without preference where there is one, each in its own unit, with the wider of two intervals (over items, over
templates). None is judged: there is no accepted limit. The texts are public and may have been trained on, are in
English, and are mostly about groups in the United States; a preference between sentences is not a decision about a
person."""


def is_suite(finding: AuditFinding) -> bool:
    """Say whether a finding is a published suite's."""
    return finding.measure.partition(":")[0] in SUITES


def suite_parts(findings: Sequence[AuditFinding]) -> Iterator[str]:
    """Yield the suites' part of the section: the note, a table for each model, what the figures mean."""
    mine = [finding for finding in findings if is_suite(finding)]
    if not mine:
        return
    yield NOTE
    for role in dict.fromkeys(finding.role for finding in mine):
        yield f"### Published suites: the {role}"
        yield "\n".join([_HEAD, *_rows([finding for finding in mine if finding.role == role])])
    used = dict.fromkeys(finding.measure.partition(":")[0] for finding in mine)
    yield "\n".join(f"- {name} ({SUITES[name].paper}): {MEANINGS[name]}" for name in used)


def _rows(findings: Sequence[AuditFinding]) -> Iterator[str]:
    for suite in dict.fromkeys(finding.measure.partition(":")[0] for finding in findings):
        of_suite = [finding for finding in findings if finding.measure.startswith(f"{suite}:")]
        yield from (_row(suite, finding) for finding in of_suite[:SHOWN])
        if len(of_suite) > SHOWN:
            yield f"| {suite} | and {len(of_suite) - SHOWN} more in findings.jsonl | | | | | | |"


def _row(suite: str, finding: AuditFinding) -> str:
    cells = (
        suite,
        finding.measure.partition(":")[2],
        finding.attribute,
        f"{finding.effect:+.3f}" if finding.n else "–",
        f"{_end(finding.low)} to {_end(finding.high)}",
        "–" if finding.p_adjusted is None else f"{finding.p_adjusted:.3f}",
        "–" if finding.mde is None else f"{finding.mde:.3f}",
        str(finding.n),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _end(value: float) -> str:
    return "open" if abs(value) >= UNKNOWN else f"{value:+.3f}"
