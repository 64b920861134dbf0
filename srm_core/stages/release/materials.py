"""What a build was made from, by hash: the base's files, the user's corpus files, and the records of every source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from ...records import Document, Material, Source, Triple, digest
from ...store import Artifact, read_records, sha256

BASE_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


def materials(base: str, folder: Path, artifacts: Mapping[str, Artifact]) -> tuple[Material, ...]:
    """Return the materials of a build: files of the base in ``folder``, corpus files, and each source's records.

    A source without a file of its own (a package's table, say) is named by the sorted content hashes of its documents
    and facts, so that one that changed has another hash.
    """
    return (*_base(base, folder), *_corpus(artifacts["ingest"]), *_sources(artifacts))


def _base(ref: str, folder: Path) -> Iterator[Material]:
    scheme, colon, rest = ref.partition(":")
    uri = f"srm:base/{Path(rest).name}" if scheme == "dir" or not colon else f"srm:base/{ref}"
    files = sorted({path for pattern in BASE_FILES for path in folder.glob(pattern) if path.is_file()})
    for file in files:
        yield Material(name=f"base: {file.name}", uri=f"{uri}/{file.name}", sha256=sha256(file), media="file")


def _corpus(ingested: Artifact) -> Iterator[Material]:
    for name, found in sorted(ingested.record.settings.get("files", {}).items()):
        path = name.rpartition(":")[2]  # the folder above it is the user's own affair
        if len(found) == len(digest("")):
            yield Material(name=f"corpus: {path}", uri=f"srm:corpus/{path}", sha256=found, media="file")


def _sources(artifacts: Mapping[str, Artifact]) -> Iterator[Material]:
    seals: dict[str, list[str]] = {}
    sources: dict[str, Source] = {}
    documents = read_records(artifacts["ingest"].path / "documents.jsonl", Document)
    triples = read_records(artifacts["ground"].path / "triples.jsonl", Triple)
    for source, content in chain(((d.source, d.content) for d in documents), ((t.source, t.content) for t in triples)):
        name = f"{source.name} {source.version}".strip()
        seals.setdefault(name, []).append(content)
        sources.setdefault(name, source)
    for name, found in sorted(seals.items()):
        uri = sources[name].url or f"srm:source/{name.replace(' ', '-')}"
        yield Material(name=f"source: {name}", uri=uri, sha256=digest(sorted(found)), media=f"{len(found)} records")
