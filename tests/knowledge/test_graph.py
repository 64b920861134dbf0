from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from srm_knowledge.graph import Graph
from srm_knowledge.store import FolderKnowledge
from srm_knowledge.validate import validate

from srm_core.errors import ArtifactError, ConfigError
from srm_core.records import Source, Triple

Make = Callable[..., Triple]
TEXT = "xsd:string"


@pytest.fixture
def filled(knowledge: FolderKnowledge, make_fact: Make) -> FolderKnowledge:
    knowledge.add(
        [],
        [
            make_fact("icd10cm:E11.65", "skos:broader", "icd10cm:E11.6"),
            make_fact("icd10cm:E11.6", "skos:broader", "icd10cm:E11"),
            make_fact("icd10cm:E11", "skos:broader", "icd10cm:A00-B99"),
            make_fact("icd10cm:E11", "skos:prefLabel", 'a "quoted" <label> $code ?x', TEXT),
            make_fact("icd10cm:E11", "skos:altLabel", "Zucker", language="de-DE"),
            make_fact("icd10cm:E11", "srm:weight", "1.50", "xsd:decimal"),
        ],
    )
    return knowledge


def test_facts_come_back_exactly_as_they_were_in_a_stable_order(filled: FolderKnowledge, make_fact: Make) -> None:
    filled.close()
    facts = list(filled.facts(subject="icd10cm:E11"))
    assert [fact.predicate for fact in facts] == ["skos:altLabel", "skos:broader", "skos:prefLabel", "srm:weight"]
    assert facts[0] == make_fact("icd10cm:E11", "skos:altLabel", "Zucker", language="de-DE")
    assert facts[3].object == "1.50"  # the store itself would say 1.5
    assert facts == list(filled.facts(subject="icd10cm:E11"))
    assert [fact.subject for fact in filled.facts(predicate="skos:broader", object="icd10cm:E11")] == ["icd10cm:E11.6"]
    assert filled.source_of(facts[0].id) == ("test", "CC0-1.0")
    assert filled.source_of("triple-0000000000000000") is None


def test_a_bound_name_follows_the_graph_and_iris_come_back_as_curies(filled: FolderKnowledge) -> None:
    rows = filled.query("SELECT ?answer WHERE { $code skos:broader+ ?answer }", {"code": "icd10cm:E11.65"})
    assert rows == [{"answer": "icd10cm:A00-B99"}, {"answer": "icd10cm:E11"}, {"answer": "icd10cm:E11.6"}]


def test_a_name_inside_a_string_is_not_replaced(filled: FolderKnowledge) -> None:
    template = 'SELECT ?label WHERE { $code skos:prefLabel ?label FILTER(CONTAINS(?label, "$code ?x")) } # $code'
    assert len(filled.query(template, {"code": "icd10cm:E11"})) == 1


def test_a_curie_cannot_break_out_of_its_place(filled: FolderKnowledge) -> None:
    evil = "icd10cm:x> ?p ?o } SELECT * { ?a ?b <y"
    assert filled.query("SELECT ?o WHERE { $code skos:broader ?o }", {"code": evil}) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { SERVICE <http://127.0.0.1:9/x> { ?s ?p ?o } }",
        "select ?s { { select ?s { service silent <http://127.0.0.1:9/x> { ?s ?p ?o } } } }",
        "SELECT ?s FROM <file:///etc/passwd> { ?s ?p ?o }",
        "SELECT ?s FROM NAMED <file:///etc/passwd> { GRAPH ?g { ?s ?p ?o } }",
        "INSERT DATA { <a:b> <a:b> <a:b> }",
        "DELETE WHERE { ?s ?p ?o }",
        "LOAD <file:///etc/passwd>",
        "CLEAR ALL",
        "SELECT ?s { ?s ?p ?o } ; DROP ALL",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "ASK { ?s ?p ?o }",
        "DESCRIBE <a:b>",
        "SELECT ?s { \\u0053ERVICE <http://127.0.0.1:9/x> { ?s ?p ?o } }",
        "SELECT ?s { ?s ex:a\\'b ?o SERVICE <http://127.0.0.1:9/'> { ?s ?p ?o } }",
        "SELECT ?s WHERE { ?s ?p",
        "",
        "SELECT * {" + "{" * 3000 + "}" * 3000 + "}",
        "SELECT ?s { ?s ?p ?o }" + " " * 30_000,
    ],
)
def test_a_query_that_is_no_select_over_the_stored_graph_is_refused(filled: FolderKnowledge, query: str) -> None:
    before = list(filled.facts())
    with pytest.raises(ConfigError):
        filled.query(query, {})
    assert list(filled.facts()) == before


