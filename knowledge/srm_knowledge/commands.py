"""The commands of this plugin: ``srm ingest``, and ``srm kg`` with query, import, stats, diff and pack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from srm_core.errors import ConfigError

from .import_command import import_files
from .vocabulary.commands import pack

if TYPE_CHECKING:
    from .store import FolderKnowledge

FOLDER = click.Path(path_type=Path)
TOP = 20  # lines of a list
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def add_commands(cli: click.Group) -> None:
    """Add ``kg`` and ``ingest`` to the command line."""
    from .ingesting import ingest

    cli.add_command(kg)
    cli.add_command(ingest)


@click.group()
def kg() -> None:
    """Fill, ask and compare knowledge folders."""


kg.add_command(pack)
kg.add_command(import_files)


@kg.command()
@click.argument("folder", type=FOLDER)
@click.argument("sparql")
@click.option("--bind", multiple=True, metavar="NAME=CURIE", help="Bind $NAME in the query; may be repeated.")
@click.option("--inferred", is_flag=True, help="Ask what was inferred too; GRAPH ?rule { ... } tells by which rule.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a row.")
def query(folder: Path, sparql: str, bind: Sequence[str], inferred: bool, as_json: bool) -> None:
    """Ask the graph in the knowledge FOLDER a SPARQL SELECT and print the rows.

    The prefixes skos, rdfs, rdf, owl, xsd, dcterms, prov, icd10cm, hp, omim, orpha, drugbank, mesh, corpus and srm are
    known, and those of the files that were imported (see: srm kg stats).
    """
    knowledge = _open(folder)
    try:
        rows = knowledge.query(sparql, dict(map(_binding, bind)), with_inferred=inferred)
    finally:
        knowledge.close()
    for line in [json.dumps(row, ensure_ascii=False) for row in rows] if as_json else _table(rows):
        click.echo(line)


@kg.command()
@click.argument("folder", type=FOLDER)
@json_option
def stats(folder: Path, as_json: bool) -> None:
    """Show what the knowledge FOLDER holds: facts by source, predicate, class and language, and its prefixes.

    What was inferred is no fact of these; it is listed by rule.
    """
    knowledge = _open(folder)
    try:
        counts, tallies, prefixes = knowledge.counts(), knowledge.statistics(), knowledge.prefixes()
        if inferred := knowledge.inferred():
            tallies["inferred"] = inferred
    finally:
        knowledge.close()
    if as_json:
        click.echo(json.dumps({**counts, **tallies, "prefixes": prefixes}, ensure_ascii=False))
        return
    click.echo(f"{counts['triples']:,} facts, {counts['chunks']:,} passages")
    for title, tally in tallies.items():
        click.echo(f"\n{title} ({len(tally)})")
        for line in _tally(tally):
            click.echo(line)
    click.echo(f"\nprefixes learned ({len(prefixes)})")
    for prefix, namespace in prefixes.items():
        click.echo(f"  {prefix}: {namespace}")


@kg.command()
@click.argument("first", type=FOLDER)
@click.argument("second", type=FOLDER)
@click.option("--limit", default=TOP, show_default=True, help="Facts printed of each side.")
@json_option
def diff(first: Path, second: Path, limit: int, as_json: bool) -> None:
    """Show which facts the knowledge folder SECOND lacks and has more than FIRST, whatever their source."""
    from .differing import only_in

    for folder in (first, second):
        _require(folder)
    sides: dict[str, dict[str, Any]] = {}
    for title, here, other in (("removed", first, second), ("added", second, first)):
        predicates: Counter[str] = Counter()
        shown: list[tuple[str, ...]] = []
        for fact in only_in(here, other):
            predicates[fact[1]] += 1
            if len(shown) < limit:
                shown.append(fact)
        sides[title] = {"facts": predicates.total(), "predicates": dict(predicates.most_common()), "shown": shown}
    if as_json:
        click.echo(json.dumps(sides, ensure_ascii=False))
        return
    for title, side in sides.items():
        click.echo(f"{title}: {side['facts']:,} facts")
        for fact in side["shown"]:
            click.echo(f"  {'-' if title == 'removed' else '+'} {' '.join(filter(None, fact))}")


def _open(folder: Path) -> FolderKnowledge:
    from .store import FolderKnowledge

    _require(folder)
    return FolderKnowledge(folder)


def _require(folder: Path) -> None:
    if not (folder / "ledger.sqlite").exists():
        raise ConfigError(f"{folder} is no knowledge folder: it holds no ledger.sqlite")


def _binding(text: str) -> tuple[str, str]:
    name, equals, curie = text.partition("=")
    if not equals or not name or not curie:
        raise ConfigError(f"--bind {text!r} is not of the form name=CURIE, e.g. --bind code=icd10cm:E11")
    return name.lstrip("$?"), curie


def _tally(tally: Mapping[str, int]) -> Iterator[str]:
    """Yield the first lines of a list of counts, and how many more there are."""
    width = max((len(f"{count:,}") for count in tally.values()), default=0)
    for name, count in list(tally.items())[:TOP]:
        yield f"  {count:>{width},}  {name or 'none'}"
    if len(tally) > TOP:
        yield f"  ... and {len(tally) - TOP} more"


def _table(rows: Sequence[dict[str, str]]) -> list[str]:
    """Return the rows as aligned columns under their names, and their count."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([" ".join(row.get(name, "").split()) for name in names] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(names))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [*(lines if rows else []), f"({len(rows)} row{'' if len(rows) == 1 else 's'})"]
