"""``srm show RUN``: what was gained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import json_option, workspace_option

if TYPE_CHECKING:
    from ..workspace import Run, Workspace


@click.command("show")
@click.argument("run", required=False)
@json_option
@workspace_option
def command(run: str | None, as_json: bool, workspace: Path | None) -> None:
    """Show what a build gained, and the gate's verdict.

    Without RUN, list the runs of the workspace.
    """
    from ..workspace import open_workspace

    place = open_workspace(workspace)
    if run is None:
        list_runs(place, as_json=as_json)
    else:
        show_run(place.run(run), as_json=as_json)


def show_run(run: Run, *, as_json: bool = False) -> None:
    """Print the summary of a finished run, as tables or as one JSON object."""
    from ..reports.summary import summarize
    from .tables import print_summary

    summary = summarize(run.manifest())
    report = str(run.path / "report.html")
    if as_json:
        shown = {"run": run.name, "candidate": str(run.candidate), "report": report, **summary.model_dump(mode="json")}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        print_summary(summary, candidate=str(run.candidate), report=report)


def list_runs(workspace: Workspace, *, as_json: bool) -> None:
    """Print every run with its verdict; an unfinished one is called so."""
    from .tables import print_table

    states = {name: _state(workspace.run(name)) for name in workspace.names()}
    if as_json:
        click.echo(json.dumps(states, ensure_ascii=False, indent=1))
    elif states:
        print_table(["run", "verdict"], list(states.items()))
    else:
        click.echo(f"{workspace.root} has no runs yet; `srm build --pack NAME` makes one")


def _state(run: Run) -> str:
    if not (run.path / "manifest.json").exists():
        return "not finished"
    return run.manifest().verdict or "not judged"
