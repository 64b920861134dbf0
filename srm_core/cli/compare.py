"""``srm compare``: several arms, or several runs, on the same held-out problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .build import SETTINGS_FILE
from .options import json_option, set_option, workspace_option

if TYPE_CHECKING:
    from ..comparing.comparison import Comparison
    from ..config import BuildConfig
    from ..workspace import Workspace


@click.command("compare")
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--pack", help="The domain of the arms; `srm packs` lists them.")
@click.option(
    "--arm",
    "arms",
    multiple=True,
    metavar="NAME:SETTINGS",
    help="An arm and what it changes, e.g. 'longer:train.epochs=3;train.lora_r=16'; a name alone changes nothing.",
)
@click.option("--name", help="Name of the comparison; the pack and the effort, or the runs, if not said.")
@click.option("--base", metavar="REF", help="The model that all arms specialize.")
@click.option("--effort", type=click.Choice(["smoke", "draft", "full"]), help="How much of everything.")
@click.option("--seed", type=int, help="Fixes every draw, in all arms alike.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file of all arms; srm.toml here if there is one.",
)
@set_option
@json_option
@workspace_option
def command(
    *,
    runs: tuple[str, ...],
    pack: str | None,
    arms: tuple[str, ...],
    name: str | None,
    base: str | None,
    effort: Any,
    seed: int | None,
    config: Path | None,
    assignments: tuple[str, ...],
    as_json: bool,
    workspace: Path | None,
) -> None:
    """Compare arms of one build, or finished runs.

    Every arm is built up to its evaluation with the same data and seed; what arms share is computed once. RUNs are
    compared as they are. Accuracy has its interval, differences to the first arm are paired.
    """
    from ..workspace import open_workspace

    place = open_workspace(workspace)
    if runs:
        options = {"--pack": pack, "--arm": arms or None, "--base": base, "--effort": effort, "--seed": seed}
        options |= {"--config": config, "--set": assignments or None}
        if given := [option for option, value in options.items() if value is not None]:
            raise click.UsageError(f"runs are compared as they were built; {given[0]} belongs to a comparison of arms")
        from ..comparing.running import compare_runs

        comparison = compare_runs(name or "-vs-".join(runs)[:100], runs, place)
    else:
        comparison = _arms(_settings(pack, arms, base, effort, seed, config, assignments), name, place)
    if as_json:
        click.echo(comparison.model_dump_json(indent=1))
    else:
        print_comparison(comparison)
        click.echo(f"kept in {place.root / 'compare' / comparison.name}.json and .md")


def _settings(
    pack: str | None,
    arms: tuple[str, ...],
    base: str | None,
    effort: Any,
    seed: int | None,
    config: Path | None,
    assignments: tuple[str, ...],
) -> dict[str, BuildConfig]:
    """Return the settings of each arm; what the arm says stands above all else."""
    from ..comparing.arms import parse_arms
    from ..config import load_config

    if not pack:
        raise click.UsageError(
            "say which runs to compare, or which arms of which pack: --pack NAME --arm ... --arm ..."
        )
    file = config or (Path(SETTINGS_FILE) if Path(SETTINGS_FILE).is_file() else None)
    flags = {"base": base, "seed": seed}
    shared = [*(f"{key}={json.dumps(value)}" for key, value in flags.items() if value is not None), *assignments]
    return {
        arm: load_config(pack=pack, effort=effort, file=file, assignments=(*shared, *own))
        for arm, own in parse_arms(arms).items()
    }


def _arms(arms: dict[str, BuildConfig], name: str | None, place: Workspace) -> Comparison:
    from ..comparing.running import compare_arms
    from .progress import terminal_progress

    first = next(iter(arms.values()))
    with terminal_progress() as progress:
        return compare_arms(name or f"{first.pack}-{first.effort}", arms, place, progress=progress)


def print_comparison(comparison: Comparison) -> None:
    """Print the table of arms, then the settings that differ between them."""
    from ..comparing.comparison import HEAD, LEGEND, changes_of, rows_of
    from .tables import print_table

    print_table(HEAD, rows_of(comparison), title=LEGEND)
    if changes := changes_of(comparison):
        print_table(["setting", *(arm.name for arm in comparison.arms)], changes, title="settings that differ")
