"""``srm ask RUN "..."``: an answer with what it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import weights_option, workspace_option

if TYPE_CHECKING:
    from ..answering import Answer
    from ..records import Weights

LONGEST = 200  # characters of a step that are shown


@click.command("ask")
@click.argument("run")
@click.argument("question")
@click.option(
    "--strategy",
    type=click.Choice(["single", "iterative", "search", "self-reasoning"]),
    default="single",
    show_default=True,
    help="single: retrieve once; iterative: a chain of sub-queries; search: searches while it reasons; "
    "self-reasoning: judges passages, then sentences.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Bound a strategy of several steps: hops, tokens, step_tokens, passages.",
)
@click.option(
    "--constrained",
    is_flag=True,
    help="Let the answer cite only what was shown, by a grammar; the calculator is off then.",
)
@weights_option()
@workspace_option
def command(
    run: str,
    question: str,
    strategy: str,
    assignments: Sequence[str],
    constrained: bool,
    weights: Weights,
    workspace: Path | None,
) -> None:
    """Ask a built model, and see what it stands on.

    The evidence is looked up as in evaluation; a star marks what the answer cites. The steps of a strategy are printed
    with what each retrieved and kept.
    """
    from ..answering import ask
    from ..config import AskConfig, assigned
    from ..errors import ConfigError
    from ..workspace import open_workspace
    from .tables import printable

    if assignments and strategy == "single":
        raise ConfigError("--set bounds the steps of a strategy, and single has none; add --strategy iterative")
    settings = assigned(AskConfig, assignments, where="srm ask --set")
    place = open_workspace(workspace)
    answer = ask(
        place.run(run), question, place, weights, strategy=strategy, settings=settings, constrained=constrained
    )
    for line in _trail(answer):
        click.echo(printable(line))
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


def _trail(answer: Answer) -> Iterator[str]:
    """Yield the steps, each on a line with what was written, then what it searched for, retrieved and kept."""
    for number, step in enumerate(answer.steps, 1):
        said = " ".join(step.said.split())
        yield f"{number}. {step.name}: {said[:LONGEST]}{'...' if len(said) > LONGEST else ''}"
        for title, value in (
            ("query", step.query),
            ("retrieved", ", ".join(step.retrieved)),
            ("kept", ", ".join(step.kept)),
            ("note", step.note),
        ):
            if value:
                yield f"   {title}: {value}"
    if answer.note:
        yield f"Note: {answer.note}."
    if answer.steps or answer.note:
        yield ""
