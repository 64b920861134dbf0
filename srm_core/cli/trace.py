"""``srm trace ID``: the chain of custody of one record."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option


@click.command("trace")
@click.argument("record", metavar="ID")
@click.option("--forward", is_flag=True, help="Show what was made from it instead of what it was made from.")
@click.option("--width", type=click.IntRange(1), default=8, show_default=True, help="Branches drawn at each record.")
@workspace_option
def command(record: str, forward: bool, width: int, workspace: Path | None) -> None:
    """Walk a record back to its sources, or forward.

    ID is the id of any record (a score, an attempt, a triple, a finding) or the beginning of one, e.g. problem-3f8f.
    """
    from ..reports.lineage import closing, find, read_graph, tree
    from ..workspace import open_workspace

    graph = read_graph(open_workspace(workspace).store.root)
    start = find(graph, record).id
    for line in tree(graph, start, forward=forward, width=width):
        click.echo(line)
    click.echo(closing(graph, start, forward=forward))
