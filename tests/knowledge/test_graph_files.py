"""Files of facts: each syntax gives the same triples, names go back to the file's IRIs, and nothing reaches out."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from srm_knowledge.hooks import srm_commands, srm_documents, srm_triples
from srm_knowledge.importing import Skipped, path_facts
from srm_knowledge.naming import Naming
from srm_knowledge.readers.apart import Limits, read_facts_apart
from srm_knowledge.readers.parsed import Fact, Shorthand, Unreadable
from srm_knowledge.readers.shorthands import written_out
from srm_knowledge.store import FolderKnowledge

from srm_core.config import Corpus, PackConfig
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.records import Source, Triple
from srm_core.stages.context import silent
from srm_core.stages.ingest import take_in
from srm_core.store import read_rows

SOURCE = Source(name="stars", licence="CC0-1.0")
TURTLE = """
@prefix star: <http://example.org/star/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
star:giant a skos:Concept ; skos:prefLabel "giant star"@en ; skos:broader star:star ; star:mass 2.50 .
star:star skos:prefLabel "star"@en .
"""
NTRIPLES = """
<http://example.org/star/giant> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/2004/02/skos/core#Concept> .
<http://example.org/star/giant> <http://www.w3.org/2004/02/skos/core#prefLabel> "giant star"@en .
<http://example.org/star/giant> <http://www.w3.org/2004/02/skos/core#broader> <http://example.org/star/star> .
<http://example.org/star/giant> <http://example.org/star/mass> "2.50"^^<http://www.w3.org/2001/XMLSchema#decimal> .
<http://example.org/star/star> <http://www.w3.org/2004/02/skos/core#prefLabel> "star"@en .
"""
RDFXML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [ <!ENTITY star "http://example.org/star/"> <!-- a comment -->
  <!ENTITY xsd 'http://www.w3.org/2001/XMLSchema#' > ]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#" xmlns:star="&star;">
<skos:Concept rdf:about="&star;giant"><skos:prefLabel xml:lang="en">giant star</skos:prefLabel>
<skos:broader rdf:resource="&star;star"/><star:mass rdf:datatype="&xsd;decimal">2.50</star:mass></skos:Concept>
<rdf:Description rdf:about="&star;star"><skos:prefLabel xml:lang="en">star</skos:prefLabel></rdf:Description>
</rdf:RDF>"""
JSONLD = json.dumps(
    {
        "@context": {"star": "http://example.org/star/", "skos": "http://www.w3.org/2004/02/skos/core#", "xsd": "http://www.w3.org/2001/XMLSchema#"},
        "@graph": [
            {"@id": "star:giant", "@type": "skos:Concept", "skos:prefLabel": {"@value": "giant star", "@language": "en"}, "skos:broader": {"@id": "star:star"}, "star:mass": {"@value": "2.50", "@type": "xsd:decimal"}},
            {"@id": "star:star", "skos:prefLabel": {"@value": "star", "@language": "en"}},
        ],
    }
)  # fmt: skip
STATED = {
    ("star:giant", "rdf:type", "skos:Concept", "", ""),
    ("star:giant", "skos:prefLabel", "giant star", "", "en"),
    ("star:giant", "skos:broader", "star:star", "", ""),
    ("star:giant", "star:mass", "2.50", "xsd:decimal", ""),
    ("star:star", "skos:prefLabel", "star", "", "en"),
    ("prefix:star", "srm:namespace", "http://example.org/star/", "xsd:anyURI", ""),
}
OBO = r"""format-version: 1.2
ontology: zz

[Term]
id: ZZ:0000002 ! the second
name: red giant {source="x"}
def: "A giant that is \"red\"." [ZZ:me]
synonym: "red giant star" EXACT []
synonym: "cool giant" RELATED [ZZ:me]
is_a: ZZ:0000001 ! giant
relationship: part_of ZZ:0000009 ! galaxy
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""
OBO_IRI = "http://purl.obolibrary.org/obo/"


def stated(items: list[Triple | Skipped]) -> set[tuple[str, str, str, str, str]]:
    triples = [item for item in items if isinstance(item, Triple)]
    assert len(triples) == len(items), [item for item in items if isinstance(item, Skipped)]
    assert all(item.source == SOURCE for item in triples)
    return {(item.subject, item.predicate, item.object, item.datatype, item.language) for item in triples}


def read(path: Path) -> list[Triple | Skipped]:
    return list(path_facts(path, SOURCE, Naming({})))


@pytest.mark.parametrize(
    ("suffix", "text"), [(".ttl", TURTLE), (".nt", NTRIPLES), (".rdf", RDFXML), (".owl", RDFXML), (".jsonld", JSONLD)]
)
def test_every_syntax_gives_the_same_triples(tmp_path: Path, suffix: str, text: str) -> None:
    (tmp_path / f"stars{suffix}").write_text(text)
    assert stated(read(tmp_path / f"stars{suffix}")) == STATED


def test_obo_by_hand(tmp_path: Path) -> None:
    (tmp_path / "zz.obo").write_text(OBO)
    term, part = "zz:0000002", "zz2:part_of"  # the ontology's own names have a namespace beside that of its terms
    assert stated(read(tmp_path / "zz.obo")) == {
        (term, "rdf:type", "owl:Class", "", ""),
        (term, "rdfs:label", "red giant", "xsd:string", ""),
        (term, "skos:definition", 'A giant that is "red".', "xsd:string", ""),
        (term, "skos:altLabel", "red giant star", "xsd:string", ""),
        (term, "oboinowl:hasRelatedSynonym", "cool giant", "xsd:string", ""),
        (term, "rdfs:subClassOf", "zz:0000001", "", ""),
        (term, part, "zz:0000009", "", ""),
        (term, "owl:deprecated", "true", "xsd:boolean", ""),
        (part, "rdf:type", "owl:ObjectProperty", "", ""),
        (part, "rdfs:label", "part of", "xsd:string", ""),
        ("prefix:zz", "srm:namespace", OBO_IRI + "ZZ_", "xsd:anyURI", ""),
        ("prefix:zz2", "srm:namespace", OBO_IRI + "zz#", "xsd:anyURI", ""),
        ("prefix:oboinowl", "srm:namespace", "http://www.geneontology.org/formats/oboInOwl#", "xsd:anyURI", ""),
    }


def test_nodes_without_a_name_are_called_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("@prefix e: <http://e.org/> . e:a e:has [ e:size 3 ; e:in [ e:b 1 ] ] .")
    first, second = read(tmp_path / "a.ttl"), read(tmp_path / "a.ttl")
    assert first == second
    blank = {item.subject for item in first if isinstance(item, Triple) and item.subject.startswith("blank:")}
    assert len(blank) == 2


HOSTILE = {
    "laughs.rdf": '<!DOCTYPE r [<!ENTITY a "http://x/aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>',
    "file.rdf": '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><r>&a;</r>',
    "outside.rdf": '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>',
    "parameter.rdf": '<!DOCTYPE r [<!ENTITY % a "http://x/"> %a;]><r/>',
    "words.rdf": '<!DOCTYPE r [<!ENTITY a "many words">]><r>&a;</r>',
    "later.rdf": "<r><!DOCTYPE r></r>",
    "bomb.rdf": f'<!DOCTYPE r [<!ENTITY a "http://x/{"a" * 480}">]><r>{"&a;" * 20_000}</r>',
    "remote.jsonld": '{"@context": "http://127.0.0.1:9/context", "@id": "http://e.org/a", "name": "x"}',
    "local.jsonld": '{"@context": "file:///etc/hostname", "@id": "http://e.org/a", "name": "x"}',
    "cut.ttl": '@prefix e: <http://e.org/> . e:a e:b "c',
    "relative.ttl": "<a> <b> <c> .",
    "later.nt": '<http://e.org/a> <http://e.org/b> "c" .\nnot a statement',
    "quoted.ttl": "@prefix e: <http://e.org/> . e:a e:b <<( e:c e:d e:e )>> .",
    "none.obo": "format-version: 1.2\n",
    "nameless.obo": "[Term]\nname: x\n",
    "empty.ttl": "",
    "binary.owl": "\0\0",
    "lists.jsonld": "[" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_or_broken_gives_a_reason_and_no_fact(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE[name])
    (skipped,) = read(tmp_path / name)
    assert isinstance(skipped, Skipped)
    assert skipped.reason
    assert "reader failed" not in skipped.reason
    assert Path("/etc/hostname").read_text().strip() not in skipped.reason


def test_a_worker_that_needs_too_much_gives_a_reason(tmp_path: Path) -> None:
    lines = (f'<http://e.org/{at}> <http://e.org/p> "{"x" * 100}" .\n' for at in range(20_000))
    (tmp_path / "long.nt").write_text("".join(lines))
    with pytest.raises(Unreadable, match="more than 1 MB"):
        list(read_facts_apart(tmp_path / "long.nt", ".nt", Limits(output_mb=1)))
    assert len(list(read_facts_apart(tmp_path / "long.nt", ".nt"))) == 20_000


def test_shorthands_are_put_in_full_and_the_document_type_is_gone() -> None:
    text = '<?xml version="1.0"?><!-- c --><!DOCTYPE r [<!ENTITY a "http://x/">]><r y="&a;b">&amp;&a;</r>'
    assert written_out(text) == '<?xml version="1.0"?><!-- c --><r y="http://x/b">&amp;http://x/</r>'
    assert written_out("<r>&amp;</r>") == "<r>&amp;</r>"


def test_prefixes_are_as_declared_or_made_and_never_taken_twice() -> None:
    naming = Naming({"star": "http://other.org/"}, lambda prefix: prefix == "star2")
    naming.suggest("star", "http://example.org/star/")
    naming.suggest("9bad", "http://example.org/nine/")
    assert naming.curie("http://example.org/star/giant") == "star3:giant"
    assert naming.curie("http://www.w3.org/2004/02/skos/core#broader") == "skos:broader"
    assert naming.curie("http://purl.obolibrary.org/obo/HP_0000118") == "hp:0000118"
    assert naming.curie("http://example.org/nine/a") == "nine:a"
    assert naming.curie("http://example.org/nine/") == "nine:"
    assert naming.curie("urn:isbn:123") == "isbn:123"
    assert naming.curie("http://example.org/nine/a%2fb") == "http://example.org/nine/a%2fb"  # %2f would become %2F
    assert [fact.object for fact in naming.new_facts(SOURCE)] == [
        "http://example.org/star/", "http://example.org/nine/", "urn:isbn:",
    ]  # fmt: skip
    assert naming.new_facts(SOURCE) == []


def test_a_folder_knows_the_iris_and_prefixes_of_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "stars.ttl").write_text(TURTLE)
    knowledge = FolderKnowledge(tmp_path / "kg")
    knowledge.add((), [item for item in read(tmp_path / "stars.ttl") if isinstance(item, Triple)])
    for asked in ("star:giant", "<http://example.org/star/giant>"):
        assert knowledge.query(f"SELECT ?up {{ {asked} skos:broader ?up }}", {}) == [{"up": "star:star"}]
    knowledge.close()
    again = FolderKnowledge(tmp_path / "kg")
    assert again.query("SELECT ?up { $it skos:broader ?up }", {"it": "star:giant"}) == [{"up": "star:star"}]
    assert again.prefixes() == {"star": "http://example.org/star/"}
    assert again.check()["shacl_violations"] == 0


def test_a_prefix_that_facts_use_already_keeps_its_meaning(tmp_path: Path) -> None:
    knowledge = FolderKnowledge(tmp_path / "kg")
    own = Triple(subject="star:mine", predicate="rdfs:label", object="x", datatype="xsd:string", source=SOURCE)
    knowledge.add((), [own])
    (tmp_path / "stars.ttl").write_text(TURTLE)
    facts = path_facts(tmp_path / "stars.ttl", SOURCE, knowledge.naming())
    knowledge.add((), [item for item in facts if isinstance(item, Triple)])
    assert knowledge.prefixes() == {"star2": "http://example.org/star/"}
    assert knowledge.query("SELECT ?l { star2:star skos:prefLabel ?l }", {}) == [{"l": "star"}]
    assert knowledge.query("SELECT ?l { $it rdfs:label ?l }", {"it": "star:mine"}) == [{"l": "x"}]


def test_in_a_corpus_graph_files_give_facts_and_no_documents(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "stars.ttl").write_text(TURTLE)
    (folder / "broken.ttl").write_text("nothing of the kind")
    config = PackConfig(corpus=(Corpus(path=str(folder), licence="CC0-1.0", name="stars"),))
    out = tmp_path / "out"
    out.mkdir()
    from srm_core.config import IngestConfig

    counts = take_in(Host(), config, IngestConfig(corpus=config.corpus), out, silent)
    assert (counts["documents"], counts["quarantined"], counts["in"]) == (0, 1, 1)
    assert read_rows(out / "quarantine.jsonl")[0]["path"] == "broken.ttl"
    assert stated(list(srm_triples(config))) == STATED
    (folder / "stars.ttl").unlink()
    with pytest.raises(ConfigError, match="nothing in"):
        take_in(Host(), config, IngestConfig(corpus=config.corpus), out, silent)


def test_a_graph_in_an_archive_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("stars.ttl", TURTLE)
    with caplog.at_level(logging.WARNING, "srm.quarantine"):
        assert list(srm_documents(PackConfig(corpus=(Corpus(path=str(tmp_path), licence="CC0-1.0"),)))) == []
    assert caplog.messages == ["a.zip!/stars.ttl: a graph inside an archive is not read; unpack it"]


# ---- the commands


@pytest.fixture
def cli() -> click.Group:
    group = click.Group("srm")
    srm_commands(group)
    return group


def run(cli: click.Group, *words: object) -> str:
    done = CliRunner().invoke(cli, ["kg", *map(str, words)])
    if done.exception:
        raise done.exception
    return done.stdout


def test_import_stats_query_and_diff(cli: click.Group, tmp_path: Path) -> None:
    (tmp_path / "one.ttl").write_text(TURTLE)
    (tmp_path / "two.ttl").write_text(TURTLE.replace('"giant star"@en', '"giant"@en, "Riese"@de'))
    for name in ("one", "two"):
        said = run(
            cli, "import", tmp_path / name, tmp_path / f"{name}.ttl", "--source", "stars", "--licence", "CC0-1.0"
        )
        assert said == ("6 new facts, 6 in all\n" if name == "one" else "7 new facts, 7 in all\n")
    again = run(
        cli, "import", tmp_path / "one", tmp_path / "one.ttl", "--source", "stars", "--licence", "CC0-1.0", "--json"
    )
    assert json.loads(again) == {"new": 0, "triples": 6, "skipped": []}
    (tmp_path / "more.ttl").write_text("@prefix sky: <http://example.org/sky/> . sky:a sky:b sky:c .")
    more = run(cli, "import", tmp_path / "one", tmp_path / "more.ttl", "--source", "sky", "--licence", "MIT")
    assert more == "2 new facts, 8 in all\n"
    shutil.copytree(tmp_path / "one", tmp_path / "with sky")
    assert run(cli, "query", tmp_path / "with sky", "SELECT ?o { sky:a ?p ?o }").splitlines()[1] == "sky:c"
    assert "giant star" in run(cli, "query", tmp_path / "one", "SELECT ?l { star:giant skos:prefLabel ?l }")
    counts = json.loads(run(cli, "stats", tmp_path / "two", "--json"))
    assert counts["sources"] == {"stars (CC0-1.0)": 7}
    assert counts["languages"] == {"": 4, "en": 2, "de": 1}
    assert counts["classes"] == {"skos:Concept": 1}
    assert counts["predicates"]["skos:prefLabel"] == 3
    assert "star: http://example.org/star/" in run(cli, "stats", tmp_path / "two")
    assert run(cli, "diff", tmp_path / "one", tmp_path / "two").splitlines() == [
        "removed: 3 facts",
        "  - prefix:sky srm:namespace http://example.org/sky/ xsd:anyURI",
        "  - sky:a sky:b sky:c",
        "  - star:giant skos:prefLabel giant star en",
        "added: 2 facts",
        "  + star:giant skos:prefLabel Riese de",
        "  + star:giant skos:prefLabel giant en",
    ]
    assert json.loads(run(cli, "diff", tmp_path / "one", tmp_path / "one", "--json"))["added"]["facts"] == 0


def test_importing_a_folder_says_what_it_skipped(cli: click.Group, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.ttl").write_text(TURTLE)
    (files / "b.ttl").write_text("broken")
    (files / "c.txt").write_text("words")
    (files / "d.nt").write_text('<http://e.org/a> <http://e.org/b> "" .')
    said = json.loads(run(cli, "import", tmp_path / "kg", files, "--source", "s", "--licence", "MIT", "--json"))
    assert said["triples"] == 6
    assert {item["path"]: item["reason"].partition(":")[0] for item in said["skipped"]} == {
        "b.ttl": "broken", "c.txt": "a document, no facts", "d.nt": "1 statements with an empty text",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "KG", "nowhere.ttl", "--source", "s", "--licence", "MIT"], "does not exist"),
        (["import", "KG", "words.txt", "--source", "s", "--licence", "MIT"], "no file of facts"),
        (["import", ".", "words.txt", "--source", "s", "--licence", "MIT"], "is no knowledge folder and not empty"),
        (["import", "KG", "words.txt", "--source", " ", "--licence", "MIT"], "must say something"),
        (["stats", "KG"], "is no knowledge folder"),
        (["diff", "KG", "KG"], "is no knowledge folder"),
    ],
)
def test_one_sentence_for_each_wrong_use(
    cli: click.Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.txt").write_text("words")
    with pytest.raises(ConfigError, match=said):
        run(cli, *words)


# ---- real vocabularies


@pytest.fixture
def ontologies() -> Path:
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "ontologies"
    if not folder.is_dir():
        pytest.skip("the shared ontologies are not beside the repository")
    return folder


def test_the_unified_astronomy_thesaurus_comes_in_whole(ontologies: Path) -> None:
    facts = [item for item in read_facts_apart(ontologies / "uat" / "UAT.rdf", ".rdf") if isinstance(item, Fact)]
    broader = [fact for fact in facts if fact.predicate.endswith("core#broader")]
    assert len(facts) == 24_898 - sum(isinstance(item, Shorthand) for item in facts)
    assert len(broader) == 2645


def test_a_module_of_fibo_comes_in_with_its_shorthands(ontologies: Path) -> None:
    items = read(ontologies / "fibo" / "LOAN" / "RealEstateLoans" / "MortgageOrigination.rdf")
    triples = [item for item in items if isinstance(item, Triple)]
    assert len(triples) == len(items) > 300
    assert [item.predicate for item in triples if item.object == "owl:Ontology"] == ["rdf:type"]
    assert not any("&" in item.subject or "http" in item.predicate for item in triples)
