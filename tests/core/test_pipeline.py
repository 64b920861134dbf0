"""Whole builds: what runs, what is kept, and that equal settings give equal results."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.errors import ArtifactError
from srm_core.pipeline import STAGES, STEPS, build, context_of, rerun, settings_of
from srm_core.records import BuildManifest
from srm_core.store import check_files, read_stage
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]
CORE = Path(__file__).parents[2] / "srm_core"


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Workspace:
    """A copy of the finished build that the test may change."""
    shutil.copytree(built, tmp_path / "ws", symlinks=True)
    return Workspace(tmp_path / "ws")


def finished(place: Workspace) -> dict[str, set[str]]:
    """Return the keys of the finished artifacts by stage."""
    return {name: {path.name for path in (place.root / "store" / name).glob("[!.]*")} for name in STAGES}


def outcome(manifest: BuildManifest) -> dict[str, Any]:
    """Return everything two equal builds must share: records, weights and metrics by their hashes."""
    return {record.stage: (record.key, record.counts, record.metrics, record.files) for record in manifest.stages}


def test_a_build_runs_all_eight_stages_and_its_manifest_is_complete(built: Path) -> None:
    assert {name: len(keys) for name, keys in finished(Workspace(built)).items()} == dict.fromkeys(STAGES, 1)
    run = Workspace(built).run("first")
    manifest = run.manifest()
    assert [record.stage for record in manifest.stages] == list(STAGES[:-1])
    for record in manifest.stages:
        folder = built / "store" / record.stage / record.key
        assert read_stage(folder) == record
        assert set(record.inputs) == set(next(step for step in STEPS if step.name == record.stage).needs)
    assert manifest.settings == settings_of(run).model_dump(mode="json")
    assert (manifest.base, manifest.teacher, manifest.seed, manifest.pack.name) == ("tiny:0", "solver:", 0, "toy")
    assert {score.arm for score in manifest.scores} == {"base-few", "sft", "rl", "shuffled", "none", "base-zero"}
    assert [source.licence for source in manifest.sources] == ["CC0-1.0"]
    assert manifest.findings
    assert manifest.leak["clean"]
    assert manifest.verdict == "INCONCLUSIVE"  # trained for a second, it answers as its base does on the few items
    assert [(item.gate, item.outcome) for item in manifest.objections] == [
        ("capability", "inconclusive"),  # no gain
        ("capability", "inconclusive"),  # and eight general items settle nothing
        ("graders", "inconclusive"),  # what it answers cannot be read, so the second grader has nothing to judge
    ]
    assert manifest.environment["torch"]
    assert (run.path / "report.html").read_text() == (run.candidate / "report.html").read_text()
    for name in ("merged/model.safetensors", "adapter/adapter_model.safetensors", "README.md", "leak.json"):
        assert (run.candidate / name).is_file(), name


def test_nothing_in_the_store_or_the_candidate_names_this_machine(built: Path, toy_home: Path) -> None:
    named = [
        str(path.relative_to(built))
        for path in (built / "store").rglob("*")
        if path.is_file() and (str(toy_home).encode() in path.read_bytes())
    ]
    assert named == []


UNCHANGED = """
import sys, time
started = time.monotonic()
from srm_core.cli import cli
cli(["build", "--config", "toy.toml", "--workspace", sys.argv[1], "--run", "first"], standalone_mode=False)
heavy = {"torch", "transformers", "trl", "peft", "datasets", "chromadb"} & set(sys.modules)
print("seconds", time.monotonic() - started, "heavy", sorted(heavy))
"""


def test_an_unchanged_build_is_kept_in_seconds_and_imports_nothing_heavy(
    copy: Workspace, toy_home: Path, toy_environment: dict[str, str]
) -> None:
    before = copy.run("first").manifest()
    command = [sys.executable, "-c", UNCHANGED, str(copy.root)]
    environment = {**os.environ, **toy_environment}
    done = subprocess.run(command, cwd=toy_home, env=environment, capture_output=True, text=True, check=True)
    _, seconds, _, heavy = done.stdout.splitlines()[-1].split(" ", 3)
    assert heavy == "[]"
    assert float(seconds) < 5
    assert [line.split(":")[0] for line in done.stderr.splitlines() if "(kept)" in line] == list(STAGES)
    assert copy.run("first").manifest() == before


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ("release.min_gain=0.1", ["release"]),
        ("audit.alpha=0.1", ["audit", "release"]),
        ("evaluate.test_per_kind=3", ["evaluate", "release"]),
    ],
)
def test_a_changed_setting_reruns_only_what_depends_on_it(
    copy: Workspace, toy: Settings, change: str, again: list[str]
) -> None:
    before = finished(copy)
    manifest = rerun(copy.run("first"), copy, assignments=[change])
    after = finished(copy)
    assert [name for name in STAGES if len(after[name]) == 2] == again
    assert all(before[name] < after[name] for name in again)
    assert manifest.settings == copy.run("first").manifest().settings
    assert manifest.settings == toy(change).model_dump(mode="json")
    back = build(toy(), copy, run="first")  # the old settings find the old artifacts
    assert finished(copy) == after
    assert back is not None
    assert {record.key for record in back.stages} == {key for keys in before.values() for key in keys} - before[
        "release"
    ]


def test_until_stops_there_and_the_next_build_goes_on(tmp_path: Path, toy: Settings) -> None:
    place = Workspace(tmp_path / "ws")
    assert build(toy(), place, until="pose") is None
    assert [name for name, keys in finished(place).items() if keys] == ["ingest", "ground", "pose"]
    with pytest.raises(ArtifactError, match="its build has not finished"):
        place.run("toy-smoke").manifest()
    assert build(toy(), place, until="distill") is None
    assert [name for name, keys in finished(place).items() if keys] == ["ingest", "ground", "pose", "distill"]


def test_the_same_seed_gives_the_same_records_weights_and_metrics(built: Path, tmp_path: Path, toy: Settings) -> None:
    again = build(toy(), Workspace(tmp_path / "ws"))  # in this process, after whatever ran before
    assert again is not None
    assert outcome(again) == outcome(Workspace(built).run("first").manifest())
    assert again.scores == Workspace(built).run("first").manifest().scores
    first, second = (
        Workspace(root).run(name).candidate for root, name in ((built, "first"), (tmp_path / "ws", "toy-smoke"))
    )
    sums = [json.loads((folder / "SHA256.json").read_text()) for folder in (first, second)]
    for told in sums:  # the manifest tells how long the stages took; report, card and bill of materials show it
        for name in ("manifest.json", "report.html", "README.md", "bom.cdx.json"):
            del told[name]
    assert sums[0] == sums[1]


def test_another_seed_gives_other_problems_and_weights(built: Path, tmp_path: Path, toy: Settings) -> None:
    place = Workspace(tmp_path / "ws")
    build(toy(seed=1), place, until="train")
    one, other = (
        json.loads(next((root / "store" / stage).glob("[!.]*/record.json")).read_text())["files"][name]
        for stage, name in (("train", "grpo/adapter/adapter_model.safetensors"),)
        for root in (built, place.root)
    )
    assert one != other
    asked = [next((root / "store/pose").glob("[!.]*/problems.jsonl")).read_text() for root in (built, place.root)]
    assert asked[0] != asked[1]


def test_a_changed_file_of_an_input_is_never_built_upon(copy: Workspace, toy: Settings) -> None:
    weights = next((copy.root / "store/train").glob("[!.]*/grpo/adapter/adapter_model.safetensors"))
    whole = bytearray(weights.read_bytes())
    whole[-1] ^= 1
    weights.write_bytes(whole)
    with pytest.raises(ArtifactError, match=r"adapter_model.safetensors is not what stage train wrote; delete"):
        build(toy("evaluate.test_per_kind=2"), copy, run="first")
    with pytest.raises(ArtifactError, match="is not what stage train wrote"):
        context_of(copy.run("first"), copy)


def test_a_run_is_read_with_the_settings_it_was_finished_with(copy: Workspace, toy: Settings) -> None:
    build(toy("evaluate.max_tokens=9"), copy, run="first", until="ingest")  # begun again, not finished
    assert settings_of(copy.run("first")).evaluate.max_tokens == 9
    context, artifacts = context_of(copy.run("first"), copy)
    assert context.config.evaluate.max_tokens == 8
    assert set(artifacts) == set(STAGES[:-1])
    shutil.rmtree(artifacts["pose"].path)
    with pytest.raises(ArtifactError, match="run 'first' lacks its pose artifact"):
        context_of(copy.run("first"), copy)


def test_the_log_has_one_line_a_stage(tmp_path: Path, toy: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="srm_core.pipeline")
    for _ in range(2):
        build(toy(), Workspace(tmp_path / "ws"), until="ground")
    assert [line.split(":")[0] for line in caplog.messages] == ["ingest", "ground"] * 2
    assert "documents 30" in caplog.messages[0]
    assert ["(kept)" in line for line in caplog.messages] == [False, False, True, True]


# ---- whose code decides a result

FRAME = {  # carries records from stage to stage and decides none of their values
    f"srm_core.{name}"
    for name in [
        "calls",
        "codehash",
        "config",
        "discovery",
        "errors",
        "hookspecs",
        "host",
        "protocols",
        "records",
        "registry",
        "store",
        "workspace",
        "stages.context",
    ]
} | {"srm_core"}


def imported(module: str) -> set[str]:
    """Return the modules of the core that ``module`` imports, at its top or inside a function."""
    file = home(module)
    assert file is not None, module
    return imported_by(file, module if file.name == "__init__.py" else module.rpartition(".")[0])


def imported_by(file: Path, package: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            found |= {f"{source}.{each.name}" if home(f"{source}.{each.name}") else source for each in node.names}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
    return {name for name in found if name.split(".")[0] == "srm_core" and home(name)}


def home(module: str) -> Path | None:
    path = CORE.parent / module.replace(".", "/")
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def reached(module: str) -> set[str]:
    """Return the modules that decide what ``module`` does; the frame itself is not looked into."""
    seen: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= imported(name) - seen - FRAME
    return seen


@pytest.mark.parametrize("step", STEPS, ids=STAGES)
def test_a_change_in_any_module_that_a_stage_uses_changes_its_key(step: Any) -> None:
    counted = set(step.modules)
    for name in dict.fromkeys(_above(step.name)):
        counted |= set(next(each for each in STEPS if each.name == name).modules)
    uncounted = {
        module
        for module in reached(f"srm_core.stages.{step.name}")
        if not any(module == each or module.startswith(f"{each}.") for each in counted)
    }
    assert uncounted == set()


@pytest.mark.parametrize("pack", sorted((CORE.parent / "packs").glob("srm_pack_*")), ids=lambda path: path.name)
def test_what_a_pack_takes_from_the_core_changes_a_key_too(pack: Path) -> None:
    counted = {module for step in STEPS for module in step.modules}
    used = {name for file in pack.rglob("*.py") for name in imported_by(file, package=pack.name)}
    uncounted = {m for m in used - FRAME if not any(m == each or m.startswith(f"{each}.") for each in counted)}
    assert used & counted  # the reading found something
    assert uncounted == set()


def _above(stage: str) -> list[str]:
    step = next(each for each in STEPS if each.name == stage)
    return [*step.needs, *(name for need in step.needs for name in _above(need))]


def test_the_seconds_of_a_build_are_told_and_outside_its_hashes(built: Path) -> None:
    records = Workspace(built).run("first").manifest().stages
    assert sum(record.seconds for record in records) > 0
    slower = records[0].model_copy(update={"seconds": 99.0, "finished": "later"})
    assert type(slower).model_validate(slower.model_dump()).content == records[0].content
    started = time.monotonic()
    assert all(check_files(found) == [] for found in _artifacts(built))
    assert time.monotonic() - started < 5


def _artifacts(root: Path) -> list[Any]:
    place = Workspace(root)
    found = [place.store.find(name, key) for name, keys in finished(place).items() for key in keys]
    assert len(found) == len(STAGES)
    return found
