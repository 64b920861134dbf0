"""The part of a graph that a mapping names: for each relation, which terms it leads to from which, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from srm_core.composing import Fact
from srm_core.config import hint
from srm_core.errors import ConfigError
from srm_core.protocols import Knowledge
from srm_core.records import Split, Triple, split_of

from ..naming import NAMESPACE
from .mapping import Relation, Vocabulary
from .terms import LONGEST, Names, Predicates, in_language, names_of

MOST_WALKS = 200  # ways from one start that are looked at
ALL_PREDICATES = "SELECT DISTINCT ?predicate WHERE { ?subject ?predicate ?object }"


@dataclass(frozen=True)
class Edge:
    """One step: from a named term to a named term, or to a text or number (``end`` is then ``text`` itself)."""

    relation: str
    start: str
    end: str
    text: str  # what ``end`` is called
    fact: Triple


@dataclass(frozen=True)
class Network:
    """The edges of each relation by their start, and ``loose``: (relation, start) with an end that has no name.

    ``predicates`` are the CURIEs of the relations, ``iris`` their IRIs, ``values`` the relations that lead to texts or
    numbers.
    """

    relations: Mapping[str, Relation]
    predicates: Mapping[str, str]
    iris: Mapping[str, str]
    names: Names
    edges: Mapping[str, Mapping[str, tuple[Edge, ...]]]
    loose: frozenset[tuple[str, str]]
    values: frozenset[str]

    def told(self, edge: Edge) -> Fact:
        """Return the edge as a sentence with the fact it says."""
        relation = self.relations[edge.relation]
        unit = f" {relation.unit}" if relation.unit else ""
        return Fact(f"{self.names.of[edge.start]} {relation.says} {edge.text}{unit}.", (edge.fact,))

    def walks(self, steps: Sequence[str], start: str) -> list[tuple[Edge, ...]]:
        """Return every way along ``steps``; none at all if one comes to a term twice, or to an end without a name."""
        ways: list[tuple[Edge, ...]] = [()]
        for step in steps:
            longer: list[tuple[Edge, ...]] = []
            for way in ways:
                at = way[-1].end if way else start
                if (step, at) in self.loose:
                    return []
                longer += [(*way, edge) for edge in self.edges[step].get(at, ())]
            ways = longer
            if len(ways) > MOST_WALKS:
                return []
        return ways if all(len({start, *(edge.end for edge in way)}) == len(way) + 1 for way in ways) else []

    def degree(self, term: str) -> int:
        """Return how many edges of the relations begin at ``term``."""
        return sum(len(starts.get(term, ())) for starts in self.edges.values())

    def near(self, term: str) -> Iterator[str]:
        """Yield the neighbours of ``term``, then theirs, each once and ``term`` never."""
        seen, ring = {term}, [term]
        for _ in range(2):
            ring = sorted({other for each in ring for other in self._beside.get(each, ())} - seen)
            seen.update(ring)
            yield from ring

    @cached_property
    def _beside(self) -> Mapping[str, frozenset[str]]:
        beside: dict[str, set[str]] = defaultdict(set)
        for edge in self._all():
            if edge.relation not in self.values:
                beside[edge.start].add(edge.end)
                beside[edge.end].add(edge.start)
        return {term: frozenset(others) for term, others in beside.items()}

    @cached_property
    def by_split(self) -> Mapping[tuple[str, Split], list[Edge]]:
        """The edges of a relation whose start, as an anchor, is of a split."""
        pools: dict[tuple[str, Split], list[Edge]] = defaultdict(list)
        for edge in self._all():
            pools[edge.relation, split_of(edge.start)].append(edge)
        return pools

    def _all(self) -> Iterator[Edge]:
        for starts in self.edges.values():
            for edges in starts.values():
                yield from edges


def network_of(vocabulary: Vocabulary, knowledge: Knowledge) -> Network:
    """Return the edges that ``knowledge`` has for the relations of the mapping, from facts of the mapping's source.

    Raises:
        ConfigError: no label, a relation that no fact has or that joins no two named terms, an inverse of texts.
    """
    source = vocabulary.source.name

    def facts_of(predicate: str) -> Iterable[Triple]:
        every = predicate == NAMESPACE  # a prefix holds for all sources, whichever brought it first
        return (fact for fact in knowledge.facts(predicate=predicate) if every or fact.source.name == source)

    predicates = Predicates(vocabulary, facts_of)
    curies = {name: predicates.curie(relation.predicate) for name, relation in vocabulary.relations.items()}
    found = {name: list(facts_of(curie)) for name, curie in curies.items()}
    names = names_of(vocabulary, facts_of, predicates)
    for name, facts in found.items():
        if not facts:
            raise ConfigError(_unknown(vocabulary, name, predicates, knowledge))
    edges: dict[str, dict[str, tuple[Edge, ...]]] = {}
    loose: set[tuple[str, str]] = set()
    values = frozenset(name for name, facts in found.items() if all(fact.datatype or fact.language for fact in facts))
    for name, relation in vocabulary.relations.items():
        if relation.inverse and name in values:
            raise ConfigError(
                f"vocabulary {vocabulary.name!r}: relation {name!r} is inverse, but {relation.predicate} leads to "
                "texts or numbers, which have no name to begin with"
            )
        steps = _steps(found[name], relation, vocabulary, name in values)
        edges[name], ends = _edges(name, steps, names, name in values)
        loose |= ends
        if not edges[name]:
            raise ConfigError(
                f"vocabulary {vocabulary.name!r}: relation {name!r} stands on {relation.predicate}, and none of its "
                f"{len(found[name])} facts joins two terms with one label of their own; see labels and language"
            )
    iris = {name: predicates.iri(curie) for name, curie in curies.items()}
    return Network(vocabulary.relations, curies, iris, names, edges, frozenset(loose), values)


def _steps(
    facts: Iterable[Triple], relation: Relation, vocabulary: Vocabulary, value: bool
) -> Iterator[tuple[str, str, Triple]]:
    """Yield (from, to, fact) in the direction of the relation."""
    for fact in facts:
        if value and in_language(fact, vocabulary):
            yield fact.subject, fact.object, fact
        elif not value and not fact.datatype and not fact.language:
            yield (fact.object, fact.subject, fact) if relation.inverse else (fact.subject, fact.object, fact)


def _edges(
    name: str, steps: Iterable[tuple[str, str, Triple]], names: Names, value: bool
) -> tuple[dict[str, tuple[Edge, ...]], set[tuple[str, str]]]:
    kept: dict[str, dict[str, Edge]] = defaultdict(dict)
    loose = set()
    for start, end, fact in sorted(steps, key=lambda step: (step[0], step[1], step[2].id)):
        text = end if value else names.of.get(end, "")
        if start == end or start not in names.of:
            continue
        if not text.strip() or len(text) > LONGEST or "\n" in text:
            loose.add((name, start))
        else:
            kept[start].setdefault(end, Edge(name, start, end, text, fact))
    return {start: tuple(ends.values()) for start, ends in kept.items()}, loose


def _unknown(vocabulary: Vocabulary, name: str, predicates: Predicates, knowledge: Knowledge) -> str:
    written = vocabulary.relations[name].predicate
    begun = f"vocabulary {vocabulary.name!r}: relation {name!r} stands on {written}, "
    if not predicates.knows(written):
        return (
            f"{begun}whose prefix is neither in [prefixes] nor known, and no fact of {vocabulary.source.name!r} has it"
        )
    there = sorted({row["predicate"] for row in knowledge.query(ALL_PREDICATES, {})})
    if not there:
        return f"{begun}but there is no fact at all; are the files of {vocabulary.source.name!r} named in the mapping?"
    return f"{begun}which no fact of {vocabulary.source.name!r} has.{hint(predicates.curie(written), there)}"
