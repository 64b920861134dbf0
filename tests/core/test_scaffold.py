"""A new pack or plugin works before anything is changed, and the tutorials do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.config import load_config
from srm_core.discovery import PLUGINS, offers
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.pipeline import build
from srm_core.prompts import Message
from srm_core.records import BuildManifest, Sampling
from srm_core.scaffold import new_pack, new_plugin
from srm_core.testing.checks import run_checks
from srm_core.testing.fixtures import write_metadata
from srm_core.workspace import Workspace

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KNOWLEDGE = """
from srm_core import hookimpl

@hookimpl
def srm_open_knowledge(folder):
    from srm_core.testing.fakes import DictKnowledge
    return DictKnowledge(folder)
"""


@pytest.fixture
def little_knowledge(tmp_path: Path, srm_alone: None, srm_install: Callable[[Path], None]) -> None:
    """Put a small knowledge base in the place of the installed one."""
    home = tmp_path / "little"
    home.mkdir()
    (home / "little_knowledge.py").write_text(KNOWLEDGE)
    entry = '[project.entry-points."srm.plugins"]\nlittle = "little_knowledge"\n'
    (home / "pyproject.toml").write_text(f'[project]\nname = "srm-little"\nversion = "1"\n{entry}')
    srm_install(home)


def run_pytest(folder: Path) -> str:
    """Run a distribution's own tests in a process of its own and return the summary line."""
    path = os.pathsep.join([*[path for path in sys.path if path], str(ROOT)])
    env = {**os.environ, "PYTHONPATH": path, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "srm_core.testing.fixtures"]
    done = subprocess.run([*command, "tests"], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.usefixtures("little_knowledge")
def test_a_new_pack_keeps_every_promise(tmp_path: Path, srm_install: Callable[[Path], None]) -> None:
    folder = new_pack("sea_life", tmp_path)
    assert folder == tmp_path / "srm-pack-sea-life"
    srm_install(folder)
    host = Host("sea_life")
    assert host.pack().title == "Sea life"
    assert [result for result in run_checks(host) if not result.passed] == []


def test_no_mark_of_the_template_is_left(tmp_path: Path) -> None:
    for folder in (new_pack("animals", tmp_path), new_plugin("short", tmp_path)):
        files = [file for file in folder.rglob("*") if file.is_file()]
        assert len(files) > 4
        for file in files:
            assert "MODULE" not in str(file.relative_to(folder))
            assert file.suffix != ".tmpl"
            assert "{{" not in file.read_text()


@pytest.mark.parametrize("name", ["", "A", "Medical", "my-pack", "2nd", "class", "a b", "../up", "x" * 40])
def test_a_name_that_cannot_be_a_module_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no name for a pack; use 2 to 31 lower-case letters"):
        new_pack(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "srm-plugin-short").mkdir()
    with pytest.raises(ConfigError, match="srm-plugin-short exists already; choose another name or folder"):
        new_plugin("short", tmp_path)


def test_a_name_that_is_installed_is_refused(tmp_path: Path, srm_install: Callable[[Path], None]) -> None:
    srm_install(ROOT / "tests" / "external_pack")
    with pytest.raises(ConfigError, match="a pack called 'toy' is already installed; choose another name"):
        new_pack("toy", tmp_path)
    with pytest.raises(ConfigError, match="a plugin called 'core' is already installed"):
        new_plugin("core", tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"srm-pack-animals cannot be written: "):
        new_pack("animals", tmp_path / "file")


# ---- the tutorials


class Reader:
    """Follows a tutorial: runs its commands, writes its files."""

    def __init__(self, home: Path, install: Callable[[Path], None]) -> None:
        self.here, self._install = home, install
        self.done: list[str] = []
        self.vocabulary: tuple[Path, str] | None = None  # to be put there once the folder is
        self.built: BuildManifest | None = None

    def follow(self, page: Path) -> None:
        for language, where, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language == "bash":
                for line in text.splitlines():
                    self._run(line)
                    self.done.append(line)
            else:
                self._write(where, text)
                self.done.append(where)

    def _run(self, line: str) -> None:
        match line.split():
            case ["srm", "new", "pack", name]:
                new_pack(name, self.here)
            case ["srm", "new", "plugin", name]:
                new_plugin(name, self.here)
            case ["cd", folder]:
                self.here = self.here / folder
                if self.vocabulary:
                    self.vocabulary[0].write_text(self.vocabulary[1], encoding="utf-8")
            case ["pip", "install", "-e", "."]:
                self._install(self.here)
            case ["srm", "check", name]:
                self._check(name)
            case ["srm", "plugins"]:
                self._forget()
                assert self.here.name.rpartition("-")[2] in [info.name for info in Host().plugins()]
            case ["srm", "build", "--pack", name, "--effort", "smoke"]:
                self.built = _built(name, self.here)
            case ["pytest"]:
                assert " passed" in run_pytest(self.here)
            case _:
                pytest.fail(f"the tutorial says {line!r}, which this test cannot follow")

    def _check(self, name: str) -> None:
        self._forget()
        assert [result for result in run_checks(Host(name)) if not result.passed] == []

    def _forget(self) -> None:
        """Drop what was imported, as a new command would find the files anew."""
        module = self.here.name.replace("-", "_")
        for name in [each for each in sys.modules if each.partition(".")[0] == module]:
            del sys.modules[name]

    def _write(self, where: str, text: str) -> None:
        name, _, how = where.partition(" ")
        file = self.here / name
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        if not how:
            new = text
        elif how == "append":
            new = f"{old}\n\n{text}"
        elif how.startswith("after "):
            new = old.replace(
                how[len("after ") :].strip('"'), how[len("after ") :].strip('"') + "\n" + text.rstrip(), 1
            )
        else:
            assert how == "replace srm_problems"
            new = re.sub(r"@hookimpl\ndef srm_problems.*?(?=\n\n\n|\Z)", lambda _: text, old, flags=re.DOTALL)
        assert new != old, f"{where} changes nothing"
        file.write_text(new, encoding="utf-8")


@pytest.mark.usefixtures("little_knowledge")
def test_the_pack_tutorial_does_what_it_says(tmp_path: Path, srm_install: Callable[[Path], None]) -> None:
    reader = Reader(tmp_path, srm_install)
    reader.follow(ROOT / "docs" / "write-a-pack.md")
    assert len(reader.done) == 10
    pack = Host("animals").pack()
    assert [kind.name for kind in pack.kinds] == ["choice", "class"]


VOCABULARIES = ["small", pytest.param("Unified Astronomy Thesaurus", marks=pytest.mark.slow)]
THESAURUS = ROOT.parent / "shared" / "data" / "ontologies" / "uat" / "UAT.rdf"


@pytest.mark.usefixtures("little_knowledge")
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_the_vocabulary_tutorial_does_what_it_says(
    vocabulary: str, tmp_path: Path, srm_install: Callable[[Path], None]
) -> None:
    if vocabulary != "small" and not THESAURUS.exists():
        pytest.skip(f"{vocabulary} is not at hand: {THESAURUS.name} is no part of this project")
    page = ROOT / "docs" / "tutorial-vocabulary.md"
    code = [text for language, _, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language == "python"]
    assert sum(len([line for line in text.splitlines() if line.strip()]) for text in code) < 100
    reader = Reader(tmp_path, srm_install)
    data = tmp_path / "srm-pack-sky" / "srm_pack_sky" / "data" / "vocabulary.rdf"
    reader.vocabulary = (data, _shapes() if vocabulary == "small" else THESAURUS.read_text(encoding="utf-8"))
    reader.follow(page)
    assert len(reader.done) == 8
    assert reader.built is not None
    counts = {stage.stage: stage.counts for stage in reader.built.stages}
    assert counts["ground"]["triples"] == (8 * 8 * 3 + 8 if vocabulary == "small" else 5066)
    assert {score.kind for score in reader.built.scores} >= {"above", "term"}


def _shapes() -> str:
    """Return a SKOS vocabulary of 72 concepts: shapes, and each of them in a colour."""
    lines = []
    for n, shape in enumerate(["Circles", "Squares", "Cones", "Cubes", "Rings", "Stars", "Arcs", "Crosses"], 1):
        lines.append(_concept(n, shape))
        for m, colour in enumerate(["Red", "Blue", "Green", "White", "Black", "Brown", "Pink", "Grey"], 1):
            words = f"{shape.lower()} that are {colour.lower()}"
            lines.append(_concept(100 * n + m, f"{colour} {shape.lower()}", above=n, words=words))
    spaces = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#"'
    return f"<rdf:RDF {spaces}>{''.join(lines)}</rdf:RDF>"


def _concept(number: int, label: str, above: int = 0, words: str = "") -> str:
    inner = f'<skos:prefLabel xml:lang="en">{label}</skos:prefLabel>'
    inner += f'<skos:broader rdf:resource="http://shapes.example/{above}"/>' if above else ""
    inner += f'<skos:definition xml:lang="en">{words}</skos:definition>' if words else ""
    return f'<rdf:Description rdf:about="http://shapes.example/{number}">{inner}</rdf:Description>'


def _built(name: str, here: Path) -> BuildManifest | None:
    """Build the pack in smoke effort, with a model that answers nothing right in the place of the embedded one."""
    config = load_config(pack=name, effort="smoke", base="tiny:0")
    return build(config, Workspace(here / ".srm"))


@pytest.mark.usefixtures("srm_alone")
def test_the_plugin_tutorial_does_what_it_says(tmp_path: Path, srm_install: Callable[[Path], None]) -> None:
    reader = Reader(tmp_path, srm_install)
    reader.follow(ROOT / "docs" / "write-a-plugin.md")
    assert len(reader.done) == 8
    reader._forget()
    host = Host()
    host.require_whole()
    model = host.load_model("parrot:1")
    assert model.generate([(Message(role="user", content="hello"),)], Sampling())[0][0].text == "hello"


def test_metadata_is_written_as_installers_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = {"name": "srm-some-thing", "version": "2.1", "entry-points": {PLUGINS: {"thing": "some.module:value"}}}
    write_metadata(project, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = offers(PLUGINS)["thing"][0]
    assert (entry.value, entry.dist and entry.dist.version) == ("some.module:value", "2.1")
