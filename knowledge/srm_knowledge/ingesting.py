"""The command ``srm ingest``: read and clean a corpus alone, whole or in parts."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from srm_core.config import Corpus, IngestConfig, PackConfig
from srm_core.errors import ConfigError


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH", type=click.Path(path_type=Path))
@click.option("--licence", metavar="SPDX", help='Its terms of use: an SPDX id, or "proprietary".')
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the files.")
@click.option("--dedup", type=click.Choice(["exact", "near", "semantic", "off"]), default="exact", show_default=True)
@click.option("--redact", type=click.Choice(["off", "personal", "health"]), default="off", show_default=True)
@click.option("--injection", type=click.Choice(["mark", "drop", "off"]), default="mark", show_default=True)
@click.option("--shard", metavar="I/N", help="Only part I of N, for several machines; --merge puts them together.")
@click.option("--merge", "merging", is_flag=True, help="PATH... are the folders of all parts; make one of them.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def ingest(
    paths: Sequence[Path],
    licence: str | None,
    out: Path | None,
    dedup: str,
    redact: str,
    injection: str,
    shard: str | None,
    merging: bool,
    as_json: bool,
) -> None:
    """Read and clean the corpus at PATH, a folder or a file, and show the counts.

    With --out, DIR gets documents.jsonl, quarantine.jsonl (what could not be read), filtered.jsonl (what was taken
    out) and noted.jsonl (what was changed or marked). Secrets are always written over.
    """
    if merging:
        if out is None or shard is not None:
            raise click.UsageError("--merge needs --out, and no --shard")
        from .merging import merge

        _show(merge(paths, out), as_json=as_json)
        return
    if licence is None:
        raise click.UsageError("Missing option '--licence'.")
    if len(paths) != 1:
        raise click.UsageError("one PATH at a time; several are the folders of --merge")
    corpus = Corpus(path=str(paths[0]), licence=licence)
    from srm_core.config import parse

    settings = {"corpus": (corpus,), "dedup": dedup, "redact": redact, "injection": injection}
    cleaning = parse(IngestConfig, settings, where="srm ingest")
    if shard is not None:
        _part(corpus, cleaning, shard, out, as_json=as_json)
    else:
        _whole(corpus, cleaning, out, as_json=as_json)


def _whole(corpus: Corpus, cleaning: IngestConfig, out: Path | None, *, as_json: bool) -> None:
    from srm_core.cli.progress import terminal_progress
    from srm_core.host import Host
    from srm_core.stages.ingest import take_in

    if out is not None and (out / "documents.jsonl").exists():
        raise ConfigError(f"{out} holds an earlier result; name another folder with --out")
    host = Host()
    host.require_whole()
    with tempfile.TemporaryDirectory() as scratch, terminal_progress() as progress:
        place = out or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        counts = take_in(host, PackConfig(corpus=(corpus,)), cleaning, place, progress)
    _show(counts, as_json=as_json)


def _part(corpus: Corpus, cleaning: IngestConfig, shard: str, out: Path | None, *, as_json: bool) -> None:
    from srm_core.host import Host

    from .sharding import part_of, write_part

    number, parts = part_of(shard)
    if out is None:
        raise click.UsageError("--shard needs --out")
    host = Host()
    host.require_whole()
    part = write_part(host, corpus, cleaning, number, parts, out)
    if as_json:
        click.echo(part.model_dump_json())
        return
    click.echo(f"part {number}/{parts}: {part.rows:,} documents read, {part.quarantined:,} quarantined; merge it next")


def _show(counts: dict[str, int], *, as_json: bool) -> None:
    for line in [json.dumps(counts)] if as_json else account(counts):
        click.echo(line)


def account(counts: dict[str, int]) -> list[str]:
    """Return the counts as lines: what came in, and what became of it."""
    became = ("documents", "duplicate", "filtered", "quarantined")
    width = max(len(f"{count:,}") for count in counts.values())
    shown = [("in", counts["in"]), *((f"  {name}", counts[name]) for name in became)]
    shown += [(name, counts[name]) for name in ("redacted", "marked")]
    return [f"{name:<13} {count:>{width},}" for name, count in shown]
