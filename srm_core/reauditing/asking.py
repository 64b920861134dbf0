"""Measure two sets of weights on the same held-out problems, and one on the audit's wordings beside what was kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch

from ..config import AuditPolicy
from ..host import Host
from ..inference.local import TransformersModel
from ..inference.paged import PagedEngine
from ..prompts import conversation
from ..protocols import Respondent
from ..records import AuditFinding, AuditItem, Completion, Probe, Problem
from ..reports.intervals import paired_interval, rate
from ..reports.precision import PROMPTS, Figure, Measured, QuantizationReport, compare, figure
from ..traces import parse_trace
from ..verify import fold
from .report import Answers, Drift, FindingChange
from .respondents import Reasked, Recorded

STUDENT, EXPORTED, BARE = "student", "student-exported", "student-exported-no-calculator"


def measured(model: TransformersModel, asked: Reasked, problems: Sequence[Problem], host: Host) -> Measured:
    """Return logits, log-probabilities of the worked solutions, and answers of ``model``; sizes and times are 0."""
    turns = [conversation(host.pack().system_prompt, problem, problem.evidence) for problem in problems]
    prompts = [model.encode(each) for each in turns[:PROMPTS]]
    if isinstance(model.engine, PagedEngine):
        logits = model.engine.logits(prompts)
    else:
        with torch.inference_mode():
            given = (torch.tensor([ids], device=model.model.device) for ids in prompts)
            logits = torch.stack([model.model(ids, use_cache=False).logits[0, -1].float().cpu() for ids in given])
    worked = [(each, problem.solution) for each, problem in zip(turns, problems, strict=True) if problem.solution]
    scored = model.score([each for each, _ in worked], [text for _, text in worked])
    logprobs = [value for row in scored for value in row]
    texts = [completion.text for completion in asked.answer(problems)]
    right = _right(texts, problems, host)
    return Measured(logits=logits, logprobs=logprobs, texts=texts, right=right, rate=0.0, size=0)


def answered_as(before: Measured, asked: Reasked, problems: Sequence[Problem], host: Host) -> Measured:
    """Return ``before`` with the answers of ``asked``: the same weights, decoded otherwise."""
    texts = [completion.text for completion in asked.answer(problems)]
    return Measured(before.logits, before.logprobs, texts, _right(texts, problems, host), rate=0.0, size=0)


def held_out(
    run: str, problems: Sequence[Problem], before: Measured, after: Measured, *, calculator: bool
) -> tuple[Answers, QuantizationReport]:
    """Return what changed on the held-out problems, and the report that it is taken from."""
    found = compare(run, "float32", problems, before, after)
    pairs = zip(problems, before.texts, before.right, after.texts, after.right, strict=True)
    changed = sum(a_right != b_right or not _same(a, b) for _, a, a_right, b, b_right in pairs)
    answers = Answers(
        what="held-out",
        calculator=calculator,
        changed=figure(rate(changed, len(problems))),
        before=found.before,
        after=found.after,
        difference=found.difference,
        kinds=found.kinds,
    )
    return answers, found


def drift(found: QuantizationReport) -> Drift:
    """Return how far logits and log-probabilities are off."""
    return Drift(
        logit_rms=found.logit_rms,
        logit_max=found.logit_max,
        logprob_mean=found.logprob_mean,
        logprob_max=found.logprob_max,
    )


def audited(
    host: Host, probes: Sequence[Probe], kept: Recorded, exported: Reasked, bare: Reasked, policy: AuditPolicy
) -> tuple[list[Answers], list[FindingChange]]:
    """Ask the audit's probes of the exported weights; return what changed in answers and in judged findings."""
    respondents: dict[str, Respondent] = {STUDENT: kept, EXPORTED: exported, BARE: bare}
    records = list(host.findings(probes, respondents, host.verify, policy))
    findings = [record for record in records if isinstance(record, AuditFinding)]
    wordings = {v.problem.id: v.problem for probe in probes for v in probe.variants}
    there = [wordings[number] for number in wordings if number in exported.said and number in kept.items]
    answers = []
    for asked, calculator in ((exported, True), (bare, False)):
        answers.append(_wordings(host, there, kept.items, asked.answer(there), calculator=calculator))
    return answers, list(_changes(findings))


def _wordings(
    host: Host,
    problems: Sequence[Problem],
    kept: Mapping[str, AuditItem],
    said: Sequence[Completion],
    *,
    calculator: bool,
) -> Answers:
    before = [kept[problem.id] for problem in problems]
    texts = [completion.text for completion in said]
    now = _right(texts, problems, host)
    was = [item.verdict.correct is True for item in before]
    pairs = zip(before, was, texts, now, strict=True)
    changed = sum(a != b or not _same(item.completion.text, text) for item, a, text, b in pairs)
    return Answers(
        what="audit",
        calculator=calculator,
        changed=figure(rate(changed, len(problems))),
        before=figure(rate(sum(was), len(was))),
        after=figure(rate(sum(now), len(now))),
        difference=figure(paired_interval([float(b) - float(a) for a, b in zip(was, now, strict=True)])),
    )


def _changes(findings: Sequence[AuditFinding]) -> Iterator[FindingChange]:
    own = {(_name(each), each.role): each for each in findings if not each.reference}
    paired = {(_name(each), each.role): each for each in findings if each.reference == STUDENT}
    for (name, role), after in own.items():
        before = own.get((name, STUDENT))
        if role == STUDENT or after.limit is None or before is None:
            continue
        change = paired.get((name, role))
        yield FindingChange(
            measure=after.measure,
            attribute=after.attribute,
            groups=after.groups,
            calculator=role == EXPORTED,
            before=_of(before),
            after=_of(after),
            change=None if change is None else _of(change),
            limit=after.limit,
            outcomes=(before.outcome, after.outcome),
        )


def _of(finding: AuditFinding) -> Figure:
    return Figure(value=finding.effect, low=finding.low, high=finding.high, n=finding.n)


def _name(finding: AuditFinding) -> tuple[str, str, tuple[str, ...]]:
    return finding.measure, finding.attribute, finding.groups


def _right(texts: Sequence[str], problems: Sequence[Problem], host: Host) -> list[bool]:
    verdicts = [host.verify(p, text, p.evidence) for p, text in zip(problems, texts, strict=True)]
    return [verdict.correct is True for verdict in verdicts]


def _same(one: str, other: str) -> bool:
    answers = [parse_trace(text).answer for text in (one, other)]
    return (answers[0] is None) == (answers[1] is None) and fold(answers[0] or "") == fold(answers[1] or "")
