"""``srm new pack|plugin NAME``: a skeleton that passes its own tests."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("new")
@click.argument("what", type=click.Choice(["pack", "plugin"]))
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default="here",
    help="Where the new folder is made.",
)
def command(what: str, name: str, folder: Path) -> None:
    """Write the skeleton of a pack or plugin.

    It is a package of its own with tests; `pip install -e` makes it known to srm.
    """
    from ..scaffold import new_pack, new_plugin

    written = new_pack(name, folder) if what == "pack" else new_plugin(name, folder)
    click.echo(f"{written}")
