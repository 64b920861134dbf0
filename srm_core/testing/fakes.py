"""Small stand-ins that keep the contracts: a scripted model and a knowledge base in memory."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from srm_core.protocols import Conversation
from srm_core.records import Chunk, Completion, Evidence, Record, Sampling, Triple

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Identifier

_WORD = re.compile(r"\w+")
_NAMESPACE = "urn:srm:"
_NUMBERS = ("xsd:integer", "xsd:decimal", "xsd:double", "xsd:float")


class FakeModel:
    """A model that says what it is told to: ``replies`` in turn, or what a function makes of the conversation.

    ``asked`` keeps every conversation. A reply counts as many tokens as it has words.
    """

    def __init__(self, replies: Sequence[str] | Callable[[Conversation], str], ref: str = "fake:") -> None:
        self.ref = ref
        self.asked: list[Conversation] = []
        self._reply = replies if callable(replies) else _in_turn(replies)

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        """Return ``sampling.n`` replies to each conversation.

        Raises:
            LookupError: the list of replies is used up.
        """
        return [[self._answer(conversation) for _ in range(sampling.n)] for conversation in conversations]

    def _answer(self, conversation: Conversation) -> Completion:
        self.asked.append(conversation)
        text = self._reply(conversation)
        return Completion(text=text, finished=True, tokens=len(text.split()))


def _in_turn(replies: Sequence[str]) -> Callable[[Conversation], str]:
    waiting = iter(replies)

    def reply(conversation: Conversation) -> str:
        for text in waiting:
            return text
        raise LookupError(f"all {len(replies)} replies are used up; asked was {conversation[-1].content!r}")

    return reply


class DictKnowledge:
    """A knowledge base in dictionaries: search by shared words, SPARQL by rdflib over the triples held.

    With a ``folder`` it is kept in ``records.jsonl`` there and found again when opened anew. For tests and for packs
    of at most some ten thousand facts.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / "records.jsonl" if folder else None
        self._chunks: dict[str, Chunk] = {}
        self._triples: dict[str, Triple] = {}
        self._graph: Graph | None = None  # of the triples, made when first asked
        if self._file and self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                self._keep(_read(line))

    def add(self, chunks: Iterable[Chunk], triples: Iterable[Triple]) -> None:
        """Store them; what is here already is not stored again."""
        records: tuple[Record, ...] = (*chunks, *triples)
        new = [record for record in records if self._keep(record)]
        if self._file and new:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as out:
                out.writelines(record.model_dump_json() + "\n" for record in new)

    def search(self, text: str, k: int) -> list[Evidence]:
        """Return the ``k`` chunks that share most words with ``text`` (Jaccard index, above zero), best first."""
        words = _words(text)
        scored = [(_overlap(words, _words(chunk.text)), chunk) for chunk in self._chunks.values()]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: (-pair[0], pair[1].id))
        return [Evidence(text=chunk.text, cites=(chunk.id,), score=score) for score, chunk in best[:k]]

    def facts(
        self, subject: str | None = None, predicate: str | None = None, object: str | None = None
    ) -> Iterator[Triple]:
        """Yield the triples that match, ordered by subject, predicate and object."""
        wanted = (subject, predicate, object)
        for triple in sorted(self._triples.values(), key=lambda each: (_parts(each), each.id)):
            if all(want in (None, part) for want, part in zip(wanted, _parts(triple), strict=True)):
                yield triple

    def query(self, template: str, bindings: Mapping[str, str]) -> list[dict[str, str]]:
        """Run a SPARQL SELECT over the triples; ``$name`` stands for ``bindings[name]``, IRIs come back as CURIEs."""
        from rdflib import URIRef

        self._graph = self._graph or _graph(self._triples.values())
        spaces = _namespaces(self._graph)
        bound = {name: URIRef(_expand(curie, spaces)) for name, curie in bindings.items()}
        rows = self._graph.query(template, initBindings=bound).bindings
        return [{str(name): _contract(value, spaces) for name, value in row.items()} for row in rows]

    def check(self) -> dict[str, int]:
        """Count chunks and triples, and as violations the numbers that are none."""
        bad = sum(triple.datatype in _NUMBERS and not _is_number(triple.object) for triple in self._triples.values())
        return {"chunks": len(self._chunks), "triples": len(self._triples), "violations": bad}

    def close(self) -> None:
        """Let go of the graph; what was added is on disk already."""
        self._graph = None

    def source_of(self, cite: str) -> tuple[str, str] | None:
        """Return (source name, licence) of a chunk or triple id, or None if it is not here."""
        record = self._chunks.get(cite) or self._triples.get(cite)
        return (record.source.name, record.source.licence) if record else None

    def _keep(self, record: Record) -> bool:
        if record.id in self._chunks or record.id in self._triples:
            return False
        if isinstance(record, Chunk):
            self._chunks[record.id] = record
        if isinstance(record, Triple):
            self._triples[record.id] = record
            self._graph = None
        return True


def _read(line: str) -> Chunk | Triple:
    kind: type[Chunk] | type[Triple] = Triple if json.loads(line)["id"].startswith("triple-") else Chunk
    return kind.model_validate_json(line)


def _parts(triple: Triple) -> tuple[str, str, str]:
    return triple.subject, triple.predicate, triple.object


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0


def _graph(triples: Iterable[Triple]) -> Graph:
    from rdflib import Graph, Literal, URIRef

    graph = Graph()
    spaces = _namespaces(graph)
    for triple in triples:
        subject, predicate = (URIRef(_expand(part, spaces)) for part in (triple.subject, triple.predicate))
        if not triple.datatype:
            graph.add((subject, predicate, URIRef(_expand(triple.object, spaces))))
        elif triple.language:
            graph.add((subject, predicate, Literal(triple.object, lang=triple.language)))
        else:
            datatype = URIRef(_expand(triple.datatype, spaces))
            graph.add((subject, predicate, Literal(triple.object, datatype=datatype)))
    return graph


def _namespaces(graph: Graph) -> dict[str, str]:
    """Return rdflib's own prefixes (``skos``, ``xsd``, ...); any other prefix lives under ``urn:srm:``."""
    return {prefix: str(space) for prefix, space in graph.namespaces()}


def _expand(curie: str, spaces: Mapping[str, str]) -> str:
    prefix, _, local = curie.partition(":")
    return spaces.get(prefix, f"{_NAMESPACE}{prefix}:") + quote(local, safe="-._~!()*,;=:@/+")


def _contract(value: Identifier, spaces: Mapping[str, str]) -> str:
    from rdflib import URIRef

    text = str(value)
    if not isinstance(value, URIRef):
        return text
    known = {f"{_NAMESPACE}": "", **{space: f"{prefix}:" for prefix, space in spaces.items() if space}}
    space = max((each for each in known if text.startswith(each)), key=len, default=None)
    return text if space is None else known[space] + unquote(text.removeprefix(space))
