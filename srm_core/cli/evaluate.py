"""``srm evaluate RUN``: the stage ``evaluate`` alone, with other settings if asked."""

from __future__ import annotations

from pathlib import Path

import click

from .options import set_option, workspace_option


@click.command("evaluate")
@click.argument("run")
@set_option
@workspace_option
def command(run: str, assignments: tuple[str, ...], workspace: Path | None) -> None:
    """Evaluate a run again.

    Settings can be changed with --set, e.g. --set evaluate.test_per_kind=50; what is unchanged is taken from the store.
    """
    from ..pipeline import rerun
    from ..workspace import open_workspace
    from .progress import terminal_progress
    from .show import show_run

    place = open_workspace(workspace)
    with terminal_progress() as progress:
        rerun(place.run(run), place, assignments=assignments, progress=progress)
    show_run(place.run(run))
