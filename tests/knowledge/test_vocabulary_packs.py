"""A mapping file becomes a pack that keeps every promise, and the page about it does what it says."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from srm_knowledge.commands import kg
from srm_knowledge.vocabulary.facts import triples
from srm_knowledge.vocabulary.packs import write_pack

from srm_core.config import PackConfig, load_config
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.pipeline import build
from srm_core.testing.checks import run_checks
from srm_core.workspace import Workspace

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "vocabulary.md"
MAPPING = Path(__file__).parent / "vocabulary" / "workshop.toml"
LESS = (
    "distill.per_kind=2",
    'train.methods=["sft"]',
    "evaluate.test_per_kind=1",
    "evaluate.general=0",
    'evaluate.arms=["sft"]',
)
BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_does_what_it_says(
    tmp_path: Path, srm_install: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = []
    for language, where, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if where:
            (tmp_path / where).write_text(text, encoding="utf-8")
        for line in text.splitlines() if language == "bash" else ():
            _run(line, srm_install, monkeypatch)
            done.append(line)
    assert len(done) == 5


def _run(line: str, install: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    match line.split():
        case ["srm", "kg", "pack", mapping]:
            result = CliRunner().invoke(kg, ["pack", mapping], catch_exceptions=False)
            assert result.output.splitlines()[0] == "above: 30 problems or more"
            assert result.output.splitlines()[-1] == "srm-pack-boats"
        case ["cd", folder]:
            monkeypatch.chdir(folder)
        case ["pip", "install", "-e", "."]:
            install(Path.cwd())
        case ["srm", "check", name]:
            assert [result for result in run_checks(Host(name)) if not result.passed] == []
        case ["srm", "build", "--pack", name, "--effort", "smoke"]:
            built = build(
                load_config(pack=name, effort="smoke", base="tiny:0", assignments=LESS), Workspace(Path.cwd() / ".srm")
            )
            counts = {stage.stage: stage.counts for stage in built.stages}
            assert counts["ground"]["triples"] == 98
            assert counts["pose"]["problems"] > 90
            assert {score.kind for score in built.scores} >= {"above", "above_twice", "alike"}
        case _:
            pytest.fail(f"the page says {line!r}, which this test cannot follow")


def test_the_page_gives_the_hook_of_an_existing_pack_in_three_lines(tmp_path: Path) -> None:
    (lines,) = [text for language, _, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if language == "python"]
    assert len([line for line in lines.splitlines() if line and not line.startswith("#")]) == 3
    before, hook = lines.split("# in srm_problems")
    body = "".join(f"    {line}\n" for line in hook.splitlines()[1:])
    (tmp_path / "own_pack.py").write_text(
        "from pathlib import Path\n"
        "from srm_knowledge.vocabulary.mapping import load_vocabulary\n"
        "from srm_core import hookimpl\n"
        f"{before}\n@hookimpl\ndef srm_problems(knowledge, config):\n{body}",
        encoding="utf-8",
    )
    for name in ("workshop.ttl", "workshop.toml"):
        text = (MAPPING.parent / name).read_text(encoding="utf-8")
        (tmp_path / name.replace("workshop.toml", "vocabulary.toml")).write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("own_pack", tmp_path / "own_pack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    host = Host()
    host.register(module, "own_pack")
    knowledge = host.open_knowledge(tmp_path / "knowledge")
    knowledge.add((), triples(module.VOCABULARY))
    found = list(host.problems(knowledge, PackConfig(per_kind=4, kinds=("above", "alike"))))
    knowledge.close()
    assert [problem.kind for problem in found] == ["above"] * 4 + ["alike"] * 4


def test_a_pack_of_every_shape_keeps_every_promise(tmp_path: Path, srm_install: Callable[[Path], None]) -> None:
    folder, counts = write_pack(MAPPING, tmp_path)
    assert counts["above"] == 30
    assert min(counts.values()) >= 8
    srm_install(folder)
    host = Host("workshop")
    assert [kind.name for kind in host.pack().kinds] == list(counts)
    assert [result for result in run_checks(host) if not result.passed] == []


def test_nothing_is_written_where_the_mapping_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("workshop.ttl", "workshop.toml"):
        (home / name).write_text((MAPPING.parent / name).read_text(encoding="utf-8"), encoding="utf-8")
    mapping = home / "workshop.toml"
    written = mapping.read_text(encoding="utf-8")
    for old, new, said in (
        ('files = ["workshop.ttl"]', "", "names no files; a pack of its own needs its facts"),
        ('"workshop.ttl"', '"workshop.ttl", "../home/workshop.ttl"', "names two files called workshop.ttl"),
        (
            'predicate = "ws:weight"',
            'predicate = "ws:wait"',
            "which no fact of 'workshop' has. Did you mean 'ws:weight'",
        ),
    ):
        mapping.write_text(written.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigError, match=re.escape(said)):
            write_pack(mapping, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_files_is_copied_whole(tmp_path: Path) -> None:
    facts = tmp_path / "facts" / "inner"
    facts.mkdir(parents=True)
    (facts / "workshop.ttl").write_text((MAPPING.parent / "workshop.ttl").read_text(encoding="utf-8"), encoding="utf-8")
    mapping = tmp_path / "workshop.toml"
    mapping.write_text(MAPPING.read_text(encoding="utf-8").replace('"workshop.ttl"', '"facts"'), encoding="utf-8")
    folder, counts = write_pack(mapping, tmp_path / "out")
    assert (folder / "srm_pack_workshop" / "data" / "facts" / "inner" / "workshop.ttl").is_file()
    assert counts["above"] == 30
