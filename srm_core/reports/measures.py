"""Gates on what measured the student, and on the files themselves: verifiers, second grader, weights, tokenizer."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import ReleaseConfig
from ..records import BuildManifest, Objection, Score

VERIFIERS, GRADERS, WEIGHTS, TOKENS = "verifiers", "graders", "weights", "tokens"


def verifier_quality(manifest: BuildManifest, policy: ReleaseConfig) -> Iterator[Objection]:
    """Object to a verifier that accepts near misses of a kind, or was tried on too few of them to tell.

    The rate decides a failure, the upper 95 % limit a pass: 0 of 300 near misses settle a limit of 1 %.
    """
    graded = {s.kind for s in manifest.scores if s.suite == "held-out" and not s.baseline}
    for kind in (kind.name for kind in manifest.pack.kinds if kind.name in graded):
        found = manifest.verifiers.get(kind)
        if not found or not found["n"]:
            yield _unclear(VERIFIERS, f"the verifier of {kind} was not tried on near misses")
            continue
        shown = f"{found['count']:.0f} of {found['n']:.0f} near misses of {kind} were accepted"
        if found["value"] > policy.max_false_accepts:
            yield Objection(gate=VERIFIERS, reason=f"{shown}; allowed are {100 * policy.max_false_accepts:g} %")
        elif found["limit"] > policy.max_false_accepts:
            high = f"{100 * found['limit']:.2f} %, above {100 * policy.max_false_accepts:g} %"
            yield _unclear(VERIFIERS, f"{shown}: the upper 95 % limit is {high}")


def grader_disagreement(manifest: BuildManifest, policy: ReleaseConfig, agreement: Score | None) -> Iterator[Objection]:
    """Object where the second grader disagrees with the verdicts on the candidate too often, or was never asked."""
    graded = {s.kind for s in manifest.scores if s.suite == "held-out" and not s.baseline}
    double = [kind.name for kind in manifest.pack.kinds if kind.second_grader and kind.name in graded]
    if agreement is None:
        if double:
            yield _unclear(GRADERS, f"the second grader of {', '.join(double)} gave no verdict")
        return
    low, value, high = 1 - agreement.high, 1 - agreement.value, 1 - agreement.low
    rate = f"{100 * value:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    shown = f"the second grader disagrees on {rate} of {agreement.n} answers"
    limit = f"{100 * policy.max_disagreement:g} %"
    least = 1 - policy.max_disagreement
    if agreement.high < least:
        yield Objection(gate=GRADERS, reason=f"{shown}; allowed are {limit}")
    elif agreement.low < least:
        yield _unclear(GRADERS, f"{shown}, which does not settle whether it is within {limit}")


def finite_weights(manifest: BuildManifest) -> Iterator[Objection]:
    """Object to a weight that is not finite, or to files that nobody read."""
    found = manifest.exported.get("weights")
    if not found or not found["tensors"]:
        yield _unclear(WEIGHTS, "the exported weights were not checked")
    elif found["not_finite"]:
        reason = (
            f"{found['not_finite']} of {found['tensors']} exported tensors hold NaN or infinity: {found['named'][0]}"
        )
        yield Objection(gate=WEIGHTS, reason=reason)


def same_tokens(manifest: BuildManifest) -> Iterator[Objection]:
    """Object to an exported tokenizer that gives other ids than the one that was trained with."""
    found = manifest.exported.get("tokens")
    if not found or not found["problems"]:
        yield _unclear(TOKENS, "the exported tokenizer was not compared with the one trained with")
    elif found["different"]:
        named = found["named"][0]
        reason = (
            f"the exported tokenizer gives other ids on {found['different']} of {found['problems']} problems: {named}"
        )
        yield Objection(gate=TOKENS, reason=reason)


def _unclear(gate: str, reason: str) -> Objection:
    return Objection(gate=gate, reason=reason, outcome="inconclusive", waivable=True)
