"""``srm packs``: who is installed."""

from __future__ import annotations

import json

import click

from .options import json_option


@click.command("packs")
@json_option
def command(as_json: bool) -> None:
    """List the installed packs.

    A pack that cannot be loaded is listed with the reason.
    """
    from ..discovery import installed_packs
    from .tables import print_table

    rows = [
        {"pack": name, "distribution": f"{found.distribution} {found.version}".strip(), **_described(name)}
        for name, found in installed_packs().items()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        click.echo("no pack is installed; `srm new pack NAME` writes one")


def _described(name: str) -> dict[str, str]:
    from ..errors import SrmError
    from ..host import Host

    try:
        pack = Host(pack=name).pack()
    except SrmError as error:
        return {"title": f"cannot be loaded: {error}", "kinds": "", "intended use": ""}
    core = sum(kind.core for kind in pack.kinds)
    return {"title": pack.title, "kinds": f"{len(pack.kinds)}, {core} at draft", "intended use": pack.intended_use}
