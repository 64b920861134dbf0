"""``srm release RUN``: publish, but only what passed, or what somebody answers for by name."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option

EXITS = {"PASS": 0, "FAIL": 3, "INCONCLUSIVE": 4}


@click.command("release")
@click.argument("run")
@click.option("--waive", "gates", multiple=True, metavar="GATE", help="Release in spite of this gate; repeatable.")
@click.option("--who", multiple=True, metavar="NAME", help="Who waives it: one for each --waive, in order.")
@click.option("--why", multiple=True, metavar="TEXT", help="Why it may be waived: one for each --waive, in order.")
@workspace_option
@click.pass_context
def command(
    ctx: click.Context,
    run: str,
    gates: tuple[str, ...],
    who: tuple[str, ...],
    why: tuple[str, ...],
    workspace: Path | None,
) -> None:
    """Release a run's candidate if the gate passes.

    Exits with 0 on PASS, 3 on FAIL, 4 on INCONCLUSIVE; the reasons are printed and nothing is published. An objection
    that is waivable can be waived: --waive GATE --who NAME --why TEXT. The waiver is signed and stands on the card.
    """
    from ..errors import ReleaseRefused
    from ..publishing import release_run
    from ..records import BuildManifest
    from ..reports.waivers import Request, outcome, waiver_lines
    from ..workspace import open_workspace
    from .progress import terminal_progress

    if not len(gates) == len(who) == len(why):
        raise click.UsageError(
            "a waiver is three options: --waive GATE --who NAME --why TEXT, each as often as the others"
        )
    place = open_workspace(workspace)
    target = place.run(run)
    waive = [Request(*each) for each in zip(gates, who, why, strict=True)]
    try:
        with terminal_progress() as progress:
            folder = release_run(target, place, waive=waive, progress=progress)
    except ReleaseRefused as refused:
        manifest = target.manifest()
        click.echo(f"not released: {refused}", err=True)
        for item in manifest.objections:
            click.echo(f"{item.outcome}: {item.gate}: {item.reason}{' (waivable)' if item.waivable else ''}")
        ctx.exit(EXITS.get(manifest.verdict, 3) or 3)
    released = BuildManifest.model_validate_json((folder / "manifest.json").read_text(encoding="utf-8"))
    for line in waiver_lines(released.waivers):
        click.echo(line)
    click.echo(f"{outcome(released)}: released in {folder}; anyone can check it with: srm verify {folder}")
