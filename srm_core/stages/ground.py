"""Stage ground: the knowledge base that problems, evidence and answers stand on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ..records import Document
from ..splitting import split
from ..store import Artifact, Result, read_records, write_atomically, write_records
from .context import Context

T = TypeVar("T")
BATCH = 200  # chunks embedded between two words of progress


def ground(context: Context, out: Path, *, corpus: Artifact) -> Result:
    """Write ``triples.jsonl``, ``chunks.jsonl`` and the knowledge base in ``knowledge/``."""
    config = context.corpus_config()
    context.progress("ground: reading facts", 0, 0)
    triples = list({triple.id: triple for triple in context.host.triples(config)}.values())
    documents = read_records(corpus.path / "documents.jsonl", Document)
    size = context.config.ground.chunk_chars
    chunks = list({chunk.id: chunk for document in documents for chunk in split(document, size)}.values())
    write_records(out / "triples.jsonl", triples)
    write_records(out / "chunks.jsonl", chunks)
    knowledge = context.host.open_knowledge(out / "knowledge.cache", context.config.ground)
    context.progress(f"ground: {len(triples):,} facts", 0, 0)
    knowledge.add((), triples)
    searchable = spread(chunks, context.config.ground.max_passages)
    for number, batch in enumerate(_batches(searchable, BATCH)):
        knowledge.add(batch, ())
        context.progress("ground: embedding passages", min((number + 1) * BATCH, len(searchable)), len(searchable))
    found = [item.source for item in triples] + [item.source for item in chunks]
    sources = {source.model_dump_json(): source for source in dict.fromkeys(found)}
    rows = [source.model_dump(mode="json") for _, source in sorted(sources.items())]
    write_atomically(out / "sources.json", json.dumps(rows, indent=1))
    checked = knowledge.check()
    knowledge.close()
    counts = {"triples": len(triples), "chunks": len(chunks), "searchable": len(searchable)}
    return Result({**counts, **checked}, {})


def spread(items: list[T], most: int) -> list[T]:
    """Return at most ``most`` items, evenly spaced over the whole list."""
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def _batches(items: list[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
