"""`build`: eight stages, each run only if its inputs, settings or code changed; and the plan of it beforehand."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .config import BuildConfig, load_config
from .distillation.solver import REF as SOLVER
from .errors import ArtifactError, ConfigError
from .host import Host, code_digest
from .preflight import check_settings, is_light
from .records import BuildManifest
from .sandbox.shared import allow_unsafe
from .stages.context import Context, Progress, silent
from .stages.selection import SELF
from .store import Artifact, Result, check_files, hashes, sha256, write_atomically
from .workspace import Run, Workspace, cache_dir

log = logging.getLogger(__name__)
Settings = Callable[[BuildConfig], dict[str, Any]]
Artifacts = Mapping[str, Artifact]


@dataclass(frozen=True)
class Step:
    """One stage: what it reads of the settings, which artifacts it needs, whose code decides its result.

    Settings and code of the stages before it count through the names of their artifacts.
    """

    name: str
    settings: Settings
    needs: tuple[str, ...]
    hooks: tuple[str, ...]
    modules: tuple[str, ...]


def _corpus(config: BuildConfig) -> dict[str, Any]:
    return {"pack": config.pack, "seed": config.seed, "own": config.own, **config.ingest.model_dump(mode="json")}


def _asking(config: BuildConfig) -> dict[str, Any]:
    """Return what decides the answers of a teacher that is a model; worked solutions depend on none of it."""
    teacher = config.distill.teacher
    if teacher == SOLVER:
        return {}
    asked = config.base if teacher == SELF else teacher
    return {"asked": _model(asked), "seed": config.seed, "threads": config.threads, "shots": config.evaluate.shots}


def _model(ref: str) -> dict[str, str]:
    """Return what names a model: its reference and, where that is a folder or file of the user's, every file's hash."""
    scheme, colon, rest = ref.partition(":")
    root = Path(rest if colon else ref)
    if scheme not in ("dir", "recorded") and colon:
        return {"ref": ref}
    files = [root] if root.is_file() else sorted(path for path in root.glob("*") if path.is_file())
    return {"ref": ref, **{path.name: sha256(path) for path in files}}


STEPS = (
    Step("ingest", _corpus, (), ("srm_documents", "srm_clean", "srm_evals"), ("srm_core.stages.ingest",)),
    Step(
        "ground",
        lambda c: {**_corpus(c), **c.ground.model_dump(mode="json", exclude={"enabled"})},
        ("ingest",),
        ("srm_triples", "srm_open_knowledge"),
        ("srm_core.stages.ground", "srm_core.splitting", "srm_core.composing", "srm_core.formulas"),
    ),
    Step(
        "pose",
        lambda c: {
            **_corpus(c),
            "effort": c.effort,
            "enabled": c.ground.enabled,
            "suites": c.evaluate.suites,
            **c.pose.model_dump(mode="json"),
        },
        ("ground",),
        ("srm_problems", "srm_verify", "srm_evals", "srm_open_knowledge"),
        ("srm_core.stages.pose", "srm_core.traces", "srm_core.verify", "srm_core.calculator", "srm_core.sandbox"),
    ),
    Step(
        "distill",
        lambda c: {**_asking(c), **c.distill.model_dump(mode="json")},
        ("pose", "ground"),
        ("srm_distill", "srm_verify", "srm_load_model", "srm_describe_pack"),
        (
            "srm_core.stages.distill",
            "srm_core.stages.selection",
            "srm_core.distillation",
            "srm_core.prompts",
            "srm_core.inference",
            "srm_core.models",
        ),
    ),
    Step(
        "train",
        lambda c: {
            "base": _model(c.base),
            "seed": c.seed,
            "threads": c.threads,
            "per_kind": c.distill.per_kind,
            **c.train.model_dump(mode="json", exclude={"seed"}),
            **({"gkd_teacher": _model(c.train.gkd_teacher)} if c.train.gkd_teacher else {}),
        },
        ("distill", "pose", "ground"),
        ("srm_train", "srm_verify", "srm_rewards", "srm_describe_pack"),
        (
            "srm_core.stages.train",
            "srm_core.stages.carrying",
            "srm_core.stages.lengths",
            "srm_core.stages.mitigation",
            "srm_core.stages.passages",
            "srm_core.stages.reuse",
            "srm_core.general",
            "srm_core.training",
            "srm_core.verifying",
        ),
    ),
    Step(
        "evaluate",
        lambda c: {"seed": c.seed, "threads": c.threads, **c.evaluate.model_dump(mode="json")},
        ("train", "pose", "ground"),
        ("srm_verify", "srm_second_opinion", "srm_evidence", "srm_load_model", "srm_describe_pack"),
        (
            "srm_core.stages.evaluate",
            "srm_core.stages.general",
            "srm_core.general",
            "srm_core.stages.lengths",
            "srm_core.stages.students",
            "srm_core.reports.general",
            "srm_core.reports.intervals",
            "srm_core.reports.leak",
            "srm_core.reports.scoring",
        ),
    ),
    Step(
        "audit",
        lambda c: {
            "seed": c.seed,
            "threads": c.threads,
            "shots": c.evaluate.shots,
            "batch": c.evaluate.batch,
            **c.audit.model_dump(mode="json"),
        },
        ("train", "pose"),
        ("srm_probes", "srm_findings", "srm_verify", "srm_load_model", "srm_describe_pack"),
        (
            "srm_core.stages.audit",
            "srm_core.stages.lengths",
            "srm_core.stages.students",
            "srm_core.probing",
            "srm_core.reports.intervals",
        ),
    ),
    Step(
        "release",
        lambda c: {"effort": c.effort, **c.release.model_dump(mode="json")},
        ("ingest", "ground", "pose", "distill", "train", "evaluate", "audit"),
        ("srm_objections", "srm_sections", "srm_export", "srm_describe_pack"),
        ("srm_core.stages.release", "srm_core.reports", "srm_core.exporting", "srm_core.reauditing"),
    ),
)
STAGES = tuple(step.name for step in STEPS)


def build(
    config: BuildConfig,
    workspace: Workspace,
    *,
    host: Host | None = None,
    until: str | None = None,
    run: str | None = None,
    progress: Progress = silent,
) -> BuildManifest | None:
    """Run every stage whose inputs, settings or code changed; return the manifest, or None if stopped by ``until``.

    Raises:
        SrmError: a setting, a plugin, a model or a stage failed; what was finished stays.
    """
    context = prepare(config, host, progress)
    with workspace.lock():
        place = workspace.open_run(run or f"{config.pack}-{config.effort}")
        write_atomically(place.path / "settings.json", config.model_dump_json(indent=1))
        if is_light(config.distill.teacher, context.host) and _asks_teacher(context, workspace, until):
            context.host.load_model(config.distill.teacher)
        artifacts: dict[str, Artifact] = {}
        for step in STEPS:
            artifacts[step.name] = run_step(step, context, workspace, artifacts)
            if step.name == until:
                return None
        return publish(place, artifacts["release"])


def _asks_teacher(context: Context, workspace: Workspace, until: str | None) -> bool:
    """Say whether the build reaches the stage distill and does not have it yet."""
    keys: dict[str, str] = {}
    for step in STEPS:
        keys[step.name] = step_key(step, context, workspace, keys)
        if step.name == "distill":
            return workspace.store.find(step.name, keys[step.name]) is None
        if step.name == until:
            return False
    return False


def prepare(config: BuildConfig, host: Host | None, progress: Progress = silent) -> Context:
    """Return the context of a build after the checks that cost nothing.

    Raises:
        PluginError: a plugin is broken (a missing auditor or reward would change the result).
        ConfigError: a setting of the pack's own, a method, an arm or a kind is unknown.
        ModelError: the base or the teacher cannot be what it is asked to be.
    """
    allow_unsafe(config.unsafe_code)
    host = host or Host(config.pack)
    host.require_whole()
    host.settings(config.for_pack(kinds=(), cache=cache_dir()))
    check_settings(config, host)
    return Context(host=host, config=config, cache=cache_dir(), progress=progress)


def run_step(step: Step, context: Context, workspace: Workspace, artifacts: Artifacts) -> Artifact:
    """Return the step's artifact, made if it is new, and log one line about it."""
    inputs = {name: artifacts[name].key for name in step.needs}
    work = partial(_work, step, context, artifacts)
    artifact, kept = workspace.store.run(
        step.name, work, settings=_settings(step, context), inputs=inputs, code=_code(step, context)
    )
    counts = ", ".join(f"{name} {count:,}" for name, count in list(artifact.record.counts.items())[:6])
    took = "kept" if kept else f"{artifact.record.seconds:.0f} s"
    log.info("%s: %s (%s) %s", step.name, counts, took, artifact.key[:8])
    return artifact


