"""The RDF store of a knowledge folder: Oxigraph on disk, one named graph a source, asked through checked templates."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from srm_core.errors import ArtifactError, ConfigError
from srm_core.records import Source, Triple

from .curies import NAMESPACES, to_curie, to_iri
from .inference import LIMIT, Regime, infer, inferred, is_inferred
from .ledger import graph_name
from .sparql import read_template

if TYPE_CHECKING:
    import pyoxigraph
    import rdflib

MAX_ROWS = 1_000_000


class Graph:
    """The store in ``folder``. Opened for reading it leaves every byte as it is.

    ``spaces`` (prefix -> namespace) are used until `use` gives others; facts stored before keep their IRIs.
    """

    def __init__(self, folder: Path, *, writable: bool, spaces: Mapping[str, str] = NAMESPACES) -> None:
        import pyoxigraph

        try:
            self._store = pyoxigraph.Store(str(folder)) if writable else pyoxigraph.Store.read_only(str(folder))
        except OSError as error:
            raise ArtifactError(f"the graph in {folder} cannot be opened: {error}") from None
        self._read = lru_cache(maxsize=256)(read_template)
        self.use(spaces)

    def use(self, spaces: Mapping[str, str]) -> None:
        """Name by ``spaces`` from here on."""
        self.spaces = spaces
        self._curie = lru_cache(maxsize=100_000)(partial(to_curie, spaces=spaces))

    def add(self, triples: Iterable[Triple]) -> None:
        """Store the facts in the graph of their source; a fact that is there stays once."""
        from pyoxigraph import Literal, NamedNode, Quad

        @lru_cache(maxsize=100_000)
        def node(curie: str) -> NamedNode:
            return NamedNode(to_iri(curie, self.spaces))

        @lru_cache
        def graph(source: Source) -> NamedNode:
            return node(graph_name(source))

        def value(item: Triple) -> NamedNode | Literal:
            if item.language:
                return Literal(item.object, language=item.language)
            return Literal(item.object, datatype=node(item.datatype)) if item.datatype else node(item.object)

        self._store.bulk_extend(
            Quad(node(item.subject), node(item.predicate), value(item), graph(item.source)) for item in triples
        )

    def flush(self) -> None:
        """Make everything added so far lasting."""
        self._store.flush()

    def infer(self, regime: Regime, limit: int = LIMIT) -> dict[str, int]:
        """Infer over what is stated; see `srm_knowledge.inference.infer`."""
        return infer(self._store, regime, limit)

    def inferred(self) -> dict[str, int]:
        """Return how many triples were inferred, by rule."""
        return inferred(self._store)

    def query(
        self, template: str, bindings: Mapping[str, str], *, limit_s: float = 10.0, with_inferred: bool = False
    ) -> list[dict[str, str]]:
        """Return the rows of a SELECT over all sources; IRIs as CURIEs, literals as text, unbound names left out.

        What was inferred is asked only ``with_inferred``; ``GRAPH ?g`` then tells by which rule. Rows are sorted unless
        the query orders them itself. ``limit_s`` seconds are looked at after every row, so a query that sorts or counts
        for long before its first row can run over.

        Raises:
            ConfigError: the template is refused (see `srm_knowledge.sparql`), takes too long or gives too many rows.
        """
        import pyoxigraph

        read = self._read(template)
        until = time.monotonic() + limit_s
        try:
            filled = read.fill(bindings, self.spaces)
            stated = None if with_inferred else self._stated()
            found = self._store.query(
                filled,
                prefixes=dict(self.spaces),
                use_default_graph_as_union=stated is None,
                default_graph=None if stated is None else [*stated],
                named_graphs=stated,
            )
            assert isinstance(found, pyoxigraph.QuerySolutions)  # the template is a SELECT
            names = [variable.value for variable in found.variables]
            rows = []
            for solution in found:
                rows.append({name: self._text(term) for name in names if (term := solution[name]) is not None})
                if time.monotonic() > until or len(rows) > MAX_ROWS:
                    raise ConfigError(f"the query ran over {limit_s:g} s or {MAX_ROWS} rows; make it narrower")
        except (SyntaxError, ValueError) as error:
            raise ConfigError(
                f"the query is refused by the store: {error} (a bound $name cannot be selected)"
            ) from None
        return rows if read.ordered else sorted(rows, key=lambda row: [row.get(name, "") for name in names])

    def _stated(self) -> list[pyoxigraph.NamedNode | pyoxigraph.BlankNode] | None:
        """Return the graphs of the sources, or None if there are no others."""
        names = list(self._store.named_graphs())
        stated = [name for name in names if not is_inferred(name)]
        return stated if len(stated) < len(names) else None

    def dataset(self) -> rdflib.Dataset:
        """Return the store behind the rdflib API: every source is a named graph, the default graph is empty."""
        import rdflib
        from oxrdflib import OxigraphStore

        return rdflib.Dataset(store=OxigraphStore(store=self._store))

    def _text(self, term: object) -> str:
        from pyoxigraph import Literal, NamedNode

        if isinstance(term, NamedNode):
            return self._curie(term.value)
        return term.value if isinstance(term, Literal) else str(term)
