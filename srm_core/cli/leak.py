"""``srm leak RUN``: what of the held-out problems the training data gave away."""

from __future__ import annotations

import json
from pathlib import Path

import click

from .options import json_option, workspace_option


@click.command("leak")
@click.argument("run")
@json_option
@workspace_option
def command(run: str, as_json: bool, workspace: Path | None) -> None:
    """Show a run's leak certificate.

    It says what of the held-out problems could be found in the training data, level by level.
    """
    from ..errors import ArtifactError
    from ..reports.html import flatten
    from ..workspace import open_workspace
    from .tables import print_table

    certificate = open_workspace(workspace).run(run).manifest().leak
    if not certificate:
        raise ArtifactError(f"run {run!r} has no leak certificate; `srm evaluate {run}` measures it")
    if as_json:
        click.echo(json.dumps(certificate, ensure_ascii=False, indent=1))
    else:
        print_table(["", run], flatten(certificate))
