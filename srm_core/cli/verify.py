"""``srm verify RELEASE``: trust nothing, compute it again."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify")
@click.argument("release", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def command(ctx: click.Context, release: Path) -> None:
    """Re-hash a release and re-run a sample of its evaluation.

    RELEASE is the folder of a release. Exits with 1 if anything differs.
    """
    from ..publishing import verify_release

    checks = verify_release(release)
    for check in checks:
        click.echo(f"{'ok    ' if check.ok else 'FAILED'} {check.name}: {check.value}")
    if not all(check.ok for check in checks):
        ctx.exit(1)
