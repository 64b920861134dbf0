"""`srm mitigate`: build or ask again with each mitigation, audit it on the same probes, and keep what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from srm_core.config import BuildConfig
from srm_core.errors import ArtifactError, ConfigError
from srm_core.pipeline import STEPS, build, context_of, prepare, step_key
from srm_core.records import BuildManifest, Value
from srm_core.stages.context import Progress, silent
from srm_core.store import write_atomically
from srm_core.workspace import Run, Workspace

from .arms import Arm, Artifacts, asked_probes, built_arm, contrasted_arm, held_out, warned_arm
from .comparing import Mitigated, Point, measured, points

WARNING = "warning"  # no training: the student is told which influence to resist
CONTRAST = "contrast"  # no training: its tokens are weighed against those of itself when told to give in
BEFORE = "as it is"
CAVEATS = (
    "None of these is a solution: each shows a change on these probes and problems, and what came with it.",
    "Counterfactual rows are worded like the audit's twins (the same openings, groups and names, other problems), so a "
    "smaller finding may be a smaller bias or a familiar wording. Wordings that were not trained on are not measured.",
    "A change whose interval holds 0 is not shown to be one. Several mitigations on the same probes are several tries.",
)


class Proof(Value):
    """Everything that `srm mitigate` measured on one run."""

    run: str
    pack: str
    probes: int
    problems: int  # held out, answered by every student
    points: tuple[Point, ...]  # of the student as it is first
    mitigated: tuple[Mitigated, ...]
    caveats: tuple[str, ...] = CAVEATS


def prove(
    place: Run, workspace: Workspace, ways: Sequence[str], *, share: float | None = None, progress: Progress = silent
) -> Proof:
    """Return what each of ``ways`` changes about a finished run's student, kept in the run's ``mitigation.json``.

    ``warning`` and ``contrast`` ask the same student anew. Any other is a mitigation of the stage train: a second
    build, called RUN-NAME, with the run's settings and that one added; ``share`` is its ``train.mitigation_share``.

    Raises:
        ArtifactError: the run is not finished, has no audit, or would be built otherwise today.
        ConfigError: a mitigation is unknown, or the run has it already.
    """
    manifest = place.manifest()
    config = BuildConfig.model_validate(manifest.settings)
    if again := [name for name in ways if name in config.train.mitigations]:
        raise ConfigError(
            f"run {place.name!r} was trained with the mitigation {again[0]} already; take a run without it"
        )
    plans = {name: _with(config, name, share) for name in ways if name not in (WARNING, CONTRAST)}
    for changed in plans.values():
        prepare(changed, None)  # an unknown name is refused before anything is asked or built
    context, artifacts = context_of(place, workspace)
    context = context if progress is silent else type(context)(context.host, context.config, context.cache, progress)
    _require_same_today(place, manifest, config, workspace)
    probes, problems = asked_probes(artifacts["audit"]), held_out(artifacts)
    if not probes:
        raise ArtifactError(f"run {place.name!r} has no audited twins or suggestions, so nothing can be compared")
    kinds = {kind.name: kind for kind in context.host.pack().kinds}
    before = built_arm(BEFORE, context, artifacts)
    found, shown = [], points(before, probes, problems, kinds)
    for name in ways:
        run = f"{place.name}-{name}" if name in plans else place.name
        if name == WARNING:
            after = warned_arm(name, context, artifacts, before, place.path / "mitigation")
        elif name == CONTRAST:
            after = contrasted_arm(name, context, artifacts, before)
        else:
            build(plans[name], workspace, run=run, progress=progress)
            after = _trained_arm(name, workspace.run(run), workspace, artifacts)
        policy = config.audit
        found.append(measured(name, run, before, after, probes=probes, problems=problems, kinds=kinds, policy=policy))
        shown += points(after, probes, problems, kinds)
    proof = Proof(
        run=place.name,
        pack=manifest.pack.title,
        probes=len(probes),
        problems=len(before.right),
        points=tuple(shown),
        mitigated=tuple(found),
    )
    write_atomically(proof_file(place), proof.model_dump_json(indent=1) + "\n")
    return proof


def proof_file(place: Run) -> Path:
    """Return where a run's proof lies."""
    return place.path / "mitigation.json"


def _with(config: BuildConfig, name: str, share: float | None) -> BuildConfig:
    train = config.train.model_dump() | {"mitigations": (*config.train.mitigations, name)}
    if share is not None:
        train["mitigation_share"] = share
    return BuildConfig.model_validate({**config.model_dump(), "train": train})


def _trained_arm(name: str, run: Run, workspace: Workspace, before: Artifacts) -> Arm:
    context, artifacts = context_of(run, workspace)
    if {p.id for p in asked_probes(artifacts["audit"])} != {p.id for p in asked_probes(before["audit"])}:
        raise ArtifactError(f"run {run.name!r} was audited on other probes; build both runs again")
    return built_arm(name, context, artifacts)


def _require_same_today(place: Run, manifest: BuildManifest, config: BuildConfig, workspace: Workspace) -> None:
    """Refuse a run that today's code or corpus would build otherwise: the mitigation would not be all that differs."""
    context = prepare(config, None)
    built = {record.stage: record.key for record in manifest.stages}
    keys: dict[str, str] = {}
    for step in STEPS:
        keys[step.name] = step_key(step, context, workspace, keys)
        if step.name in built and keys[step.name] != built[step.name]:
            raise ArtifactError(
                f"run {place.name!r} would come out otherwise today from stage {step.name} on (its code, settings or "
                f"corpus changed), so more than the mitigation would differ; build it again first"
            )
