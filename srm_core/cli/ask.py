"""``srm ask RUN "..."``: an answer with what it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import weights_option, workspace_option

if TYPE_CHECKING:
    from ..records import Weights


@click.command("ask")
@click.argument("run")
@click.argument("question")
@weights_option()
@workspace_option
def command(run: str, question: str, weights: Weights, workspace: Path | None) -> None:
    """Ask a built model, and see what it stands on.

    The evidence is looked up as in evaluation; a star marks what the answer cites.
    """
    from ..answering import ask
    from ..workspace import open_workspace
    from .tables import printable

    place = open_workspace(workspace)
    answer = ask(place.run(run), question, place, weights)
    click.echo(printable(answer.text.strip()))
    if answer.answer is None:
        click.echo(f"\nIt abstains: {answer.why}.")
    elif not answer.text.rstrip().endswith(answer.answer):
        click.echo(f"\nAnswer: {printable(answer.answer)}")
    if answer.evidence:
        click.echo("Evidence shown to the model (* cited):")
    for number, item in enumerate(answer.evidence, 1):
        click.echo(
            f" {'*' if number in answer.cites else ' '}[{number}] {printable(item.text)}  ({', '.join(item.cites)})"
        )
