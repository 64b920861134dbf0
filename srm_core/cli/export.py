"""``srm export RUN --to gguf``: a run's student in the file format of another engine."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option


@click.command("export")
@click.argument("run")
@click.option(
    "--to", "target", default="gguf", show_default=True, metavar="TARGET", help="gguf, gguf-float32, or a plugin's."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: exports/ of the run.")
@workspace_option
def command(run: str, *, target: str, out: Path | None, workspace: Path | None) -> None:
    """Write a run's student as GGUF, with a Modelfile.

    What is exported is the release, or without one the candidate. The file is read back and compared with the
    checkpoint: the same token ids, logits that are close. Evaluation and audit were made with the checkpoint and with
    the calculator, which other engines do not have.
    """
    from ..publishing.exporting import export_run
    from ..workspace import open_workspace
    from .progress import terminal_progress

    target_run = open_workspace(workspace).run(run)
    with terminal_progress() as progress:
        progress(f"export: {run} to {target}", 0, 0)
        written, said = export_run(target_run, target, out or target_run.path / "exports")
    click.echo(f"{written}: {said}")
