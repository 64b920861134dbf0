"""Commands about runs: what they print, on which stream, and how they exit."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.config import BuildConfig
from srm_core.errors import ReleaseRefused
from srm_core.records import Evidence


@pytest.fixture
def workspace(tmp_path: Path, make_manifest) -> Path:
    folder = tmp_path / "ws" / "runs" / "first"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(make_manifest().model_dump_json())
    (tmp_path / "ws" / "runs" / "second").mkdir()
    return tmp_path / "ws"


def _srm(workspace: Path, *arguments: str):
    return CliRunner().invoke(cli, [*arguments, "--workspace", str(workspace)])


def _replace(monkeypatch, module: str, **functions) -> None:
    monkeypatch.setitem(sys.modules, f"srm_core.{module}", SimpleNamespace(**functions))


def test_show_prints_the_gain_the_verdict_and_where_the_candidate_lies(workspace):
    done = _srm(workspace, "show", "first")
    assert done.exit_code == 0, done.output
    assert "24 % [11, 43] n 25" in done.stdout
    assert "82 % [71, 92] n 50" in done.stdout
    assert "+52 [+38, +66] n 50" in done.stdout
    assert "-80 [-100, -50] n 10" in done.stdout
    assert "Clinical calculators, formula unseen" in done.stdout
    assert "Gate: FAIL\n  fails: bias: recency costs 20 points" in done.stdout
    assert f"Candidate: {workspace / 'runs' / 'first' / 'candidate'}\n" in done.stdout


def test_show_json_is_the_same_summary_for_programs(workspace):
    shown = json.loads(_srm(workspace, "show", "first", "--json").stdout)
    assert shown["verdict"] == "FAIL"
    assert shown["student"] == "rl"
    assert shown["mean"]["figures"]["rl"] == {"value": 0.82, "low": 0.71, "high": 0.92, "n": 50, "abstained": 0}


def test_show_prints_text_of_plugins_as_text(workspace, make_manifest):
    pack = make_manifest().pack.model_copy(update={"title": "[bold]Loud[/bold] \x1b[31mred"})
    (workspace / "runs" / "first" / "manifest.json").write_text(make_manifest(pack=pack).model_dump_json())
    done = _srm(workspace, "show", "first")
    assert "[bold]Loud[/bold]" in done.stdout
    assert "\x1b" not in done.stdout


def test_show_without_a_run_lists_them_and_says_which_is_unfinished(workspace):
    done = _srm(workspace, "show", "--json")
    assert json.loads(done.stdout) == {"first": "FAIL", "second": "not finished"}


def test_an_unknown_run_is_answered_with_those_there_are(workspace):
    done = _srm(workspace, "show", "third")
    assert done.exit_code == 1
    assert "has no run 'third'; runs: first, second" in done.stderr


def test_leak_prints_the_certificate_and_refuses_a_run_without_one(workspace, make_manifest):
    assert "fact.compared" in _srm(workspace, "leak", "first").stdout
    (workspace / "runs" / "first" / "manifest.json").write_text(make_manifest(leak={}).model_dump_json())
    done = _srm(workspace, "leak", "first")
    assert done.exit_code == 1
    assert "no leak certificate" in done.stderr


@pytest.mark.parametrize(("verdict", "code"), [("FAIL", 3), ("INCONCLUSIVE", 4)])
def test_a_refused_release_exits_by_its_verdict_and_says_why(workspace, make_manifest, monkeypatch, verdict, code):
    def release_run(run, place, *, waive, progress):
        assert waive == []
        raise ReleaseRefused(f"the gate's verdict is {verdict}")

    _replace(monkeypatch, "publishing", release_run=release_run)
    (workspace / "runs" / "first" / "manifest.json").write_text(make_manifest(verdict=verdict).model_dump_json())
    done = _srm(workspace, "release", "first")
    assert done.exit_code == code
    assert "fails: bias: recency costs 20 points" in done.stdout
    assert f"not released: the gate's verdict is {verdict}" in done.stderr


def _released(run):
    """Stand for a release: a folder with the run's manifest."""
    (run.path / "release").mkdir()
    shutil.copyfile(run.path / "manifest.json", run.path / "release" / "manifest.json")
    return run.path / "release"


def test_a_release_that_passes_exits_with_0_and_says_where(workspace, monkeypatch):
    _replace(monkeypatch, "publishing", release_run=lambda run, place, *, waive, progress: _released(run))
    done = _srm(workspace, "release", "first")
    assert done.exit_code == 0
    assert f"released in {workspace / 'runs' / 'first' / 'release'}" in done.stdout


@pytest.mark.parametrize("what", ["evaluate", "audit"])
def test_evaluate_and_audit_pass_the_settings_on_and_show_the_run(workspace, monkeypatch, what):
    seen = []

    def rerun(run, place, *, assignments, progress):
        seen.append((run.name, assignments))

    _replace(monkeypatch, "pipeline", rerun=rerun)
    done = _srm(workspace, what, "first", "--set", "evaluate.shots=1")
    assert seen == [("first", ("evaluate.shots=1",))]
    assert "Gate: FAIL" in done.stdout


def test_ask_marks_the_evidence_that_is_cited(workspace, monkeypatch):
    evidence = (Evidence(text="E11 is diabetes", cites=("triple-1",)), Evidence(text="I10", cites=("triple-2",)))
    reply = SimpleNamespace(text="So [1].", answer="E11", evidence=evidence, cites=(1,), why="", steps=(), note="")
    _replace(monkeypatch, "answering", ask=lambda run, question, place, weights, **more: reply)
    done = _srm(workspace, "ask", "first", "Which code?")
    assert "Answer: E11" in done.stdout
    assert " *[1] E11 is diabetes  (triple-1)\n  [2] I10  (triple-2)" in done.stdout


