"""``srm check PACK``: the promises every pack makes."""

from __future__ import annotations

import click


@click.command("check")
@click.argument("pack")
@click.option("--unsafe-code", is_flag=True, help="Run the pack's own programs although no sandbox holds them.")
@click.pass_context
def command(ctx: click.Context, pack: str, unsafe_code: bool) -> None:
    """Check that a pack keeps every promise.

    Exits with 1 if one is broken, and says where.
    """
    from ..host import Host
    from ..sandbox.shared import allow_unsafe
    from ..testing.checks import run_checks

    allow_unsafe(unsafe_code)
    host = Host(pack=pack)
    host.require_whole()
    results = run_checks(host)
    for result in results:
        mark = "ok    " if result.passed else "FAILED"
        click.echo(f"{mark} {result.name}{': ' + result.message if result.message else ''}")
    if not all(result.passed for result in results):
        ctx.exit(1)
