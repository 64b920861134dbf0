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
from .errors import ArtifactError, ConfigError, ModelError
from .host import Host, code_digest
from .records import BuildManifest
from .stages.context import Context, Progress, silent
from .store import Artifact, Result, write_atomically
from .workspace import Run, Workspace, cache_dir

log = logging.getLogger(__name__)
Settings = Callable[[BuildConfig], dict[str, Any]]
Artifacts = Mapping[str, Artifact]


@dataclass(frozen=True)
class Step:
    """One stage: what it reads of the settings, which artifacts it needs, whose code decides its result."""

    name: str
    settings: Settings
    needs: tuple[str, ...]
    hooks: tuple[str, ...]
    modules: tuple[str, ...]


def _corpus(config: BuildConfig) -> dict[str, Any]:
    return {"pack": config.pack, "seed": config.seed, "own": config.own, **config.ingest.model_dump(mode="json")}


STEPS = (
    Step("ingest", _corpus, (), ("srm_documents",), ("srm_core.stages.ingest",)),
    Step(
        "ground",
        lambda c: {**_corpus(c), "chunk_chars": c.ground.chunk_chars, "max_passages": c.ground.max_passages},
        ("ingest",),
        ("srm_triples", "srm_open_knowledge"),
        ("srm_core.stages.ground", "srm_core.splitting"),
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
        ("srm_core.stages.pose", "srm_core.traces", "srm_core.verify", "srm_core.inference.calculator"),
    ),
    Step(
        "distill",
        lambda c: {
            "base": c.base if c.distill.teacher == "self:" else "",
            "seed": c.seed,
            "shots": c.evaluate.shots,
            **c.distill.model_dump(mode="json"),
        },
        ("pose", "ground"),
        ("srm_distill", "srm_verify", "srm_load_model", "srm_describe_pack"),
        ("srm_core.stages.distill", "srm_core.distillation", "srm_core.prompts", "srm_core.inference"),
    ),
    Step(
        "train",
        lambda c: {
            "base": c.base,
            "seed": c.seed,
            "threads": c.threads,
            "per_kind": c.distill.per_kind,
            **c.train.model_dump(mode="json", exclude={"seed"}),
        },
        ("distill", "pose"),
        ("srm_train", "srm_verify", "srm_rewards", "srm_describe_pack"),
        ("srm_core.stages.train", "srm_core.training", "srm_core.inference", "srm_core.models", "srm_core.prompts"),
    ),
    Step(
        "evaluate",
        lambda c: {"base": c.base, "seed": c.seed, "threads": c.threads, **c.evaluate.model_dump(mode="json")},
        ("train", "pose", "ground"),
        ("srm_verify", "srm_second_opinion", "srm_evidence", "srm_load_model", "srm_describe_pack"),
        ("srm_core.stages.evaluate", "srm_core.inference", "srm_core.models", "srm_core.reports.scoring"),
    ),
    Step(
        "audit",
        lambda c: {"base": c.base, "seed": c.seed, "shots": c.evaluate.shots, **c.audit.model_dump(mode="json")},
        ("train", "pose"),
        ("srm_probes", "srm_findings", "srm_verify", "srm_load_model", "srm_describe_pack"),
        ("srm_core.stages.audit", "srm_core.inference", "srm_core.models"),
    ),
    Step(
        "release",
        lambda c: {"effort": c.effort, "base": c.base, **c.release.model_dump(mode="json")},
        ("ingest", "ground", "pose", "distill", "train", "evaluate", "audit"),
        ("srm_objections", "srm_sections", "srm_export", "srm_describe_pack"),
        ("srm_core.stages.release", "srm_core.reports", "srm_core.training.lora"),
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
        artifacts: dict[str, Artifact] = {}
        for step in STEPS:
            artifacts[step.name] = run_step(step, context, workspace, artifacts)
            if step.name == until:
                return None
        return publish(place, artifacts["release"])


def prepare(config: BuildConfig, host: Host | None, progress: Progress = silent) -> Context:
    """Return the context of a build after the checks that cost nothing.

    Raises:
        PluginError: a plugin is broken (a missing auditor or reward would change the result).
        ConfigError: a setting of the pack's own, a method or a kind is unknown.
    """
    host = host or Host(config.pack)
    host.require_whole()
    context = Context(host=host, config=config, cache=cache_dir(), progress=progress)
    _check_kinds(context)
    host.settings(config.for_pack(kinds=(), cache=cache_dir()))
    _check_corpus(config)
    if ":" in config.base and config.base.split(":")[0] not in ("embedded", "dir", "hf", "tiny"):
        raise ModelError(
            f"--base {config.base}: a base is trained, so it is embedded:, dir:, hf: or tiny:, not this scheme"
        )
    if config.threads and config.threads != int(os.environ.get("OMP_NUM_THREADS", "0")):
        os.environ["OMP_NUM_THREADS"] = str(config.threads)
    return context


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
    """Return the context of a finished run and its artifacts, found by the manifest's keys.

    Raises:
        ArtifactError: an artifact of the run is gone.
    """
    manifest = place.manifest()
    context = prepare(settings_of(place), None)
    artifacts = {}
    for record in manifest.stages:
        found = workspace.store.find(record.stage, record.key)
        if found is None:
            raise ArtifactError(f"run {place.name!r} lacks its {record.stage} artifact {record.key}; build it again")
        artifacts[record.stage] = found
    return context, artifacts


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
    return settings


def _code(step: Step, context: Context) -> str:
    return f"{code_digest(step.modules)}-{context.host.plugins_digest(step.hooks)}"


def _work(step: Step, context: Context, artifacts: Artifacts, out: Path) -> Result:  # noqa: PLR0911
    """Run one stage; torch and its friends are imported here and not before."""
    if context.config.threads and step.name in ("distill", "train", "evaluate", "audit"):
        import torch

        torch.set_num_threads(context.config.threads)
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

            return train(context, out, attempts=artifacts["distill"], problems=artifacts["pose"])
        case "evaluate":
            from .stages.evaluate import evaluate

            trained, posed = artifacts["train"], artifacts["pose"]
            return evaluate(context, out, student=trained, problems=posed, knowledge=artifacts["ground"])
        case "audit":
            from .stages.audit import audit

            return audit(context, out, student=artifacts["train"], problems=artifacts["pose"])
    from .stages.release import release

    return release(context, out, artifacts=artifacts)


def _check_kinds(context: Context) -> None:
    from .config import hint

    known = [kind.name for kind in context.host.pack().kinds]
    for name in context.config.pose.kinds:
        if name not in known:
            raise ConfigError(f"pose.kinds: pack {context.config.pack!r} has no kind {name!r}.{hint(name, known)}")


def _check_corpus(config: BuildConfig) -> None:
    for corpus in config.ingest.corpus:
        if not corpus.licence:
            raise ConfigError(
                f"the corpus {corpus.path} has no licence statement; add --licence SPDX-ID, or proprietary"
            )
        if not Path(corpus.path).exists():
            raise ConfigError(f"the corpus {corpus.path} does not exist")