def step_key(step: Step, context: Context, workspace: Workspace, keys: Mapping[str, str]) -> str:
    """Return the name the step's artifact has or would have; nothing is run."""
    inputs = {name: keys[name] for name in step.needs}
    return workspace.store.key(step.name, _settings(step, context), inputs, _code(step, context))


def rerun(
    place: Run, workspace: Workspace, *, assignments: Sequence[str] = (), progress: Progress = silent
) -> BuildManifest:
    """Build ``place`` again with its own settings, changed by ``assignments``; what is unchanged is kept.

    `srm evaluate` and `srm audit` are this with the settings of their stage changed.
    """
    config = settings_of(place)
    changed = load_config(
        pack=config.pack, effort=config.effort, assignments=assignments, below=config.model_dump(mode="json")
    )
    manifest = build(changed, workspace, run=place.name, progress=progress)
    assert manifest is not None
    return manifest


def settings_of(place: Run) -> BuildConfig:
    """Return the settings a run was built with."""
    try:
        return BuildConfig.model_validate_json((place.path / "settings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"the settings of run {place.name!r} cannot be read ({error}); build it again") from None


def context_of(place: Run, workspace: Workspace) -> tuple[Context, dict[str, Artifact]]:
    """Return the context of a finished run and its artifacts, as the manifest tells them.

    A later build of the same name that has not finished changes nothing here, nor does a corpus that has moved.

    Raises:
        ArtifactError: an artifact of the run is gone, or one of its files was changed.
    """
    manifest = place.manifest()
    config = BuildConfig.model_validate(manifest.settings)
    allow_unsafe(config.unsafe_code)
    host = Host(config.pack)
    host.require_whole()
    artifacts = {}
    for record in manifest.stages:
        found = workspace.store.find(record.stage, record.key)
        if found is None:
            raise ArtifactError(f"run {place.name!r} lacks its {record.stage} artifact {record.key}; build it again")
        require_unchanged(found)
        artifacts[record.stage] = found
    return Context(host=host, config=config, cache=cache_dir()), artifacts


def require_unchanged(artifact: Artifact) -> None:
    """Raise `ArtifactError` if a file of ``artifact`` is not the one that was published."""
    if changed := check_files(artifact):
        raise ArtifactError(
            f"{artifact.path / changed[0]} is not what stage {artifact.record.stage} wrote; "
            f"delete {artifact.path} and build again"
        )


def publish(place: Run, released: Artifact) -> BuildManifest:
    """Point the run at its candidate and copy the manifest and the report beside it."""
    candidate = released.path / "candidate"
    link = place.path / "candidate"
    scratch = place.path / ".candidate"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(os.path.relpath(candidate, place.path))
    os.replace(scratch, link)
    for name in ("report.html", "manifest.json"):  # the manifest last: it says the build is finished
        write_atomically(place.path / name, (candidate / name).read_text(encoding="utf-8"))
    return place.manifest()


def _settings(step: Step, context: Context) -> dict[str, Any]:
    settings = step.settings(context.config)
    if step.name == "ingest":
        from .stages.ingest import fingerprint

        settings["files"] = fingerprint(context)
    if step.name == "pose":
        settings["kinds"] = list(context.kinds())
    if step.name == "audit" and context.config.audit.suites:
        settings["suite_files"] = {name: _files_of(place) for name, place in context.config.audit.suites.items()}
    if context.config.unsafe_code:
        settings["unsafe_code"] = True
    return settings


def _files_of(place: str) -> dict[str, str]:
    root = Path(place).expanduser()
    return hashes(root) if root.is_dir() else {root.name: sha256(root)} if root.is_file() else {}


def _code(step: Step, context: Context) -> str:
    mitigated = step.name == "train" and bool(context.config.train.mitigations)  # else their code decides nothing
    hooks = (*step.hooks, "srm_mitigate") if mitigated else step.hooks
    return f"{code_digest(step.modules)}-{context.host.plugins_digest(hooks)}"


def _work(step: Step, context: Context, artifacts: Artifacts, out: Path) -> Result:  # noqa: PLR0911
    """Run one stage on unchanged inputs; torch and its friends are imported here and not before."""
    for name in step.needs:
        require_unchanged(artifacts[name])
    if context.config.threads and step.name in ("distill", "train", "evaluate", "audit"):
        from .inference.threads import use_threads

        use_threads(context.config.threads)
    match step.name:
        case "ingest":
            from .stages.ingest import ingest

            return ingest(context, out)
        case "ground":
            from .stages.ground import ground

            return ground(context, out, corpus=artifacts["ingest"])
        case "pose":
            from .stages.pose import pose

            return pose(context, out, knowledge=artifacts["ground"])
        case "distill":
            from .stages.distill import distill

            return distill(context, out, problems=artifacts["pose"], knowledge=artifacts["ground"])
        case "train":
            from .stages.train import train

            accepted, posed = artifacts["distill"], artifacts["pose"]
            return train(context, out, attempts=accepted, problems=posed, knowledge=artifacts["ground"])
        case "evaluate":
            from .stages.evaluate import evaluate

            trained, posed = artifacts["train"], artifacts["pose"]
            return evaluate(context, out, student=trained, problems=posed, knowledge=artifacts["ground"])
        case "audit":
            from .stages.audit import audit

            return audit(context, out, student=artifacts["train"], problems=artifacts["pose"])
    from .stages.release import release

    return release(context, out, artifacts=artifacts)