def test_a_keyword_inside_a_string_or_a_name_is_harmless(filled: FolderKnowledge) -> None:
    query = 'SELECT ?service WHERE { ?service skos:prefLabel ?from FILTER(?from != "SERVICE <x> LOAD") }'
    assert filled.query(query, {}) == [{"service": "icd10cm:E11"}]


def test_a_binding_that_the_query_does_not_have_is_refused(filled: FolderKnowledge) -> None:
    with pytest.raises(ConfigError, match=r"no variable \$cod"):
        filled.query("SELECT ?o WHERE { $code skos:broader ?o }", {"cod": "icd10cm:E11"})


def test_a_query_that_runs_over_its_time_is_stopped(filled: FolderKnowledge) -> None:
    filled.close()
    graph = Graph(filled.folder / "graph", writable=False)
    with pytest.raises(ConfigError, match="ran over"):
        graph.query("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", {}, limit_s=0)


def test_adding_the_same_facts_again_changes_nothing(filled: FolderKnowledge) -> None:
    facts = list(filled.facts())
    filled.add([], facts + facts)
    assert filled.counts() == {"triples": 6, "chunks": 0}
    assert list(filled.facts()) == facts


def test_a_fact_of_two_sources_is_one_row_and_two_records(filled: FolderKnowledge, make_fact: Make) -> None:
    again = make_fact("icd10cm:E11.65", "skos:broader", "icd10cm:E11.6").model_dump(exclude={"id", "content"})
    other = Triple.model_validate({**again, "source": Source(name="second", licence="CC-BY-4.0")})
    filled.add([], [other])
    count = "SELECT (COUNT(*) AS ?n) WHERE { $code skos:broader ?o }"
    assert filled.query(count, {"code": "icd10cm:E11.65"}) == [{"n": "1"}]
    assert filled.counts()["triples"] == 7
    assert filled.source_of(other.id) == ("second", "CC-BY-4.0")
    assert [source.name for source in filled.sources()] == ["test", "second"]


def test_reading_leaves_every_byte_of_a_graph_as_it_is(filled: FolderKnowledge) -> None:
    filled.close()
    before = _hashes(filled.folder)
    reader = FolderKnowledge(filled.folder)
    assert reader.query("SELECT ?o WHERE { ?s skos:broader ?o }", {})
    assert list(reader.facts())
    assert reader.search("anything", 3) == []
    reader.close()
    assert _hashes(filled.folder) == before


def _hashes(folder: Path) -> dict[str, str]:
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_a_damaged_ledger_is_named(filled: FolderKnowledge) -> None:
    filled.close()
    (filled.folder / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ArtifactError, match=r"ledger\.sqlite is damaged"):
        list(filled.facts())


def test_a_sound_graph_has_no_violations(filled: FolderKnowledge) -> None:
    counts = filled.check()
    assert counts["shacl_violations"] == 0
    assert counts["shacl_checked"] == counts["shacl_triples"] == 6


def test_shacl_catches_planted_violations(filled: FolderKnowledge, make_fact: Make) -> None:
    filled.add(
        [],
        [
            make_fact("corpus:orphan", "skos:definition", "a definition without a term", TEXT),
            make_fact("corpus:loop", "skos:broader", "corpus:loop"),
            make_fact("corpus:blank", "skos:prefLabel", " ", TEXT),
            make_fact("corpus:literal", "skos:broader", "a string", TEXT),
            make_fact("icd10cm:E11", "skos:altLabel", 'a "quoted" <label> $code ?x', TEXT),
        ],
    )
    filled.close()
    found = validate(filled.folder)
    assert found.violations == {
        "a preferred label is text, one a language": 1,
        "another label is text and differs from the preferred one": 1,
        "nothing is broader than itself": 1,
        "what is broader is an entity": 1,
        "what is defined has a label": 1,
    }
    assert "corpus:loop: nothing is broader than itself" in found.first


def test_a_large_graph_is_validated_by_a_stated_sample_of_whole_subjects(filled: FolderKnowledge) -> None:
    filled.close()
    first, second = validate(filled.folder, limit=5), validate(filled.folder, limit=5)
    assert first == second
    assert first.triples == 6
    assert 0 < first.checked <= 5
    assert first.subjects < 3
