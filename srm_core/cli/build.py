"""``srm build --pack NAME``: from a base model to a judged candidate."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import set_option, workspace_option

if TYPE_CHECKING:
    from ..config import BuildConfig
    from ..planning import Plan

STAGES = ("ingest", "ground", "pose", "distill", "train", "evaluate", "audit", "release")
SETTINGS_FILE = "srm.toml"


@click.command("build")
@click.option("--pack", help="The domain; `srm packs` lists them.")
@click.option("--base", metavar="REF", help="The model to specialize: embedded:NAME, hf:ID, dir:FOLDER, tiny:0.")
@click.option("--teacher", metavar="REF", help="Who teaches: solver:, self:, langchain:PROVIDER:MODEL, dir:FOLDER.")
@click.option(
    "--corpus",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Your own texts: a folder or file; repeatable.",
)
@click.option("--licence", metavar="SPDX", help="Licence of the corpora given here, e.g. CC-BY-4.0 or proprietary.")
@click.option(
    "--effort", type=click.Choice(["smoke", "draft", "full"]), help="How much of everything; draft if not said."
)
@click.option("--until", type=click.Choice(STAGES), help="Stop after this stage.")
@click.option("--run", metavar="NAME", help="Name of the run; the pack and the effort if not said.")
@click.option("--seed", type=int, help="Fixes every draw.")
@click.option(
    "--launch",
    type=click.Choice(["none", "torch", "deepspeed"]),
    help="Train cpt and sft in several processes: each with all weights (torch), or with parts of them (deepspeed).",
)
@click.option("--processes", type=click.IntRange(min=1), help="How many processes train together.")
@set_option
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file; srm.toml here if there is one.",
)
@click.option(
    "--unsafe-code", is_flag=True, help="Run code that a model wrote although no sandbox holds it; the gate says so."
)
@click.option("--dry-run", is_flag=True, help="Print the plan (steps, what is cached, time, memory, disk) and stop.")
@workspace_option
def command(
    *,
    pack: str | None,
    base: str | None,
    teacher: str | None,
    corpus: tuple[Path, ...],
    licence: str | None,
    effort: Any,
    until: str | None,
    run: str | None,
    seed: int | None,
    launch: str | None,
    processes: int | None,
    assignments: tuple[str, ...],
    config: Path | None,
    unsafe_code: bool,
    dry_run: bool,
    workspace: Path | None,
) -> None:
    """Build a reasoning model from a pack, and judge it.

    Ends with a candidate, its evaluation, its audit and the gate's verdict, and exits with 0 however the verdict falls.
    A build that was stopped goes on where it was when the same command is given again.
    """
    from ..config import load_config
    from ..workspace import open_workspace

    file = config or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).is_file() else None)
    settings = load_config(
        pack=pack or _pack_in(file),
        effort=effort,
        file=file,
        assignments=(*assignments, *(("unsafe_code=true",) if unsafe_code else ())),
        base=base,
        seed=seed,
        distill=None if teacher is None else {"teacher": teacher},
        ingest=_own_corpus(corpus, licence),
        train={n: v for n, v in (("launch", launch), ("processes", processes)) if v is not None} or None,
    )
    place = open_workspace(workspace)
    from ..doctor import usable_memory
    from ..planning import plan, short_of_memory

    planned = plan(settings, place)
    if dry_run:
        print_plan(planned, settings)
    if warning := short_of_memory(planned, usable_memory()):
        click.echo(f"warning: {warning}", err=True)
    if dry_run:
        return
    from ..pipeline import build
    from .progress import terminal_progress
    from .show import show_run

    name = run or f"{settings.pack}-{settings.effort}"
    with terminal_progress() as progress:
        build(settings, place, until=until, run=name, progress=progress)
    if until is None or until == STAGES[-1]:
        show_run(place.run(name))
    else:
        click.echo(f"stopped after {until}, as asked; the same command without --until goes on from there")


def print_plan(plan: Plan, settings: BuildConfig) -> None:
    """Print what a build would do, what of it is done already, and what it will cost."""
    from .tables import print_table

    rows = [
        [
            step.name,
            "cached" if step.cached else "to do",
            step.what,
            "" if step.cached else _minutes(step.seconds),
            "" if step.cached or not step.tokens else f"{step.tokens:,}",
            "" if step.cached else f"{step.disk_mb:,.0f} MB",
            "" if step.cached else f"{step.memory_gb:.1f} GB",
        ]
        for step in plan.steps
    ]
    click.echo(
        f"{settings.pack} on {settings.base}, taught by {settings.distill.teacher}, "
        f"effort {settings.effort}, seed {settings.seed}"
    )
    print_table(["step", "state", "what", "time", "tokens", "disk", "memory"], rows)
    left = [step for step in plan.steps if not step.cached]
    click.echo(
        f"left to do: {len(left)} of {len(rows)} steps, about {_minutes(sum(step.seconds for step in left))}, "
        f"{sum(step.tokens for step in left):,} tokens, {sum(step.disk_mb for step in left):,.0f} MB of disk, "
        f"at most {max((step.memory_gb for step in left), default=0.0):.1f} GB of memory (estimates)"
    )


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _pack_in(file: Path | None) -> str:
    """Return the pack that the settings file names; without one, say how to choose."""
    try:
        named = tomllib.loads(file.read_text(encoding="utf-8")).get("pack") if file else None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        named = "unreadable"  # load_config reads the file again and says what is wrong with it
    if isinstance(named, str) and named:
        return named
    raise click.UsageError('say which pack: --pack NAME, or pack = "NAME" in srm.toml; `srm packs` lists them')


def _own_corpus(paths: tuple[Path, ...], licence: str | None) -> dict[str, Any] | None:
    """Return the setting ``ingest`` for corpora of the command line; their licence is asked for, never assumed."""
    from ..errors import ConfigError

    if not paths:
        if licence is not None:
            raise click.UsageError("--licence says the licence of a --corpus, and none is given")
        return None
    if not licence and sys.stdin.isatty():
        licence = click.prompt(f"Licence of {', '.join(map(str, paths))} (an SPDX id, or proprietary)", err=True)
    if not licence:
        raise ConfigError(
            f"the corpus {paths[0]} has no licence statement; add --licence with an SPDX id, or proprietary"
        )
    return {"corpus": [{"path": str(path), "licence": licence} for path in paths]}
