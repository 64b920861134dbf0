"""What follows from a graph: each rule by hand, apart from what is stated, within a limit, and beside owlrl."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from srm_knowledge.hooks import srm_commands
from srm_knowledge.inference import REGIMES, Regime
from srm_knowledge.store import FolderKnowledge

from srm_core.errors import ConfigError
from srm_core.records import Triple

Make = Callable[..., Triple]
TYPE, SUB, PROPERTY = "rdf:type", "rdfs:subClassOf", "rdfs:subPropertyOf"
RULES = "SELECT ?rule ?s ?p ?o { GRAPH ?rule { ?s ?p ?o } }"
Row = tuple[str, str, str, str]


def follows(knowledge: FolderKnowledge, regime: Regime, stated: list[Triple]) -> set[Row]:
    """Return (rule, subject, predicate, object) of everything that follows from ``stated``."""
    knowledge.add((), stated)
    counts = knowledge.infer(regime)
    rows = knowledge.query(RULES, {}, with_inferred=True)
    found = {
        (row["rule"].removeprefix("srm:inferred-by-"), row["s"], row["p"], row["o"])
        for row in rows
        if row["rule"].startswith("srm:inferred-by-")
    }
    assert {rule: sum(row[0] == rule for row in found) for rule in counts} == counts
    assert sum(counts.values()) == len(found)
    return found


CASES: dict[str, tuple[Regime, list[tuple[str, ...]], set[Row]]] = {
    "rdfs2": (
        "rdfs",
        [("z:owns", "rdfs:domain", "z:Person"), ("z:ann", "z:owns", "z:boat"), ("z:bob", "z:owns", "3", "xsd:integer")],
        {("rdfs2", "z:ann", TYPE, "z:Person"), ("rdfs2", "z:bob", TYPE, "z:Person")},
    ),
    "rdfs3, never of a literal": (
        "rdfs",
        [("z:owns", "rdfs:range", "z:Thing"), ("z:ann", "z:owns", "z:boat"), ("z:ann", "z:owns", "a car", "xsd:string")],
        {("rdfs3", "z:boat", TYPE, "z:Thing")},
    ),
    "rdfs5 and 7 over a chain of three": (
        "rdfs",
        [("z:a", PROPERTY, "z:b"), ("z:b", PROPERTY, "z:c"), ("z:c", PROPERTY, "z:d"), ("z:x", "z:a", "z:y")],
        {
            ("rdfs5", "z:a", PROPERTY, "z:c"), ("rdfs5", "z:b", PROPERTY, "z:d"), ("rdfs5", "z:a", PROPERTY, "z:d"),
            ("rdfs7", "z:x", "z:b", "z:y"), ("rdfs7", "z:x", "z:c", "z:y"), ("rdfs7", "z:x", "z:d", "z:y"),
        },
    ),
    "rdfs9 and 11 over a chain of three, a literal kept": (
        "rdfs",
        [("z:C", SUB, "z:D"), ("z:D", SUB, "z:E"), ("z:E", SUB, "z:F"), ("z:x", TYPE, "z:D")],
        {
            ("rdfs11", "z:C", SUB, "z:E"), ("rdfs11", "z:D", SUB, "z:F"), ("rdfs11", "z:C", SUB, "z:F"),
            ("rdfs9", "z:x", TYPE, "z:E"), ("rdfs9", "z:x", TYPE, "z:F"),
        },
    ),
    "rdfs rules feed each other": (
        "rdfs",
        [("z:fathers", PROPERTY, "z:begets"), ("z:begets", "rdfs:domain", "z:Parent"), ("z:Parent", SUB, "z:Human"),
         ("z:ann", "z:fathers", "z:bob")],
        {("rdfs7", "z:ann", "z:begets", "z:bob"), ("rdfs2", "z:ann", TYPE, "z:Parent"), ("rdfs9", "z:ann", TYPE, "z:Human")},
    ),
    "rdfs leaves OWL alone": (
        "rdfs",
        [("z:p", "owl:inverseOf", "z:q"), ("z:x", "z:p", "z:y"), ("z:C", "owl:equivalentClass", "z:D"), ("z:x", TYPE, "z:C")],
        set(),
    ),
    "inverse both ways": (
        "owl-rl",
        [("z:p", "owl:inverseOf", "z:q"), ("z:x", "z:p", "z:y"), ("z:u", "z:q", "z:v"), ("z:u", "z:q", "5", "xsd:integer")],
        {("prp-inv1", "z:y", "z:q", "z:x"), ("prp-inv2", "z:v", "z:p", "z:u")},
    ),
    "symmetric": (
        "owl-rl",
        [("z:near", TYPE, "owl:SymmetricProperty"), ("z:x", "z:near", "z:y"), ("z:x", "z:near", "here", "xsd:string")],
        {("prp-symp", "z:y", "z:near", "z:x")},
    ),
    "transitive over a chain of four": (
        "owl-rl",
        [("z:in", TYPE, "owl:TransitiveProperty"), *[(f"z:{n}", "z:in", f"z:{n + 1}") for n in range(4)]],
        {("prp-trp", f"z:{n}", "z:in", f"z:{m}") for n in range(5) for m in range(n + 2, 5)},
    ),
    "equivalent classes": (
        "owl-rl",
        [("z:C", "owl:equivalentClass", "z:D"), ("z:x", TYPE, "z:C"), ("z:y", TYPE, "z:D")],
        {
            ("scm-eqc1", "z:C", SUB, "z:D"), ("scm-eqc1", "z:D", SUB, "z:C"),
            ("cax-eqc1", "z:x", TYPE, "z:D"), ("cax-eqc2", "z:y", TYPE, "z:C"),
        },
    ),
    "equivalent properties": (
        "owl-rl",
        [("z:p", "owl:equivalentProperty", "z:q"), ("z:x", "z:p", "z:y"), ("z:u", "z:q", "5", "xsd:integer")],
        {
            ("scm-eqp1", "z:p", PROPERTY, "z:q"), ("scm-eqp1", "z:q", PROPERTY, "z:p"),
            ("prp-eqp1", "z:x", "z:q", "z:y"), ("prp-eqp2", "z:u", "z:p", "5"),
        },
    ),
    "sameAs is left alone": (
        "owl-rl",
        [("z:x", "owl:sameAs", "z:y"), ("z:x", "z:p", "z:v")],
        set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_rule_by_hand(knowledge: FolderKnowledge, make_fact: Make, name: str) -> None:
    regime, stated, expected = CASES[name]
    assert follows(knowledge, regime, [make_fact(*row) for row in stated]) == expected


def test_every_rule_has_a_case() -> None:
    given = {row[0] for _, _, expected in CASES.values() for row in expected}
    assert given == {rule.name for rules in REGIMES.values() for rule in rules}


@pytest.fixture
def chain(make_fact: Make) -> list[Triple]:
    """Four classes in a row and one thing in the lowest: 3 + 3 triples follow by RDFS."""
    classes = [make_fact(f"z:C{n}", SUB, f"z:C{n + 1}") for n in range(3)]
    return [*classes, make_fact("z:x", TYPE, "z:C0"), make_fact("z:C3", "rdfs:label", "top", "xsd:string")]


def test_what_is_inferred_is_apart_and_asked_only_on_demand(knowledge: FolderKnowledge, chain: list[Triple]) -> None:
    knowledge.add((), chain)
    before = knowledge.statistics()
    query = "SELECT ?c { $it rdf:type ?c }"
    assert knowledge.infer("rdfs") == {"rdfs11": 3, "rdfs9": 3}
    knowledge.close()
    assert knowledge.query(query, {"it": "z:x"}) == [{"c": "z:C0"}]
    (graph,) = knowledge.query("SELECT ?g { GRAPH ?g { $it ?p ?o } }", {"it": "z:x"})
    assert graph["g"].startswith("srm:source-")
    both = knowledge.query(query, {"it": "z:x"}, with_inferred=True)
    assert [row["c"] for row in both] == ["z:C0", "z:C1", "z:C2", "z:C3"]
    assert [fact.object for fact in knowledge.facts(subject="z:x")] == ["z:C0"]
    assert knowledge.statistics() == before
    assert knowledge.counts()["triples"] == 5
    assert knowledge.check()["shacl_checked"] == 5


def test_inferring_again_replaces_what_was_inferred(
    knowledge: FolderKnowledge, chain: list[Triple], make_fact: Make
) -> None:
    knowledge.add((), chain)
    assert knowledge.infer("rdfs") == knowledge.infer("rdfs") == knowledge.inferred() == {"rdfs11": 3, "rdfs9": 3}
    knowledge.add((), [make_fact("z:C3", SUB, "z:C4"), make_fact("z:x", TYPE, "z:C2")])  # stated now, so not inferred
    assert knowledge.inferred() == {"rdfs11": 3, "rdfs9": 3}  # until it is asked for
    assert knowledge.infer("rdfs") == {"rdfs11": 6, "rdfs9": 3}
    assert knowledge.infer("owl-rl") == {"rdfs11": 6, "rdfs9": 3}


def test_more_than_the_limit_is_refused_and_nothing_changes(knowledge: FolderKnowledge, chain: list[Triple]) -> None:
    knowledge.add((), chain)
    assert knowledge.infer("rdfs", limit=6)
    with pytest.raises(ConfigError, match=r"more than 5 triples follow from the facts .the last by rdfs9., so none"):
        knowledge.infer("rdfs", limit=5)
    assert knowledge.inferred() == {"rdfs11": 3, "rdfs9": 3}


def test_a_flood_is_stopped_inside_one_rule(knowledge: FolderKnowledge, make_fact: Make) -> None:
    hub = [make_fact(f"z:{n}", "z:near", "z:hub") for n in range(300)]
    axioms = [make_fact("z:near", TYPE, f"owl:{kind}Property") for kind in ("Symmetric", "Transitive")]
    knowledge.add((), [*hub, *axioms])  # 300 the other way, then 300 * 300 and one
    with pytest.raises(ConfigError, match=r"more than 1,000 triples follow from the facts .the last by prp-trp."):
        knowledge.infer("owl-rl", limit=1000)
    assert knowledge.inferred() == {}


ONTOLOGY = """
@prefix z: <urn:srm:z:> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
z:Dog rdfs:subClassOf z:Pet . z:Pet rdfs:subClassOf z:Animal . z:Animal owl:equivalentClass z:Beast .
z:owns rdfs:domain z:Person ; rdfs:range z:Pet ; owl:inverseOf z:ownedBy .
z:walks rdfs:subPropertyOf z:owns . z:owns rdfs:subPropertyOf z:knows . z:knows a owl:SymmetricProperty .
z:meets owl:equivalentProperty z:knows . z:above a owl:TransitiveProperty .
z:ann z:walks z:rex . z:rex a z:Dog ; z:ownedBy z:bob . z:eve z:meets z:ann . z:tom a z:Beast .
z:a z:above z:b . z:b z:above z:c . z:c z:above z:d .
"""
Plain = tuple[str, str, str]


@pytest.mark.parametrize("regime", ["rdfs", "owl-rl"])
def test_owlrl_infers_the_same_but_for_what_holds_of_every_name(
    cli: click.Group, tmp_path: Path, regime: Regime
) -> None:
    owlrl = pytest.importorskip("owlrl", reason="needs owlrl, which pyshacl brings")
    import rdflib

    (tmp_path / "pets.ttl").write_text(ONTOLOGY)
    run(cli, "import", tmp_path / "kg", tmp_path / "pets.ttl", *FROM, "--infer", regime)
    rows = FolderKnowledge(tmp_path / "kg").query("SELECT ?s ?p ?o { ?s ?p ?o }", {}, with_inferred=True)
    ours = {triple for row in rows if compared(triple := (row["s"], row["p"], row["o"]))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = rdflib.Graph().parse(data=ONTOLOGY, format="turtle")
        rules = owlrl.RDFS_Semantics if regime == "rdfs" else owlrl.OWLRL_Semantics
        owlrl.DeductiveClosure(rules, axiomatic_triples=False, datatype_axioms=False).expand(graph)
    theirs = {triple for row in graph if compared(triple := plain(*row))}
    assert ours == theirs
    assert len(theirs) >= {"rdfs": 21, "owl-rl": 40}[regime]


SPACES = {
    "urn:srm:z:": "z:",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs:",
    "http://www.w3.org/2002/07/owl#": "owl:",
}
SPACES["http://www.w3.org/1999/02/22-rdf-syntax-ns#"] = "rdf:"
LEFT_OUT = {  # of every name: a resource, a thing; of every class and property: what it is at least
    "rdfs:Resource", "owl:Thing", "owl:Nothing", "owl:Class", "rdfs:Class", "rdf:Property", "owl:ObjectProperty",
}  # fmt: skip


def plain(subject: object, predicate: object, value: object) -> Plain:
    """Return a triple of owlrl's by CURIEs."""

    def named(term: object) -> str:
        space = next((each for each in SPACES if str(term).startswith(each)), "")
        return SPACES.get(space, "") + str(term)[len(space) :]

    return named(subject), named(predicate), named(value)


