"""The command ``srm ingest``: read and clean a corpus alone."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import click

from srm_core.config import Corpus, IngestConfig, PackConfig
from srm_core.errors import ConfigError


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--licence", required=True, metavar="SPDX", help='Its terms of use: an SPDX id, or "proprietary".')
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the files.")
@click.option("--dedup", type=click.Choice(["exact", "near", "semantic", "off"]), default="exact", show_default=True)
@click.option("--redact", type=click.Choice(["off", "personal", "health"]), default="off", show_default=True)
@click.option("--injection", type=click.Choice(["mark", "drop", "off"]), default="mark", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def ingest(path: Path, licence: str, out: Path | None, dedup: str, redact: str, injection: str, as_json: bool) -> None:
    """Read and clean the corpus at PATH, a folder or a file, and show the counts.

    With --out, DIR gets documents.jsonl, quarantine.jsonl (what could not be read), filtered.jsonl (what was taken
    out) and noted.jsonl (what was changed or marked). Secrets are always written over.
    """
    from srm_core.cli.progress import terminal_progress
    from srm_core.config import parse
    from srm_core.host import Host
    from srm_core.stages.ingest import take_in

    corpus = (Corpus(path=str(path), licence=licence),)
    settings = {"corpus": corpus, "dedup": dedup, "redact": redact, "injection": injection}
    cleaning = parse(IngestConfig, settings, where="srm ingest")
    if out is not None and (out / "documents.jsonl").exists():
        raise ConfigError(f"{out} holds an earlier result; name another folder with --out")
    host = Host()
    host.require_whole()
    with tempfile.TemporaryDirectory() as scratch, terminal_progress() as progress:
        place = out or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        counts = take_in(host, PackConfig(corpus=corpus), cleaning, place, progress)
    for line in [json.dumps(counts)] if as_json else account(counts):
        click.echo(line)


def account(counts: dict[str, int]) -> list[str]:
    """Return the counts as lines: what came in, and what became of it."""
    became = ("documents", "duplicate", "filtered", "quarantined")
    width = max(len(f"{count:,}") for count in counts.values())
    shown = [("in", counts["in"]), *((f"  {name}", counts[name]) for name in became)]
    shown += [(name, counts[name]) for name in ("redacted", "marked")]
    return [f"{name:<13} {count:>{width},}" for name, count in shown]
