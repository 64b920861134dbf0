"""A plugin, not part of the pack: it adds ``srm double`` to the command line."""

from __future__ import annotations

import click

from srm_core import hookimpl


@hookimpl
def srm_commands(cli: click.Group) -> None:
    """Add the command ``double``."""

    @cli.command("double")
    @click.argument("number", type=int)
    def double(number: int) -> None:
        """Print the double of NUMBER."""
        click.echo(2 * number)
