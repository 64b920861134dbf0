"""The knowledge of a folder: ledger, graph and passages side by side, each opened when it is first needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from srm_core.config import Retrieval
from srm_core.records import Chunk, Evidence, Source, Triple

from .curies import spaces_with
from .fusion import POOL, fuse
from .graph import Graph
from .inference import LIMIT, Regime
from .ledger import Ledger
from .naming import Naming, declared

if TYPE_CHECKING:
    from .linking import Gazetteer
    from .passages import Embed, Passages


class FolderKnowledge:
    """The `Knowledge` protocol over ``folder``. Graph-only use loads neither chromadb nor torch.

    Reading opens ledger and graph read-only, so a published folder keeps its bytes. ``embedder`` gives the embedding
    function when passages are first added or searched; the default is the packaged all-MiniLM-L6-v2. ``retrieval``
    is how passages are searched: said once, when the folder is made, and kept in it; the default is dense.
    """

    def __init__(
        self, folder: Path, embedder: Callable[[], Embed] | None = None, retrieval: Retrieval | None = None
    ) -> None:
        self.folder = folder
        self._embedder = embedder
        self._retrieval = retrieval
        self._ledger: Ledger | None = None
        self._graph: Graph | None = None
        self._passages: Passages | None = None
        self._writable = False

    def add(self, chunks: Iterable[Chunk], triples: Iterable[Triple]) -> None:
        """Store them; what is here already is left as it is.

        The ledger is committed last and says what is here, so after a kill the same call completes the rest.
        """
        ledger, graph = self._open_for_writing()
        for batch in ledger.new_triples(triples):
            if sum(ledger.learn(*namespace) for namespace in map(declared, batch) if namespace):
                graph.use(spaces_with(ledger.prefixes()))
            facts = {_fact(item): item for item in reversed(batch)}  # the first of equal facts of several sources
            known = ledger.holds_facts()
            graph.add(item for item in reversed(facts.values()) if not (known and ledger.states(item)))
            graph.flush()
            ledger.add_triples(batch)
            ledger.commit()
        new = list(ledger.new_chunks(chunks))
        if new:
            retrieval = ledger.retrieval()
            if retrieval != "lexical":
                self._open_passages().add(new)
            if retrieval != "dense":
                ledger.add_words(new)
            ledger.add_chunks(new)
            ledger.commit()
        self.__dict__.pop("gazetteer", None)

    def search(self, text: str, k: int) -> list[Evidence]:
        """Return the ``k`` best passages, best first; none if no passage was ever added.

        Dense: by cosine. Lexical: by BM25. Hybrid: both rankings fused (`srm_knowledge.fusion.fuse`).
        """
        ledger, _ = self._open()
        match ledger.retrieval():
            case "lexical":
                return ledger.search_words(text, k)
            case "hybrid":
                return fuse([self._near(text, max(k, POOL)), ledger.search_words(text, max(k, POOL))], k)
        return self._near(text, k)

    def _near(self, text: str, k: int) -> list[Evidence]:
        if self._passages is None and not self._place("passages").exists():
            return []
        return self._open_passages().search(text, k)

    def facts(
        self, subject: str | None = None, predicate: str | None = None, object: str | None = None
    ) -> Iterable[Triple]:
        """Yield the triples that match, sorted, exactly as they were added; None matches anything."""
        ledger, _ = self._open()
        return ledger.facts(subject, predicate, object)

    def query(self, template: str, bindings: Mapping[str, str], *, with_inferred: bool = False) -> list[dict[str, str]]:
        """Run a SPARQL SELECT; see `srm_knowledge.graph.Graph.query`."""
        _, graph = self._open()
        return graph.query(template, bindings, with_inferred=with_inferred)

    def infer(self, regime: Regime, limit: int = LIMIT) -> dict[str, int]:
        """Infer over the stated facts, in place of what was inferred before; return how many triples each rule gave.

        They stand in the graph alone: `facts`, `statistics` and evidence never hold them; see
        `srm_knowledge.inference`.
        """
        _, graph = self._open_for_writing()
        return graph.infer(regime, limit)

    def inferred(self) -> dict[str, int]:
        """Return how many triples were inferred, by rule."""
        _, graph = self._open()
        return graph.inferred()

    def source_of(self, cite: str) -> tuple[str, str] | None:
        """Return (source name, licence) of a chunk or triple id, or None if it is not here."""
        ledger, _ = self._open()
        source = ledger.source_of(cite)
        return (source.name, source.licence) if source else None

    def sources(self) -> list[Source]:
        """Return every source of a fact or passage here, in the order they came."""
        ledger, _ = self._open()
        return list(ledger.sources().values())

    def counts(self) -> dict[str, int]:
        """Return how many triples and chunks are here."""
        ledger, _ = self._open()
        return {table: ledger.count(table) for table in ("triples", "chunks")}

    def naming(self) -> Naming:
        """Return how IRIs are named here: known prefixes stay, those that facts use otherwise are not taken."""
        return Naming(self.prefixes(), self._uses)

    def _uses(self, prefix: str) -> bool:
        ledger, _ = self._open()  # asked while facts are added, when the one opened before is closed
        return ledger.uses(prefix)

    def statistics(self) -> dict[str, dict[str, int]]:
        """Return how many facts each source, predicate, class and language has, the most first."""
        ledger, _ = self._open()
        sources = {name: f"{source.name} ({source.licence})" for name, source in ledger.sources().items()}
        by_source: Counter[str] = Counter()
        for name, count in ledger.tally("source").items():
            by_source[sources[name]] += count
        return {
            "sources": dict(by_source),
            "predicates": ledger.tally("predicate"),
            "classes": ledger.tally("object", of="rdf:type"),
            "languages": ledger.tally("language"),
        }

    def prefixes(self) -> dict[str, str]:
        """Return the namespaces learned from files, by prefix."""
        ledger, _ = self._open()
        return ledger.prefixes()

    def check(self) -> dict[str, int]:
        """Validate the graph against the shapes; return the counts, ``shacl_violations`` among them."""
        from .validate import validate_graph

        _, graph = self._open()
        return validate_graph(graph).counts()

    @cached_property
    def gazetteer(self) -> Gazetteer:
        """The labels and codes of the graph, for finding entities in a question; built once."""
        from .linking import build_gazetteer

        return build_gazetteer(self)

    def close(self) -> None:
        """Let go of the files; the next use opens them again."""
        if self._ledger is not None:
            self._ledger.close()
        if self._passages is not None:
            self._passages.close()
        self._ledger = self._graph = self._passages = None
        self._writable = False

    def _place(self, name: str) -> Path:
        return self.folder / name

    def _open(self) -> tuple[Ledger, Graph]:
        if self._ledger is None or self._graph is None:
            if not self._place("ledger.sqlite").exists():
                return self._open_for_writing()
            self._ledger = Ledger(self._place("ledger.sqlite"), writable=False)
            self._graph = Graph(self._place("graph"), writable=False, spaces=spaces_with(self._ledger.prefixes()))
        return self._ledger, self._graph

    def _open_for_writing(self) -> tuple[Ledger, Graph]:
        if self._ledger is None or self._graph is None or not self._writable:
            if self._ledger is not None:
                self._ledger.close()
            self._ledger = self._graph = None
            self.folder.mkdir(parents=True, exist_ok=True)
            self._graph = Graph(self._place("graph"), writable=True)
            self._ledger = Ledger(self._place("ledger.sqlite"), writable=True)
            self._graph.use(spaces_with(self._ledger.prefixes()))
            if self._retrieval is not None:
                self._ledger.keep_retrieval(self._retrieval)
            self._writable = True
        return self._ledger, self._graph

    def _open_passages(self) -> Passages:
        if self._passages is None:
            from .embedding import embedder
            from .passages import Passages

            self._passages = Passages(self._place("passages"), (self._embedder or embedder)())
        return self._passages


def _fact(triple: Triple) -> tuple[str, str, str, str, str]:
    return triple.subject, triple.predicate, triple.object, triple.datatype, triple.language
