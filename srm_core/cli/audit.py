"""``srm audit RUN``: the stage ``audit`` alone, with other settings if asked."""

from __future__ import annotations

from pathlib import Path

import click

from .options import set_option, workspace_option


@click.command("audit")
@click.argument("run")
@set_option
@workspace_option
def command(run: str, assignments: tuple[str, ...], workspace: Path | None) -> None:
    """Audit a run again.

    Settings can be changed with --set, e.g. --set audit.per_attribute=60; what is unchanged is taken from the store.
    """
    from .rerunning import rerun_and_show

    rerun_and_show(run, assignments, workspace)