def test_ask_says_so_if_there_is_no_single_answer(workspace, monkeypatch):
    reply = SimpleNamespace(
        text="Hm.", answer=None, evidence=(), cites=(), why="it gave no single answer", steps=(), note=""
    )
    _replace(monkeypatch, "answering", ask=lambda run, question, place, weights, **more: reply)
    assert "gave no single answer" in _srm(workspace, "ask", "first", "Which code?").stdout


def test_verify_exits_with_1_if_anything_differs(tmp_path, monkeypatch):
    checks = [SimpleNamespace(name="hashes", ok=False, value="card.md was changed")]
    _replace(monkeypatch, "publishing", verify_release=lambda folder, sample: checks)
    done = CliRunner().invoke(cli, ["verify", str(tmp_path)])
    assert (done.exit_code, done.stdout) == (1, "FAILED hashes: card.md was changed\n")
    checks[0].ok = True
    assert CliRunner().invoke(cli, ["verify", str(tmp_path)]).exit_code == 0


@pytest.fixture
def built(monkeypatch, make_manifest):
    """Replace the pipeline by one that notes what it is asked and writes a finished run."""
    calls: list[tuple[BuildConfig, dict]] = []

    def build(config, place, *, until, run, progress):
        calls.append((config, {"until": until, "run": run}))
        progress("ingest: 3 documents")
        for done in range(101):
            progress("distill", done, 100)
        (place.open_run(run).path / "manifest.json").write_text(make_manifest().model_dump_json())

    def plan(config, place):
        step = {"name": "ingest", "what": "read", "seconds": 120.0, "tokens": 0, "disk_mb": 12.0, "memory_gb": 1.5}
        return SimpleNamespace(steps=[SimpleNamespace(cached=cached, **step) for cached in (True, False)])

    _replace(monkeypatch, "pipeline", build=build)

    def short_of_memory(planned, usable):
        return f"at most {len(planned.steps)} steps, {usable} bytes" if usable == 5 else ""

    _replace(monkeypatch, "planning", plan=plan, short_of_memory=short_of_memory)
    return calls


def test_build_hands_over_flags_and_shows_the_result_with_progress_on_stderr(built, tmp_path):
    flags = ["--pack", "toy", "--base", "tiny:0", "--teacher", "self:", "--effort", "smoke", "--seed", "3"]
    done = _srm(tmp_path, "build", *flags, "--set", "train.epochs=3", "--run", "mine")
    assert done.exit_code == 0, done.output
    config, rest = built[0]
    assert (config.pack, config.base, config.distill.teacher, config.effort, config.seed) == (
        "toy",
        "tiny:0",
        "self:",
        "smoke",
        3,
    )
    assert config.train.epochs == 3
    assert rest == {"until": None, "run": "mine"}
    assert "Gate: FAIL" in done.stdout
    assert "distill" not in done.stdout
    assert done.stderr.splitlines()[:2] == ["ingest: 3 documents", "distill: 10 of 100"]
    assert done.stderr.count("distill") == 10


def test_a_settings_file_here_is_read_and_may_name_the_pack(built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "srm.toml").write_text('pack = "toy"\neffort = "smoke"\n[train]\nepochs = 4.0\n')
    assert _srm(tmp_path, "build").exit_code == 0
    config, rest = built[0]
    assert (config.pack, config.effort, config.train.epochs, rest["run"]) == ("toy", "smoke", 4.0, "toy-smoke")


def test_a_build_without_a_pack_says_how_to_choose_one(built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = _srm(tmp_path, "build")
    assert done.exit_code == 2
    assert "say which pack: --pack NAME" in done.stderr


def test_a_wrong_setting_is_one_sentence_with_the_nearest_name(built, tmp_path):
    done = _srm(tmp_path, "build", "--pack", "toy", "--set", "train.epoch=3")
    assert done.exit_code == 1
    assert "Did you mean 'epochs'?" in done.stderr
    assert not built


def test_a_corpus_without_a_licence_is_refused_never_assumed(built, tmp_path):
    (tmp_path / "notes").mkdir()
    corpus = ["--corpus", str(tmp_path / "notes")]
    done = _srm(tmp_path, "build", "--pack", "toy", *corpus)
    assert done.exit_code == 1
    assert "no licence statement; add --licence" in done.stderr
    assert not built
    assert _srm(tmp_path, "build", "--pack", "toy", *corpus, "--licence", "CC-BY-4.0").exit_code == 0
    assert [(each.path, each.licence) for each in built[0][0].ingest.corpus] == [(str(tmp_path / "notes"), "CC-BY-4.0")]


def test_until_stops_early_and_shows_nothing_that_is_not_there(built, tmp_path):
    done = _srm(tmp_path, "build", "--pack", "toy", "--until", "pose")
    assert built[0][1]["until"] == "pose"
    assert done.stdout == "stopped after pose, as asked; the same command without --until goes on from there\n"


def test_memory_that_will_not_do_is_said_before_the_build(built, tmp_path, monkeypatch):
    monkeypatch.setattr("srm_core.doctor.usable_memory", lambda: 5)
    done = _srm(tmp_path, "build", "--pack", "toy")
    assert done.exit_code == 0
    assert "warning: at most 2 steps, 5 bytes" in done.stderr
    assert len(built) == 1


def test_a_dry_run_prints_the_plan_and_builds_nothing(built, tmp_path):
    done = _srm(tmp_path, "build", "--pack", "toy", "--dry-run")
    assert not built
    assert "left to do: 1 of 2 steps, about 2 min, 0 tokens, 12 MB of disk, at most 1.5 GB of memory" in done.stdout
