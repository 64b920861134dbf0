"""What an export was found to be: paired differences with n and 95 % intervals, and whether the judgement covers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ..records import Outcome, Value
from ..reports.precision import Figure

JSON, TEXT = "export.json", "EXPORT.md"
What = Literal["held-out", "audit"]
Made = Literal["release", "candidate"]
NOT_COVERED = "not covered by the audit"


class Answers(Value):
    """The exported weights beside the judged ones on the same items; accuracies and differences are rates.

    ``changed`` is the share of items whose verdict or final answer is another one. It bounds what accuracy, and any
    rate of the audit, can have moved by. Accuracy is the mean over kinds for held-out problems, over wordings for the
    audit; ``difference`` is after - before, paired by item.
    """

    what: What
    calculator: bool  # whether the exported weights answered with it; the judged ones did
    changed: Figure
    before: Figure
    after: Figure
    difference: Figure
    kinds: dict[str, tuple[Figure, Figure]] = {}  # before, after


class FindingChange(Value):
    """One judged finding of the audit, before and after; ``change`` is paired, None where an auditor compares none."""

    measure: str
    attribute: str
    groups: tuple[str, ...]
    calculator: bool
    before: Figure
    after: Figure
    change: Figure | None
    limit: float
    outcomes: tuple[Outcome, Outcome]


class Drift(Value):
    """How far the exported weights are off: logits as shares of their spread, log-probabilities in nats a token."""

    logit_rms: float
    logit_max: float
    logprob_mean: float
    logprob_max: float


class ExportReport(Value):
    """Everything that is known about one export. ``reasons`` say why it is not covered; none: it is."""

    run: str  # empty inside a build
    target: str
    files: dict[str, str]  # path -> sha256
    made_of: Made
    verdict: str  # the gate's, on what it was made of
    limit: float  # release.max_export_change
    skipped: str = ""  # why nothing was asked, if nothing was
    checked: tuple[str, ...] = ()  # by what the file was checked when it was written
    not_checked: tuple[str, ...] = ()  # what nobody tried on the machine that wrote it
    drift: Drift | None = None
    answers: tuple[Answers, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    reasons: tuple[str, ...]  # with srm's calculator
    reasons_without: tuple[str, ...]  # without it, as other engines run the file

    @property
    def covered(self) -> bool:
        """Whether what was judged holds for the file, run with the calculator."""
        return not self.reasons

    @property
    def covered_without(self) -> bool:
        """Whether it holds for the file run by an engine that has no calculator."""
        return not self.reasons_without

    def mark(self, *, calculator: bool) -> str:
        """Return the mark in words."""
        if not (self.covered if calculator else self.covered_without):
            return NOT_COVERED
        return f"covered by the {self.made_of}'s verdict ({self.verdict or 'none'})"


def objections(
    answers: Sequence[Answers], findings: Sequence[FindingChange], limit: float, *, calculator: bool
) -> Iterator[str]:
    """Yield why the judgement does not cover weights that answered so.

    It does if held-out problems and the audit's wordings were both asked, of each the upper end of the share that
    changed is at most ``limit``, and no judged finding exceeds its limit that did not before.
    """
    for what in ("held-out", "audit"):
        mine = next((each for each in answers if (each.what, each.calculator) == (what, calculator)), None)
        if mine is None or not mine.changed.n:
            yield f"no {what} answer of the judged weights is there to compare with"
        elif mine.changed.high > limit:
            yield (
                f"{share(mine.changed)} of the {what} answers changed, "
                f"which does not stay within {100 * limit:g} % (release.max_export_change)"
            )
    for each in findings:
        if each.calculator is calculator and each.outcomes[1] == "exceeds" != each.outcomes[0]:
            yield f"{each.measure} of {each.attribute} exceeds its limit of {each.limit:g}, and did not before"


def lines(report: ExportReport) -> Iterator[str]:
    """Yield the report as Markdown."""
    yield f"# {report.run or 'The candidate'} as {report.target}: the exported weights asked again\n"
    of = f"of run {report.run}" if report.run else "that it lies in"
    yield f"Made of the {report.made_of} {of}, whose gate says {report.verdict or 'nothing'}.\n"
    for calculator, reasons in ((True, report.reasons), (False, report.reasons_without)):
        yield f"- **{_run_with(calculator)}: {report.mark(calculator=calculator)}**"
        yield from (f"  - {reason}" for reason in reasons)
    yield from (f"- checked: {each}" for each in report.checked)
    yield from (f"- not checked: {each}" for each in report.not_checked)
    if report.skipped:
        yield f"\nNothing was asked: {report.skipped}."
        return
    if report.drift is not None:
        yield (
            f"\nLogits are off by {report.drift.logit_rms:.4f} (root mean square) and {report.drift.logit_max:.3f} "
            f"(most) of their spread, log-probabilities of worked solutions by {report.drift.logprob_mean:.4f} (mean) "
            f"and {report.drift.logprob_max:.3f} nats a token (most)."
        )
    yield "\n| asked | run | answers changed | accuracy before | after | paired difference |\n|---|---|---|---|---|---|"
    for each in report.answers:
        row = (each.what, _run_with(each.calculator), *map(share, (each.changed, each.before, each.after)))
        yield f"| {' | '.join(row)} | {share(each.difference, sign=True)} |"
        for kind, (before, after) in each.kinds.items():
            yield f"| {each.what}: {kind} | {_run_with(each.calculator)} | | {share(before)} | {share(after)} | |"
    if report.findings:
        yield "\n| finding | run | before | after | paired difference | limit | judged |\n|---|---|---|---|---|---|---|"
    for found in report.findings:
        name = f"{found.measure} of {found.attribute} ({' / '.join(found.groups)})".replace("|", "\\|")
        change = "" if found.change is None else share(found.change, sign=True)
        ends = f"{share(found.before, sign=True)} | {share(found.after, sign=True)} | {change}"
        yield f"| {name} | {_run_with(found.calculator)} | {ends} | {found.limit:g} | {' → '.join(found.outcomes)} |"
    yield "\nBrackets are 95 % intervals. Rates are in percent, differences in points."


def share(figure: Figure, *, sign: bool = False) -> str:
    """Return a rate in percent, or a difference in points, with its interval and n."""
    form = "+.1f" if sign else ".1f"
    low, high = format(100 * figure.low, form), format(100 * figure.high, form)
    return f"{format(100 * figure.value, form)}{'' if sign else ' %'} [{low}, {high}] n {figure.n}"


def _run_with(calculator: bool) -> str:
    return "with srm's calculator" if calculator else "without a calculator"
