"""``srm doctor``: is this machine fit."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from .options import json_option, workspace_option


@click.command("doctor")
@click.option(
    "--base",
    default="embedded:smollm2-135m-instruct",
    show_default=True,
    help="The model whose template and loss mask are shown.",
)
@json_option
@workspace_option
@click.pass_context
def command(ctx: click.Context, base: str, as_json: bool, workspace: Path | None) -> None:
    """Check this machine, and say how to mend what fails.

    Nothing is downloaded. Exits with 1 if something fails.
    """
    from ..doctor import examine
    from ..workspace import open_workspace

    checks = examine(base=base, workspace=open_workspace(workspace).root)
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], ensure_ascii=False, indent=1))
    else:
        for check in checks:
            click.echo(f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.value}")
            if not check.ok:
                click.echo(f"       mend: {check.fix}")
    if not all(check.ok for check in checks):
        ctx.exit(1)
