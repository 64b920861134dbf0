"""``srm plugins``: who answers which hook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .options import json_option

if TYPE_CHECKING:
    from ..discovery import PluginInfo


@click.command("plugins")
@json_option
def command(as_json: bool) -> None:
    """List the installed plugins.

    Broken ones are listed with the reason; SRM_BLOCK=name,name keeps plugins out.
    """
    from ..host import Host
    from .tables import print_table

    rows = [
        {
            "plugin": info.name,
            "distribution": f"{info.distribution} {info.version}".strip(),
            "state": _state(info),
            "hooks": ", ".join(hook.removeprefix("srm_") for hook in info.hooks),
        }
        for info in Host().plugins()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


def _state(info: PluginInfo) -> str:
    if info.blocked:
        return "blocked"
    return f"broken: {info.broken}" if info.broken else "ok"
