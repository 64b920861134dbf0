"""``srm serve MODEL``: a run's student, or any local model, behind an OpenAI-compatible interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import weights_option, workspace_option

if TYPE_CHECKING:
    from ..records import Weights


@click.command("serve")
@click.argument("model")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--queue", default=64, show_default=True, type=click.IntRange(1), help="Requests open at once.")
@click.option(
    "--adapter",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A LoRA adapter's folder, put beside MODEL's weights.",
)
@click.option(
    "--draft",
    default="",
    metavar="WEIGHTS|MODEL",
    help="What says tokens ahead: MODEL itself in int4, int8 or bfloat16, or a small model. Faster, and the same text.",
)
@weights_option()
@workspace_option
def command(
    model: str,
    host: str,
    port: int,
    queue: int,
    adapter: Path | None,
    draft: str,
    weights: Weights,
    workspace: Path | None,
) -> None:
    """Serve a model to programs that speak OpenAI's interface.

    MODEL is the name of a run, or a reference such as dir:FOLDER or embedded:smollm2-135m-instruct. A run's student is
    served with the calculator, and with its pack's system prompt before a conversation that brings none. There is no
    key and no encryption: listen on this machine only, or behind a proxy that has both.
    """
    from ..hosting import open_service, run_service
    from ..workspace import open_workspace

    place = open_workspace(workspace)
    service = open_service(model, place, most_waiting=queue, weights=weights, adapter=adapter, draft=draft)
    click.echo(f"{service.name} on http://{host}:{port}/v1 (stop with Ctrl-C)")
    run_service(service, host, port)
