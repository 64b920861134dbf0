# mypy: disable-error-code="empty-body"
"""Every hook of the SDK. A noun collects from all plugins; a verb takes the first answer.

An implementation may leave out arguments it does not need, so adding an argument here breaks no plugin.
Hooks are called by the host alone, plugin by plugin, and every answer is checked against its type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click
import pluggy

from .config import AuditPolicy, GroundConfig, IngestConfig, PackConfig, TrainConfig
from .protocols import Knowledge, Model, Respondent, Verify
from .records import (
    Attempt,
    AuditFinding,
    AuditItem,
    BuildManifest,
    Document,
    EvalItem,
    Evidence,
    Objection,
    Pack,
    PlannedAudit,
    Probe,
    Problem,
    Remark,
    Reward,
    Sampling,
    Section,
    Trace,
    Triple,
    Verdict,
)

hookspec = pluggy.HookspecMarker("srm")
first = hookspec(firstresult=True)


@first
def srm_describe_pack() -> Pack:
    """Return who the pack is; its name must equal its entry point's. Called when the pack is loaded."""


@hookspec
def srm_documents(config: PackConfig) -> Iterable[Document]:
    """Yield the texts of the corpus, each with its licence. Called by the stage ``ingest``."""


@hookspec
def srm_clean(
    documents: Iterable[Document], evaluation: Mapping[str, str], config: IngestConfig
) -> Iterable[Document | Remark]:
    """Yield each document as it is or changed, or a remark that takes it out; further remarks are kept as notes.

    Called by the stage ``ingest``, one plugin after the other: what one keeps, the next is given. ``documents`` is a
    stream to be read once and to its end. ``evaluation`` holds the texts of held-out suites by the item's id.
    """


@hookspec
def srm_triples(config: PackConfig) -> Iterable[Triple]:
    """Yield the facts of the graph, each with its licence. Called by the stage ``ground``."""


@first
def srm_open_knowledge(folder: Path, config: GroundConfig | None) -> Knowledge | None:
    """Open (or make) the knowledge base in ``folder``, or None to leave it to another plugin.

    Called by ``ground`` to fill it, with its settings, and by later stages to read it, with None.
    """


@hookspec
def srm_evidence(problem: Problem, knowledge: Knowledge) -> Iterable[Evidence]:
    """Yield what supports an answer to ``problem``, without looking at its gold. Called by ``evaluate`` and ``ask``."""


@hookspec
def srm_problems(knowledge: Knowledge, config: PackConfig) -> Iterable[Problem]:
    """Yield problems with executable keys, in an order fixed by ``config.seed``. Called by the stage ``pose``.

    At most ``config.per_kind`` problems of each kind in ``config.kinds`` (empty: all kinds).
    """


@first
def srm_verify(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Verdict | None:
    """Say whether ``trace.answer`` answers ``problem``; None leaves it to another plugin.

    Called for filtering, rewards, evaluation and the gold check. ``trace.answer`` is never None here.
    """


@hookspec
def srm_second_opinion(problem: Problem, trace: Trace, evidence: Sequence[Evidence]) -> Iterable[Verdict]:
    """Yield the verdict of a grader that shares no code with ``srm_verify``. Called by the stage ``evaluate``."""


@hookspec
def srm_rewards(problem: Problem, trace: Trace, evidence: Sequence[Evidence], verdict: Verdict) -> Iterable[Reward]:
    """Yield named terms of the reward. Called during reinforcement learning; weights come from the settings."""


@first
def srm_load_model(ref: str) -> Model | None:
    """Open the model behind ``ref`` (``scheme:rest``), or None if the scheme is not yours."""


@first
def srm_distill(
    problems: Sequence[Problem],
    evidence: Mapping[str, Sequence[Evidence]],
    teacher: Model,
    sampling: Sampling,
    system: str,
    shots: Sequence[Problem],
) -> Iterable[Attempt] | None:
    """Yield attempts of ``teacher`` at ``problems``; the stage verifies them. Called by ``distill``, per kind.

    ``evidence`` (by problem id) is what each prompt shows; ``shots`` are training problems with worked solutions.
    """


@first
def srm_train(method: str, base: Path, data: Path, config: TrainConfig, out: Path) -> Mapping[str, float] | None:
    """Train ``base`` by ``method`` into ``out`` (adapter and log), or None if the method is not yours.

    ``data`` holds what the method declares: training rows, problems, pairs. Called by ``train`` once a method.
    """


@first
def srm_mitigate(
    mitigation: str, problems: Sequence[Problem], pack: Pack | None, seed: int
) -> Iterable[Problem] | None:
    """Yield further training problems that a mitigation of bias makes of ``problems``, or None if it is not yours.

    ``problems`` are of the training split, with an accepted answer as ``solution``. So is each that is yielded, and its
    first parent is the one it was made of; what belongs together stands together. Called by ``train``, with every name
    in ``train.mitigations``; the verifier judges every solution.
    """


@hookspec
def srm_evals(config: PackConfig) -> Iterable[EvalItem]:
    """Yield items of further suites (published benchmarks); the held-out split is always evaluated."""


@hookspec
def srm_probes(problems: Sequence[Problem], config: PackConfig, pack: Pack | None) -> Iterable[Probe]:
    """Yield audit probes made from held-out ``problems`` of ``pack``. Called by the stage ``audit``."""


@hookspec
def srm_findings(
    probes: Sequence[Probe], models: Mapping[str, Respondent], verify: Verify, policy: AuditPolicy
) -> Iterable[AuditItem | AuditFinding]:
    """Ask the probes of each model, by role ("base", "student", "student-int8"); yield every item, then the findings.

    Called by ``audit``. Its models also take plain conversations (`srm_core.protocols.Direct`).
    """


@hookspec
def srm_audit_plan(
    probes: Sequence[Probe], verify: Verify, policy: AuditPolicy, pilot: Sequence[AuditItem]
) -> Iterable[PlannedAudit]:
    """Yield what `srm_findings` would ask and could find, without a model. Called by ``srm audit --plan``.

    ``pilot`` are items of the student from an earlier audit of the run, perhaps none.
    """


@hookspec
def srm_objections(manifest: BuildManifest) -> Iterable[Objection]:
    """Yield reasons not to release. Called by the stage ``release``, before its verdict."""


@hookspec
def srm_sections(manifest: BuildManifest) -> Iterable[Section]:
    """Yield sections of the model card. Called by the stage ``release``."""


@first
def srm_export(student: Path, target: str, out: Path) -> Path | None:
    """Write ``student`` (adapter beside merged weights) as ``target``, or None if the target is not yours."""


@hookspec
def srm_commands(cli: click.Group) -> None:
    """Add commands to ``cli``. Called for plugins (not packs) when the command line starts."""
