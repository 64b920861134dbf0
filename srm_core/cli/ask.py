"""``srm ask RUN "..."``: an answer with what it stands on."""

from __future__ import annotations

from pathlib import Path

import click

from .options import workspace_option


@click.command("ask")
@click.argument("run")
@click.argument("question")
@workspace_option
def command(run: str, question: str, workspace: Path | None) -> None:
    """Ask a built model, and see what it stands on.

    The evidence is looked up as in evaluation; a star marks what the answer cites.
    """
    from ..answering import ask
    from ..workspace import open_workspace
    from .tables import printable

    place = open_workspace(workspace)
    answer = ask(place.run(run), question, place)
    click.echo(printable(answer.text.strip()))
    click.echo("")
    click.echo(f"Answer: {printable(answer.answer)}" if answer.answer is not None else f"It abstains: {answer.why}.")
    if answer.evidence:
        click.echo("Evidence shown to the model (* cited):")
    for number, item in enumerate(answer.evidence, 1):
        click.echo(
            f" {'*' if number in answer.cites else ' '}[{number}] {printable(item.text)}  ({', '.join(item.cites)})"
        )