def compared(triple: Plain) -> bool:
    """Tell whether it says which class, property or thing a name of ours stands in which relation to, not to itself.

    Domains, ranges and equivalences that owlrl derives (scm-dom, scm-rng, scm-eqc2, scm-eqp2) are not compared.
    """
    subject, predicate, value = triple
    said = predicate in (SUB, PROPERTY, TYPE) or predicate.startswith("z:")
    return said and subject.startswith("z:") and value not in LEFT_OUT and subject != value


FROM = ("--source", "pets", "--licence", "CC0-1.0")


@pytest.fixture
def cli() -> click.Group:
    group = click.Group("srm")
    srm_commands(group)
    return group


def run(cli: click.Group, *words: object) -> str:
    done = CliRunner().invoke(cli, ["kg", *map(str, words)])
    if done.exception:
        raise done.exception
    return done.output


def test_import_infers_where_asked_and_says_when_it_is_of_before(cli: click.Group, tmp_path: Path) -> None:
    start = "@prefix z: <http://example.org/z/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    (tmp_path / "one.ttl").write_text(start + "z:C rdfs:subClassOf z:D . z:x a z:C .")
    (tmp_path / "two.ttl").write_text(start + "z:D rdfs:subClassOf z:E .")
    kg = tmp_path / "kg"
    assert run(cli, "import", kg, tmp_path / "one.ttl", *FROM) == "3 new facts, 3 in all\n"
    done = run(cli, "import", kg, tmp_path / "one.ttl", *FROM, "--infer", "rdfs")
    assert done == "0 new facts, 3 in all\n1 inferred by rdfs, apart from them (srm kg query --inferred)\n"
    ask = "SELECT ?c { z:x a ?c }"
    assert "(1 row)" in run(cli, "query", kg, ask)
    assert "(2 rows)" in run(cli, "query", kg, ask, "--inferred")
    assert "srm:inferred-by-rdfs9" in run(cli, "query", kg, "SELECT ?rule { GRAPH ?rule { z:x a z:D } }", "--inferred")
    later = run(cli, "import", kg, tmp_path / "two.ttl", *FROM)
    assert later == "1 new facts, 4 in all\nwhat was inferred is of before; import with --infer to renew it\n"
    renewed = json.loads(run(cli, "import", kg, tmp_path / "two.ttl", *FROM, "--infer", "rdfs", "--json"))
    assert renewed["inferred"] == {"rdfs11": 1, "rdfs9": 2}
    assert json.loads(run(cli, "stats", kg, "--json"))["inferred"] == {"rdfs11": 1, "rdfs9": 2}
    assert "inferred (2)\n  1  rdfs11\n  2  rdfs9\n" in run(cli, "stats", kg)
    with pytest.raises(ConfigError, match="more than 2 triples follow"):
        run(cli, "import", kg, tmp_path / "two.ttl", *FROM, "--infer", "rdfs", "--infer-limit", 2)
