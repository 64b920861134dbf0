"""The command ``srm kg import``: files of facts into a knowledge folder, and what follows from them where asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from srm_core.errors import ConfigError

if TYPE_CHECKING:
    from srm_core.records import Triple

    from .importing import Skipped
    from .inference import Regime


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", "name", required=True, help="What the source is called.")
@click.option("--licence", required=True, metavar="SPDX", help='Its terms of use: an SPDX id, or "proprietary".')
@click.option("--version", default="", help="Its version.")
@click.option("--url", default=None, help="Where it comes from.")
@click.option(
    "--infer",
    "regime",
    type=click.Choice(["rdfs", "owl-rl"]),
    help="Infer over all facts of the folder, apart from them; see srm kg query --inferred.",
)
@click.option(
    "--infer-limit",
    "limit",
    type=click.IntRange(min=1),
    default=1_000_000,
    show_default=True,
    help="Triples that may be inferred; more are refused.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_files(
    folder: Path,
    files: Sequence[Path],
    name: str,
    licence: str,
    version: str,
    url: str | None,
    regime: Regime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Add the facts of FILES to the knowledge FOLDER, which is made if it is not there.

    FILES are Turtle, N-Triples, RDF/XML, JSON-LD or OBO, or folders of such. Each is parsed in a process of its own.
    Importing a file again adds nothing.
    """
    from srm_core.records import Source

    from .importing import path_facts
    from .store import FolderKnowledge

    if not name.strip() or not licence.strip():
        raise ConfigError("--source and --licence must say something")
    if folder.exists() and any(folder.iterdir()) and not (folder / "ledger.sqlite").exists():
        raise ConfigError(f"{folder} is no knowledge folder and not empty; name another")
    source = Source(name=name.strip(), licence=licence.strip(), version=version, url=url)
    if missing := [path for path in files if not path.exists()]:
        raise ConfigError(f"{missing[0]} does not exist; give a file of facts or a folder of such")
    skipped: list[Skipped] = []
    knowledge = FolderKnowledge(folder)
    try:
        before, naming = knowledge.counts()["triples"], knowledge.naming()
        for path in files:
            knowledge.add((), _facts(path_facts(path, source, naming), skipped))
        after = knowledge.counts()["triples"]
        inferred = knowledge.infer(regime, limit) if regime else knowledge.inferred()
    finally:
        knowledge.close()
    result = {"new": after - before, "triples": after, "skipped": [vars(item) for item in skipped]}
    result |= {"inferred": inferred} if regime else {}
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for item in skipped:
        click.echo(f"{item.path}: {item.reason}", err=True)
    click.echo(f"{after - before:,} new facts, {after:,} in all")
    if regime:
        click.echo(f"{sum(inferred.values()):,} inferred by {regime}, apart from them (srm kg query --inferred)")
    elif inferred and after > before:
        click.echo("what was inferred is of before; import with --infer to renew it", err=True)


def _facts(items: Iterable[Triple | Skipped], skipped: list[Skipped]) -> Iterator[Triple]:
    from .importing import Skipped

    for item in items:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            yield item
