"""``srm mitigate RUN``: what a mitigation changes in the audit, and what it costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from srm_core.cli.options import json_option, workspace_option

if TYPE_CHECKING:
    from .proving import Proof

WAYS = ("counterfactual", "warning")


@click.command("mitigate")
@click.argument("run")
@click.option(
    "--with",
    "ways",
    multiple=True,
    metavar="NAME",
    help="counterfactual (trains again), warning or contrast (no training), or a plugin's. Default: the first two.",
)
@click.option("--share", type=click.FloatRange(0, min_open=True), help="Rows added, as a share of those there are.")
@json_option
@workspace_option
def command(run: str, *, ways: tuple[str, ...], share: float | None, as_json: bool, workspace: Path | None) -> None:
    """Try mitigations of bias on a run, and show what each changed and what it cost.

    Each is audited on the same probes and evaluated on the same held-out problems as the run's student: before, after
    and paired differences, in the terminal and in the run's mitigation.html. A mitigation that trains is a second
    build, RUN-NAME, which can be released like any other. None of them is a solution.
    """
    from srm_core.cli.progress import terminal_progress
    from srm_core.workspace import open_workspace

    from .proving import proof_file, prove
    from .report import write_page

    place = open_workspace(workspace)
    target = place.run(run)
    with terminal_progress() as progress:
        proof = prove(target, place, tuple(dict.fromkeys(ways or WAYS)), share=share, progress=progress)
    page = write_page(proof, target.path / "mitigation.html")
    if as_json:
        click.echo(proof.model_dump_json(indent=1))
        return
    _show(proof)
    click.echo(f"Kept in {proof_file(target)}; with a picture: {page}")


def _show(proof: Proof) -> None:
    from srm_core.cli.tables import print_table
    from srm_core.reports.summary import percent

    for each in proof.mitigated:
        rows = [
            [cost.kind, percent(cost.before), percent(cost.after), percent(cost.change, sign=True)]
            for cost in each.costs
        ]
        title = (
            f"{each.mitigation}: what it cost (run {each.run}, {each.rows[0]:,} rows before, {each.rows[1]:,} after)"
        )
        print_table(["held-out problems", "before", "after", "paired difference, points"], rows, title=title)
        from .report import finding_rows

        print_table(
            ["finding", "before", "after", "paired difference, points", "judged"],
            [row.cells for row in finding_rows(each)],
            title=f"{each.mitigation}: what the audit found",
        )
    for line in proof.caveats:
        click.echo(line)
