"""What follows from the facts of a graph by the rules of RDFS or OWL 2 RL, to a fixpoint, each triple with its rule.

After: RDF 1.1 Semantics (W3C 2014), section 9.2.1, the patterns rdfs2, 3, 5, 7, 9 and 11; OWL 2 Profiles (W3C 2012),
section 4.3, of table 5 prp-inv1, prp-inv2, prp-symp, prp-trp, prp-eqp1 and prp-eqp2, of table 7 cax-eqc1 and cax-eqc2,
of table 9 scm-eqc1 and scm-eqp1. Left out are what follows for every name (x is a resource, a class is below itself),
domains, ranges and equivalences of classes and properties from others, sameAs, restrictions, chains and
contradictions: what is not inferred is not refuted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from srm_core.errors import ConfigError

from .curies import NAMESPACES, to_iri

if TYPE_CHECKING:
    import pyoxigraph

Regime = Literal["rdfs", "owl-rl"]
LIMIT = 1_000_000  # triples that may be inferred
GRAPH = "srm:inferred-by-"  # and the rule: the named graph of what it gave


@dataclass(frozen=True)
class Rule:
    """One triple pattern (``head``) that holds where ``body``, a group of SPARQL patterns, does."""

    name: str
    body: str
    head: str


RDFS = (
    Rule("rdfs5", "?p rdfs:subPropertyOf ?q . ?q rdfs:subPropertyOf ?r FILTER(?p != ?r)", "?p rdfs:subPropertyOf ?r"),
    Rule("rdfs11", "?c rdfs:subClassOf ?d . ?d rdfs:subClassOf ?e FILTER(?c != ?e)", "?c rdfs:subClassOf ?e"),
    Rule("rdfs7", "?p rdfs:subPropertyOf ?q . ?x ?p ?y FILTER(isIRI(?q))", "?x ?q ?y"),
    Rule("rdfs2", "?p rdfs:domain ?c . ?x ?p ?y", "?x rdf:type ?c"),
    Rule("rdfs3", "?p rdfs:range ?c . ?x ?p ?y FILTER(!isLiteral(?y))", "?y rdf:type ?c"),
    Rule("rdfs9", "?c rdfs:subClassOf ?d . ?x rdf:type ?c", "?x rdf:type ?d"),
)
OWL_RL = (
    Rule("scm-eqc1", "?c owl:equivalentClass ?d", "?c rdfs:subClassOf ?d"),
    Rule("scm-eqc1", "?c owl:equivalentClass ?d FILTER(!isLiteral(?d))", "?d rdfs:subClassOf ?c"),
    Rule("scm-eqp1", "?p owl:equivalentProperty ?q", "?p rdfs:subPropertyOf ?q"),
    Rule("scm-eqp1", "?p owl:equivalentProperty ?q FILTER(!isLiteral(?q))", "?q rdfs:subPropertyOf ?p"),
    Rule("prp-eqp1", "?p owl:equivalentProperty ?q . ?x ?p ?y FILTER(isIRI(?q))", "?x ?q ?y"),
    Rule("prp-eqp2", "?p owl:equivalentProperty ?q . ?x ?q ?y", "?x ?p ?y"),
    Rule("prp-inv1", "?p owl:inverseOf ?q . ?x ?p ?y FILTER(!isLiteral(?y) && isIRI(?q))", "?y ?q ?x"),
    Rule("prp-inv2", "?p owl:inverseOf ?q . ?x ?q ?y FILTER(!isLiteral(?y))", "?y ?p ?x"),
    Rule("prp-symp", "?p rdf:type owl:SymmetricProperty . ?x ?p ?y FILTER(!isLiteral(?y))", "?y ?p ?x"),
    Rule("prp-trp", "?p rdf:type owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z", "?x ?p ?z"),
    Rule("cax-eqc1", "?c owl:equivalentClass ?d . ?x rdf:type ?c", "?x rdf:type ?d"),
    Rule("cax-eqc2", "?c owl:equivalentClass ?d . ?x rdf:type ?d", "?x rdf:type ?c"),
)
REGIMES: dict[Regime, tuple[Rule, ...]] = {"rdfs": RDFS, "owl-rl": (*OWL_RL, *RDFS)}


def infer(store: pyoxigraph.Store, regime: Regime, limit: int = LIMIT) -> dict[str, int]:
    """Infer over the stated facts of ``store`` and return how many triples each rule gave, those that gave some.

    What was inferred before is replaced. The rules run on a copy in memory (of the order of 1 kB a triple), and the
    store is changed only when they are through. A triple that several rules give belongs to the first that gave it.

    Raises:
        ConfigError: more than ``limit`` triples follow; the store stays as it was.
    """
    from pyoxigraph import Quad, Store

    work = Store()
    work.bulk_extend(
        Quad(quad.subject, quad.predicate, quad.object)
        for quad in store.quads_for_pattern(None, None, None, None)
        if not is_inferred(quad.graph_name)
    )
    counts = _to_fixpoint(work, REGIMES[regime], limit)
    for name in [each for each in store.named_graphs() if is_inferred(each)]:
        store.remove_graph(name)
    for rule in counts:
        store.bulk_extend(work.quads_for_pattern(None, None, None, _graph(rule)))
    store.flush()
    return counts


def inferred(store: pyoxigraph.Store) -> dict[str, int]:
    """Return how many triples each rule gave when they were last inferred; empty if they never were."""
    found: dict[str, int] = {}
    for name in store.named_graphs():
        if is_inferred(name):
            rule = str(name.value).removeprefix(to_iri(GRAPH))
            found[rule] = sum(1 for _ in store.quads_for_pattern(None, None, None, name))
    return dict(sorted(found.items()))


def is_inferred(graph: object) -> bool:
    """Tell whether ``graph`` names a graph of what a rule gave."""
    from pyoxigraph import NamedNode

    return isinstance(graph, NamedNode) and graph.value.startswith(to_iri(GRAPH))


def _to_fixpoint(work: pyoxigraph.Store, rules: Sequence[Rule], limit: int) -> dict[str, int]:
    """Apply the rules in turn until none of them gives anything new; return how many triples each gave."""
    counts: dict[str, int] = {}
    total, idle, at = 0, 0, 0
    while idle < len(rules):
        rule = rules[at]
        before = len(work)
        work.update(_update(rule, limit - total + 1), prefixes=dict(NAMESPACES))
        new = (len(work) - before) // 2  # each is put into the default graph and into that of its rule
        total += new
        if total > limit:
            raise ConfigError(
                f"more than {limit:,} triples follow from the facts (the last by {rule.name}), so none was kept; "
                "raise --infer-limit, or infer by rdfs alone"
            )
        if new:
            counts[rule.name] = counts.get(rule.name, 0) + new
        idle = 0 if new else idle + 1
        at = (at + 1) % len(rules)
    return dict(sorted(counts.items()))


def _update(rule: Rule, most: int) -> str:
    names = " ".join(word for word in rule.head.split() if word.startswith("?"))
    wanted = f"SELECT DISTINCT {names} WHERE {{ {rule.body} FILTER NOT EXISTS {{ {rule.head} }} }} LIMIT {most}"
    return f"INSERT {{ {rule.head} . GRAPH <{_graph(rule.name).value}> {{ {rule.head} }} }} WHERE {{ {wanted} }}"


def _graph(rule: str) -> pyoxigraph.NamedNode:
    from pyoxigraph import NamedNode

    return NamedNode(to_iri(GRAPH + rule))
