"""``srm verify RELEASE``: trust nothing, compute it again."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify")
@click.argument("release", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Items of the evaluation, and as many of the audit, that the weights answer again.",
)
@click.pass_context
def command(ctx: click.Context, release: Path, sample: int) -> None:
    """Re-hash a release and re-run a sample of its evaluation and audit.

    RELEASE is the folder of a release. Prints the waivers it was released with. Exits with 1 if anything differs.
    """
    from ..publishing import verify_release

    checks = verify_release(release, sample)
    for check in checks:
        click.echo(f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.value}")
    if not all(check.ok for check in checks):
        ctx.exit(1)
