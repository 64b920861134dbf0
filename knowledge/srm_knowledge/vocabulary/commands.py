"""``srm kg pack MAPPING``: a vocabulary becomes a pack."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("pack")
@click.argument("mapping", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default="here",
    help="Where the pack's folder is made.",
)
def pack(mapping: Path, folder: Path) -> None:
    """Write the pack that the file MAPPING (TOML) makes of a vocabulary.

    The mapping names files of facts, what their relations are called in words, and the kinds of questions wanted. The
    pack holds copies of all; `pip install -e` makes it known to srm.
    """
    from .packs import TRIED, write_pack

    written, counts = write_pack(mapping, folder)
    for kind, count in counts.items():
        click.echo(f"{kind}: {f'{TRIED} problems or more' if count == TRIED else f'{count} problems'}", err=True)
    click.echo(f"{written}")
