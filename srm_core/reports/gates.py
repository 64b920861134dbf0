"""The core's gates: is the student better, is the test clean, are the sources licensed, can the graders be believed."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import AuditPolicy, ReleaseConfig
from ..records import BuildManifest, Objection, Score, Section
from .general import general_drop
from .leak import total_leaks
from .measures import finite_weights, grader_disagreement, same_tokens, verifier_quality
from .policy import loosened
from .scoring import ALL, BASES, find


def objections(manifest: BuildManifest) -> Iterator[Objection]:
    """Yield the core's reasons not to release, with the numbers they stand on."""
    policy = ReleaseConfig.model_validate(manifest.settings["release"])
    yield from _capability(manifest, policy)
    yield from general_drop(manifest, policy)
    yield from _contamination(manifest)
    yield from _licences(manifest, policy)
    yield from _graders(manifest, policy)
    yield from grader_disagreement(manifest, policy, disagreement(manifest))
    yield from verifier_quality(manifest, policy)
    yield from finite_weights(manifest)
    yield from same_tokens(manifest)
    yield from _precision(manifest)
    yield from loosened(manifest)
    if manifest.settings.get("unsafe_code"):
        reason = "code that a model wrote was run without a sandbox (--unsafe-code)"
        yield Objection(gate="sandbox", reason=reason, outcome="inconclusive", waivable=True)


def verdict_of(found: tuple[Objection, ...]) -> str:
    """Return FAIL if an objection fails, INCONCLUSIVE if one is inconclusive, else PASS."""
    outcomes = {objection.outcome for objection in found}
    return "FAIL" if "fails" in outcomes else "INCONCLUSIVE" if outcomes else "PASS"


def gain(manifest: BuildManifest) -> Score | None:
    """Return the candidate's paired gain over the best base arm, as mean over kinds, or None if not measured."""
    return next(
        (
            score
            for score in manifest.scores
            if score.suite == "held-out"
            and score.kind == ALL
            and score.decoding == "greedy"
            and score.baseline in BASES
        ),
        None,
    )


def leak_section(manifest: BuildManifest) -> Section:
    """Return the section on how training and test were kept apart."""
    leak = manifest.leak
    if not leak:
        return Section(title="Training and test data", body="Leaks were not measured.")
    rows = [f"| {name} | {level['leaks']} |" for name, level in leak["levels"].items()]
    unchecked = f"\n\nNot checked: {', '.join(leak['not_checked'])}." if leak["not_checked"] else ""
    body = (
        f"{leak['train']} training and {leak['test']} test problems, split by anchor "
        "(the entity an answer depends on); no training problem uses a fact that decides a test answer.\n\n"
        "| level | test items that leak |\n|---|---|\n" + "\n".join(rows) + unchecked
    )
    return Section(title="Training and test data", body=body)


def _capability(manifest: BuildManifest, policy: ReleaseConfig) -> Iterator[Objection]:
    score = gain(manifest)
    if score is None:
        yield Objection(gate="capability", reason="the gain over the base was not measured", outcome="inconclusive")
        return
    shown = f"{score.value:+.3f} [{score.low:+.3f}, {score.high:+.3f}] on {score.n} items against {score.baseline}"
    if score.high <= policy.min_gain:
        yield Objection(gate="capability", reason=f"the student is not better than its base: {shown}")
    elif score.low <= policy.min_gain:
        reason = f"the gain's interval does not clear {policy.min_gain}: {shown}"
        yield Objection(gate="capability", reason=reason, outcome="inconclusive")


def _contamination(manifest: BuildManifest) -> Iterator[Objection]:
    if not manifest.leak:
        yield Objection(gate="contamination", reason="leaks were not measured", outcome="inconclusive")
        return
    hard = total_leaks(manifest.leak, ("fact", "exact"))
    if hard:
        yield Objection(
            gate="contamination", reason=f"{hard} test items share a deciding fact or their text with training"
        )
    soft = total_leaks(manifest.leak, [name for name in manifest.leak["levels"] if name not in ("fact", "exact")])
    if soft:
        reason = f"{soft} test items share a run of text, or the meaning, with training problems; see `srm leak`"
        yield Objection(gate="contamination", reason=reason, outcome="inconclusive", waivable=True)


def _licences(manifest: BuildManifest, policy: ReleaseConfig) -> Iterator[Objection]:
    for source in manifest.sources:
        if source.licence.casefold().startswith(tuple(prefix.casefold() for prefix in policy.licences_refused)):
            reason = f"source {source.name} is under {source.licence}, which the policy refuses"
            yield Objection(gate="licences", reason=reason, waivable=True)


def _graders(manifest: BuildManifest, policy: ReleaseConfig) -> Iterator[Objection]:
    measured = {score.kind for score in manifest.scores if score.suite == "held-out"}
    single = [kind.name for kind in manifest.pack.kinds if not kind.second_grader and kind.name in measured]
    if single and policy.single_grader == "inconclusive":
        reason = f"kinds with a single grader: {', '.join(single)}"
        yield Objection(gate="graders", reason=reason, outcome="inconclusive", waivable=True)


def _precision(manifest: BuildManifest) -> Iterator[Objection]:
    audited = AuditPolicy.model_validate(manifest.settings["audit"]).weights
    if audited != "float32":
        reason = f"the student was audited with {audited} weights, and the release holds float32"
        yield Objection(gate="fairness", reason=reason, outcome="inconclusive", waivable=True)


def disagreement(manifest: BuildManifest) -> Score | None:
    """Return how often an independent second grader agreed with the verdicts on the candidate, or None.

    Where the gain was not measured, no arm is known to be the candidate's, and the first agreement is returned.
    """
    wanted = {"suite": "held-out", "metric": "second_grader_agreement", "decoding": "greedy"}
    best = gain(manifest)
    return find(manifest.scores, **wanted, **({"arm": best.arm} if best else {}))
