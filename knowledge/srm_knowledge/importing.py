"""Files of facts (RDF, SKOS, OBO) as triples with a source and a licence, their names as CURIEs.

A node without a name is called after its file and its place there, so the same file gives the same triples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from srm_core.config import Corpus
from srm_core.errors import ConfigError
from srm_core.records import Source, Triple, digest

from .corpus import source_of_corpus
from .folder import GraphFile, Opened, Quarantined, walk
from .naming import Naming
from .readers.apart import read_facts_apart
from .readers.parsed import Fact, Shorthand, Unreadable

_SUFFIXES = ".ttl, .nt, .rdf, .owl, .jsonld, .obo"


@dataclass(frozen=True)
class Skipped:
    """A file or statement that gave no triple, and why."""

    path: str
    reason: str


def corpus_facts(corpus: Corpus) -> Iterator[Triple]:
    """Yield the triples of every file of facts in ``corpus``. What cannot be read, reading the documents reports.

    Raises:
        ConfigError: as `srm_knowledge.corpus.read_corpus`.
    """
    source = source_of_corpus(corpus)
    naming = Naming({})
    for found in walk(Path(corpus.path).expanduser()):
        if isinstance(found, GraphFile):
            yield from (item for item in facts_of(found, source, naming) if isinstance(item, Triple))


def path_facts(path: Path, source: Source, naming: Naming) -> Iterator[Triple | Skipped]:
    """Yield the triples of the file, or of every file of facts below the folder, at ``path``.

    Raises:
        ConfigError: there is nothing at ``path``, or a file named by itself is none of facts.
    """
    if not path.exists():
        raise ConfigError(f"{path} does not exist; give a file of facts ({_SUFFIXES}) or a folder")
    for found in walk(path):
        if isinstance(found, GraphFile):
            yield from facts_of(found, source, naming)
        elif isinstance(found, Quarantined):
            yield Skipped(found.path, found.reason)
        elif path.is_file():
            raise ConfigError(f"{path} is no file of facts ({_SUFFIXES})")
        else:
            assert isinstance(found, Opened)
            yield Skipped(found.path, "a document, no facts")


def facts_of(file: GraphFile, source: Source, naming: Naming) -> Iterator[Triple | Skipped]:
    """Yield the triples of one file, each prefix before its first use, or why the file gives none."""
    seed = digest([source.model_dump(mode="json", exclude={"retrieved"}), file.path])[:8]
    nodes: dict[str, str] = {}
    empty = 0

    @lru_cache(maxsize=100_000)
    def name(node: str) -> str:
        if not node.startswith("_:"):
            return naming.curie(node)
        return nodes.setdefault(node, f"blank:{seed}-{len(nodes) + 1}")

    try:
        for item in read_facts_apart(file.file, file.suffix):
            if isinstance(item, Shorthand):
                naming.suggest(item.prefix, item.namespace)
            elif not item.object.strip():
                empty += 1
            else:
                triple = _triple(item, name, source)
                yield from naming.new_facts(source)
                yield triple
    except Unreadable as error:
        yield Skipped(file.path, str(error))
    if empty:
        yield Skipped(file.path, f"{empty} statements with an empty text")


def _triple(fact: Fact, name: Callable[[str], str], source: Source) -> Triple:
    literal = bool(fact.datatype or fact.language)
    return Triple(
        subject=name(fact.subject),
        predicate=name(fact.predicate),
        object=fact.object if literal else name(fact.object),
        datatype=name(fact.datatype) if fact.datatype else "",
        language=fact.language,
        source=source,
    )
