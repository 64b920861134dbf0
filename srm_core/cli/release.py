"""``srm release RUN``: publish, but only what passed."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option

EXITS = {"PASS": 0, "FAIL": 3, "INCONCLUSIVE": 4}


@click.command("release")
@click.argument("run")
@workspace_option
@click.pass_context
def command(ctx: click.Context, run: str, workspace: Path | None) -> None:
    """Release a run's candidate if the gate passes.

    Exits with 0 on PASS, 3 on FAIL, 4 on INCONCLUSIVE; the reasons are printed and nothing is published.
    """
    from ..errors import ReleaseRefused
    from ..publishing import release_run
    from ..workspace import open_workspace
    from .progress import terminal_progress

    place = open_workspace(workspace)
    target = place.run(run)
    try:
        with terminal_progress() as progress:
            folder = release_run(target, place, progress=progress)
    except ReleaseRefused as refused:
        manifest = target.manifest()
        click.echo(f"not released: {refused}", err=True)
        for item in manifest.objections:
            click.echo(f"{item.outcome}: {item.gate}: {item.reason}")
        ctx.exit(EXITS.get(manifest.verdict, 3) or 3)
    click.echo(f"PASS: released in {folder}; anyone can check it with: srm verify {folder}")
