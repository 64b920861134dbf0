from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from srm_knowledge.glossary import glossary
from srm_knowledge.hooks import srm_commands, srm_open_knowledge, srm_sections
from srm_knowledge.store import FolderKnowledge

from srm_core.config import Corpus
from srm_core.errors import ConfigError
from srm_core.records import BuildManifest, Pack, Source


@pytest.fixture
def cli() -> click.Group:
    group = click.Group("srm")
    srm_commands(group)
    return group


@pytest.fixture
def folder(knowledge: FolderKnowledge, glossary_file: Corpus) -> Path:
    knowledge.add([], glossary(glossary_file))
    knowledge.close()
    return knowledge.folder


def test_importing_the_hooks_and_using_the_graph_loads_nothing_heavy(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import srm_knowledge.hooks as hooks\n"
        "heavy = {'torch', 'transformers', 'chromadb', 'rdflib', 'selectolax', 'pyoxigraph', 'pyshacl'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "knowledge = hooks.srm_open_knowledge(Path(sys.argv[1]))\n"
        "assert knowledge.query('SELECT ?label WHERE { ?s skos:prefLabel ?label }', {}) and list(knowledge.facts())\n"
        "assert not {'torch', 'transformers', 'chromadb'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_an_empty_folder_is_opened_as_empty_knowledge(tmp_path: Path) -> None:
    knowledge = srm_open_knowledge(tmp_path / "new")
    assert list(knowledge.facts()) == []
    assert knowledge.query("SELECT ?s { ?s ?p ?o }", {}) == []


def test_kg_prints_a_table_and_its_count(cli: click.Group, folder: Path) -> None:
    query = "SELECT ?term ?label WHERE { ?term skos:prefLabel ?label ; skos:definition ?d } ORDER BY ?label LIMIT 2"
    result = CliRunner().invoke(cli, ["kg", "query", str(folder), query])
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "term                          label",
        "corpus:amphiarthrosis         amphiarthrosis",
        "corpus:body-mass-index-(bmi)  body mass index (BMI)",
        "(2 rows)",
    ]


def test_kg_binds_names_and_prints_json(cli: click.Group, folder: Path) -> None:
    query = "SELECT ?meaning WHERE { $term skos:definition ?meaning }"
    result = CliRunner().invoke(cli, ["kg", "query", str(folder), query, "--bind", "term=corpus:diarthrosis", "--json"])
    assert result.output == '{"meaning": "freely mobile joint"}\n'


@pytest.mark.parametrize("more", [["SELECT ?s FROM <x:y> { ?s ?p ?o }"], ["SELECT ?s { ?s ?p ?o }", "--bind", "x"]])
def test_kg_refuses_with_one_sentence(cli: click.Group, folder: Path, more: list[str]) -> None:
    result = CliRunner().invoke(cli, ["kg", "query", str(folder), *more])
    assert isinstance(result.exception, ConfigError)


def test_kg_names_a_folder_that_is_none(cli: click.Group, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["kg", "query", str(tmp_path), "SELECT ?s { ?s ?p ?o }"])
    assert isinstance(result.exception, ConfigError)
    assert "no knowledge folder" in str(result.exception)
    assert list(tmp_path.iterdir()) == []  # asking makes nothing


def test_the_card_lists_every_source_with_its_licence_once() -> None:
    sources = (
        Source(name="b | <b>", licence="CC-BY-4.0"),
        Source(name="a", licence="MIT", version="1", url="https://example.org"),
        Source(name="a", licence="MIT", version="1", url="https://example.org"),
    )
    pack = Pack(name="p", title="P", version="1", intended_use="x", out_of_scope="y", system_prompt="z", kinds=())
    manifest = BuildManifest(
        pack=pack,
        base="b",
        teacher="t",
        seed=0,
        effort="smoke",
        settings={},
        stages=(),
        sources=sources,
        scores=(),
        findings=(),
    )
    (section,) = srm_sections(manifest)
    assert "2 source(s), under: CC-BY-4.0, MIT" in section.body
    assert "| a | 1 | MIT | https://example.org |" in section.body
    assert r"| b \| \<b\> | – | CC-BY-4.0 | – |" in section.body
