"""``srm export RUN --to gguf``: a run's student in the file format of another engine."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option


@click.command("export")
@click.argument("run")
@click.option(
    "--to",
    "target",
    default="gguf",
    show_default=True,
    metavar="TARGET",
    help="gguf, gguf-float32, gguf-q8_0, or a plugin's.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: exports/ of the run.")
@click.option("--no-check", is_flag=True, help="Ask the exported weights nothing; the export is marked not covered.")
@workspace_option
def command(run: str, *, target: str, out: Path | None, no_check: bool, workspace: Path | None) -> None:
    """Write a run's student as GGUF, with a Modelfile, and ask it again.

    What is exported is the release, or without one the candidate. The file is read back and compared with the
    checkpoint: the same token ids, logits that are close. Then the exported weights answer held-out problems and the
    audit's wordings, with the calculator and without, and EXPORT.md beside them says whether the gate's verdict covers
    them.
    """
    from ..publishing.exporting import export_run, recheck_run
    from ..workspace import open_workspace
    from .progress import terminal_progress

    target_run = open_workspace(workspace).run(run)
    with terminal_progress() as progress:
        progress(f"export: {run} to {target}", 0, 0)
        written, said = export_run(target_run, target, out or target_run.path / "exports")
        report, kept = recheck_run(target_run, target, written, skip=no_check, progress=progress)
    click.echo(f"{written}: {said}")
    for calculator, reasons in ((True, report.reasons), (False, report.reasons_without)):
        who = "with srm's calculator" if calculator else "without a calculator"
        why = f": {'; '.join(reasons)}" if reasons else ""
        click.echo(f"{who}: {report.mark(calculator=calculator)}{why}")
    for each in report.not_checked:
        click.echo(f"not checked: {each}")
    click.echo(f"Kept in {kept}")
