"""Let the released weights answer a random sample again: of the evaluation, and of the audit."""

from __future__ import annotations

import random
from pathlib import Path

from ..config import BuildConfig
from ..host import Host
from ..inference.asking import STOP, Asker
from ..inference.local import TransformersModel, open_checkpoint
from ..models.load import checked
from ..records import Attempt, AuditItem, BuildManifest, Probe, Problem, Sampling, Weights
from ..store import read_records

NATS = 0.02  # a log-probability that moved by more than this is another one; batches differ by rounding


def evaluated_again(folder: Path, manifest: BuildManifest, sample: int) -> tuple[bool, str]:
    """Return whether ``sample`` random held-out items get the same verdicts again, and what was seen.

    Raises:
        SrmError: the folder holds no merged weights, or the pack is not installed.
    """
    problems = {p.id: p for p in read_records(folder / "evidence" / "problems.jsonl", Problem)}
    attempts = list(read_records(folder / "evidence" / "attempts.jsonl", Attempt))
    chosen = random.SystemRandom().sample(attempts, min(sample, len(attempts)))
    model = _opened(folder, "float32")
    host = Host(manifest.pack.name)
    same = texts = 0
    for attempt in chosen:
        problem = problems[attempt.problem].model_copy(update={"evidence": attempt.evidence})
        asker = Asker(model, system=manifest.pack.system_prompt, sampling=attempt.sampling)
        said = asker.answer([problem])[0]
        texts += said.text == attempt.completion.text
        same += host.verify(problem, said.text, attempt.evidence).correct == attempt.verdict.correct
    shown = f"{same} of {len(chosen)} verdicts and {texts} of {len(chosen)} texts come out the same"
    return bool(chosen) and same == len(chosen), shown


def audited_again(folder: Path, manifest: BuildManifest, sample: int) -> tuple[bool, str]:
    """Return whether ``sample`` random audit items of the student come out the same, and what was seen.

    Asked with the audit's own settings (weights, tokens, seed); a log-probability may move by `NATS` nats. A candidate
    that was not audited has nothing to ask: whether that may be released is the gate's affair.

    Raises:
        SrmError: the folder holds no merged weights, or the pack is not installed.
    """
    items = list(read_records(folder / "evidence" / "audit.jsonl", AuditItem))
    if not items:
        return True, "no audit item to execute again: the candidate was not audited"
    wordings = {
        (probe.id, variant.name): variant.problem
        for probe in read_records(folder / "evidence" / "probes.jsonl", Probe)
        for variant in probe.variants
    }
    policy = BuildConfig.model_validate(manifest.settings).audit
    sampling = Sampling(max_tokens=policy.max_tokens, seed=manifest.seed, stop=STOP)
    asker = Asker(_opened(folder, policy.weights), system=manifest.pack.system_prompt, sampling=sampling)
    host = Host(manifest.pack.name)
    chosen = random.SystemRandom().sample(items, min(sample, len(items)))
    verdicts = likely = scored = 0
    for item in chosen:
        problem = wordings[item.probe, item.variant]
        verdicts += _verdict(asker, host, problem, item)
        if item.logprob is not None:
            scored += 1
            again = asker.gold_logprobs([problem])
            likely += again is not None and abs(again[0] - item.logprob) <= NATS
    shown = f"{verdicts} of {len(chosen)} verdicts come out the same"
    shown += f", {likely} of {scored} log-probabilities within {NATS} nats" if scored else ""
    return verdicts == len(chosen) and likely == scored, shown


def _verdict(asker: Asker, host: Host, problem: Problem, item: AuditItem) -> bool:
    if not item.completion.text and not item.completion.tokens:  # scored by likelihood alone: nothing was written
        return True
    said = asker.answer([problem])[0]
    return host.verify(problem, said.text, problem.evidence).correct == item.verdict.correct


def _opened(folder: Path, weights: Weights) -> TransformersModel:
    checkpoint = checked(f"dir:{folder / 'merged'}", folder / "merged")
    return open_checkpoint(checkpoint, weights=weights, within=folder / "adapter")
