"""From arms or runs to a comparison: build what is not built yet, then read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..config import BuildConfig
from ..errors import ArtifactError, ConfigError
from ..pipeline import STEPS, build, context_of, prepare, require_unchanged, settings_of, step_key
from ..records import Problem
from ..stages.context import Context, Progress, silent
from ..stages.selection import asked_problems
from ..store import Artifact, read_records
from ..workspace import Workspace
from .arms import checked_name
from .comparison import Comparison, comparison_of, keep
from .differences import require_same_problems
from .measured import Measured, measure

LAST = "evaluate"


def compare_arms(
    name: str, arms: Mapping[str, BuildConfig], workspace: Workspace, *, progress: Progress = silent
) -> Comparison:
    """Build every arm up to its evaluation, as run ``NAME-ARM``, and compare them; the result is kept as ``NAME``.

    All problems are posed before anything is trained. Stages that arms share are in the store once. A comparison that
    was killed goes on when it is asked for again, because builds do.

    Raises:
        ConfigError: the arms would be asked different held-out problems, or a setting is refused.
        SrmError: a stage of an arm failed; what was finished stays.
    """
    checked_name(name)
    contexts = {arm: prepare(config, None, progress) for arm, config in arms.items()}
    for until in ("pose", LAST):
        for arm, config in arms.items():
            progress(f"{arm}: up to {until}", 0, 0)
            build(config, workspace, until=until, run=f"{name}-{arm}", progress=progress)
        if until == "pose":
            require_same_problems({arm: _held_out(context, workspace) for arm, context in contexts.items()})
    measured = [
        measure(arm, f"{name}-{arm}", context, _artifacts(arm, context, workspace, LAST))
        for arm, context in contexts.items()
    ]
    return _kept(name, measured, workspace)


def compare_runs(name: str, runs: Sequence[str], workspace: Workspace) -> Comparison:
    """Compare runs that are evaluated already; the result is kept as ``name``.

    Raises:
        ConfigError: fewer than two runs, one named twice, or runs that were asked different held-out problems.
        ArtifactError: there is no such run, or it is not evaluated yet.
    """
    checked_name(name)
    if len(runs) < 2:
        raise ConfigError(f"a comparison needs at least two runs, and only {', '.join(runs) or 'none'} is named")
    if twice := [run for run in runs if runs.count(run) > 1]:
        raise ConfigError(f"run {twice[0]!r} is named twice; name each once")
    return _kept(name, [_measured_run(run, workspace) for run in runs], workspace)


def _kept(name: str, measured: Sequence[Measured], workspace: Workspace) -> Comparison:
    comparison = comparison_of(name, measured)
    keep(comparison, workspace)
    return comparison


def _measured_run(name: str, workspace: Workspace) -> Measured:
    place = workspace.run(name)
    if (place.path / "manifest.json").exists():
        context, artifacts = context_of(place, workspace)
    else:  # an arm of another comparison: it was built up to its evaluation
        context = prepare(settings_of(place), None)
        artifacts = _artifacts(name, context, workspace, LAST)
    return measure(name, name, context, artifacts)


def _artifacts(name: str, context: Context, workspace: Workspace, until: str) -> dict[str, Artifact]:
    """Return the artifacts that a build with these settings has made, up to the stage ``until``."""
    keys: dict[str, str] = {}
    found: dict[str, Artifact] = {}
    for step in STEPS:
        keys[step.name] = step_key(step, context, workspace, keys)
        artifact = workspace.store.find(step.name, keys[step.name])
        if artifact is None:
            raise ArtifactError(f"run {name!r} has not finished its stage {step.name}; build it, then compare it")
        require_unchanged(artifact)
        found[step.name] = artifact
        if step.name == until:
            break
    return found


def _held_out(context: Context, workspace: Workspace) -> list[str]:
    """Return the ids of the problems that the evaluation of a build will ask."""
    posed = _artifacts(context.config.pack, context, workspace, "pose")["pose"]
    problems = list(read_records(posed.path / "problems.jsonl", Problem))
    return [problem.id for problem in asked_problems(problems, context.config, context.host.pack())]
