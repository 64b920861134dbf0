"""The command ``srm kg``: ask the graph of a knowledge folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from srm_core.errors import ConfigError


def add_commands(cli: click.Group) -> None:
    """Add ``kg`` to the command line."""
    cli.add_command(kg)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("sparql")
@click.option("--bind", multiple=True, metavar="NAME=CURIE", help="Bind $NAME in the query; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a row.")
def kg(folder: Path, sparql: str, bind: Sequence[str], as_json: bool) -> None:
    """Ask the graph in the knowledge FOLDER a SPARQL SELECT and print the rows.

    The prefixes skos, rdfs, xsd, icd10cm, hp, omim, orpha, drugbank, mesh, corpus and srm are known.
    """
    from .store import FolderKnowledge

    if not (folder / "ledger.sqlite").exists():
        raise ConfigError(f"{folder} is no knowledge folder: it holds no ledger.sqlite")
    knowledge = FolderKnowledge(folder)
    try:
        rows = knowledge.query(sparql, dict(map(_binding, bind)))
    finally:
        knowledge.close()
    lines = [json.dumps(row, ensure_ascii=False) for row in rows] if as_json else _table(rows)
    for line in lines:
        click.echo(line)


def _binding(text: str) -> tuple[str, str]:
    name, equals, curie = text.partition("=")
    if not equals or not name or not curie:
        raise ConfigError(f"--bind {text!r} is not of the form name=CURIE, e.g. --bind code=icd10cm:E11")
    return name.lstrip("$?"), curie


def _table(rows: Sequence[dict[str, str]]) -> list[str]:
    """Return the rows as aligned columns under their names, and their count."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([" ".join(row.get(name, "").split()) for name in names] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [*(lines if rows else []), f"({len(rows)} row{'' if len(rows) == 1 else 's'})"]
