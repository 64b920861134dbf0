"""What is wrong is one clear sentence on stderr, exit code 1, no traceback, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from srm_core.cli import cli
from srm_core.models import tiny
from srm_core.records import Document
from srm_core.store import read_records, read_rows

Srm = Callable[..., Result]


@pytest.fixture
def run(toy: object, toy_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Srm:
    """Return a function that runs ``srm build`` on the toy pack in this process; the workspace is ``tmp_path / "ws"``."""
    monkeypatch.chdir(tmp_path)

    def build(*arguments: object, config: Path | None = toy_home / "toy.toml") -> Result:
        settings = ["--config", str(config)] if config else []
        return CliRunner().invoke(cli, ["build", "--workspace", "ws", *settings, *map(str, arguments)])

    return build


def sentence(done: Result) -> str:
    """Return the one sentence of a failed command, after checking that it is one and no traceback."""
    assert done.exit_code == 1, (done.exit_code, done.output, done.exception)
    assert isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert done.stdout == ""
    *progress, last = done.stderr.strip().splitlines()
    assert last.startswith("Error: ")
    assert not [line for line in progress if line.startswith("Error")]
    return last.removeprefix("Error: ")


def untouched(tmp_path: Path) -> bool:
    return not (tmp_path / "ws" / "store").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pack", "tyo"], "no installed pack is called 'tyo'. Did you mean 'toy'?"),
        (["--set", "train.epoch=3"], "there is no setting 'train.epoch'. Did you mean 'epochs'?"),
        (["--set", "evaluat.shots=3"], "there is no setting 'evaluat'. Did you mean 'evaluate'?"),
        (
            ["--set", "own.larges=9"],
            "own settings of pack 'toy': there is no setting 'larges'. Did you mean 'largest'?",
        ),
        (
            ["--set", "own.largest=3"],
            "own settings of pack 'toy': largest = 3: input should be greater than or equal to 10",
        ),
        (["--set", "train.epochs=0"], "train.epochs = 0: input should be greater than 0"),
        (["--set", "train.epochs=many"], "train.epochs = 'many': input should be a valid number"),
        (["--set", "train.epochs"], "--set 'train.epochs' is not of the form name=value, e.g. --set train.epochs=3"),
        (["--set", "=3"], "--set '=3' is not of the form name=value"),
        (["--set", "train=3"], "train = 3: input should be a valid dictionary or instance of TrainConfig"),
        (["--set", 'pose.kinds=["doubel"]'], "pose.kinds: pack 'toy' has no kind 'doubel'. Did you mean 'double'?"),
        (["--set", 'train.methods=["sft", "grop"]'], "no plugin trains by the method 'grop'. Did you mean 'grpo'?"),
        (["--set", "train.methods=[]"], "train.methods = []: name at least one method"),
        (["--set", 'train.methods=["sft", "sft"]'], "and each once"),
        (["--set", 'train.methods=["grpo"]'], "grpo goes on from the adapter of another method; put sft before it"),
        (["--set", "train.rl_steps=0"], "rl_steps = 0 leaves grpo without problems; leave grpo out of train.methods"),
        (["--set", 'train.methods=["sft", "grpo", "dapo"]'], "grpo and dapo are all reinforcement learning; take one"),
        (["--set", 'train.methods=["sft", "dapo"]', "--set", "train.rl_beta=0.1"], "dapo has no KL term; set it to 0"),
        (["--set", 'train.rl_kinds=["ad"]'], "train.rl_kinds: the pack has no kind 'ad'. Did you mean 'add'?"),
        (["--set", 'evaluate.arms=["base-fwe"]'], "there is no arm 'base-fwe'. Did you mean 'base-few'?"),
        (["--set", 'evaluate.controls=["shufled"]'], "there is no control 'shufled'. Did you mean 'shuffled'?"),
        (["--set", 'release.exports=["mergd"]'], "no plugin exports to 'mergd'. Did you mean 'merged'?"),
        (
            ["--set", "audit.weights=int8", "--set", 'release.exports=["merged"]'],
            "the release must hold it; add adapter to release.exports",
        ),
        (["--base", "embeded:smollm2-135m-instruct"], "not embeded:. Did you mean 'embedded'?"),
        (["--base", "embedded:smollm3"], "there is no such embedded base; there is embedded:smollm2-135m-instruct"),
        (["--base", "solver:"], "a base is trained here, so it is one of embedded:, dir:, hf: and tiny:, not solver:"),
        (["--base", "smollm2"], "there is no such folder; write embedded:smollm2-135m-instruct, dir:FOLDER"),
        (["--base", "tiny:one"], "after tiny: comes the number of its seed, e.g. tiny:0"),
        (["--base", "dir:nowhere"], "nowhere holds no config.json; give the folder of a transformers checkpoint"),
        (["--teacher", "recoded:said.jsonl"], "the scheme 'recoded' is unknown. Did you mean 'recorded'?"),
        (["--teacher", "solver"], "a teacher has a scheme: dir:, embedded:, "),
    ],
)
def test_a_wrong_name_or_value_is_refused_before_anything_runs(
    run: Srm, tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert said in sentence(run(*arguments))
    assert untouched(tmp_path)


def test_a_dry_run_refuses_the_same(run: Srm) -> None:
    assert "Did you mean 'grpo'?" in sentence(run("--dry-run", "--set", 'train.methods=["sft", "grop"]'))


def test_settings_files_that_are_missing_or_broken(run: Srm, tmp_path: Path) -> None:
    done = run(config=tmp_path / "absent.toml")
    assert done.exit_code == 2  # click's, for a wrong option
    assert "absent.toml' does not exist" in done.stderr
    (tmp_path / "bad.toml").write_text("train = {")
    assert "bad.toml is not valid TOML" in sentence(run("--pack", "toy", config=tmp_path / "bad.toml"))
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    assert "bad.toml is not valid TOML" in sentence(run("--pack", "toy", config=tmp_path / "bad.toml"))
    (tmp_path / "bad.toml").write_text('pack = "toy"\neffort = "huge"')
    assert "effort 'huge' is unknown; it is one of smoke, draft, full" in sentence(run(config=tmp_path / "bad.toml"))


# ---- bases


@pytest.fixture
def base(toy: object, tmp_path: Path) -> Path:
    """A checkpoint on disk that may be spoiled."""
    folder = tmp_path / "base"
    folder.mkdir()
    for file in tiny.folder(0).iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_base_without_a_chat_template_is_refused(run: Srm, base: Path, tmp_path: Path) -> None:
    (base / "chat_template.jinja").unlink()
    assert "has no chat template, so its prompts would be guessed" in sentence(run("--base", f"dir:{base}"))
    assert untouched(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_base_with_code_inside_is_refused_and_none_of_it_runs(
    run: Srm, base: Path, tmp_path: Path, name: str
) -> None:
    settings = json.loads((base / name).read_text())
    (base / name).write_text(json.dumps({**settings, "auto_map": {"AutoModelForCausalLM": "evil.Evil"}}))
    (base / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    said = sentence(run("--base", f"dir:{base}"))
    assert f"{name} asks to run code that comes with the model (auto_map); srm never does that" in said
    assert not (tmp_path / "ran").exists()
    assert untouched(tmp_path)


def test_pickled_weights_and_broken_configurations_are_refused(run: Srm, base: Path) -> None:
    (base / "model.safetensors").rename(base / "pytorch_model.bin")
    assert "holds no .safetensors weights; pickled weights can run code" in sentence(run("--base", base))
    (base / "config.json").write_text("{")
    assert "config.json is not valid JSON" in sentence(run("--base", f"dir:{base}"))


def test_damaged_weights_stop_at_training_and_keep_what_was_done(run: Srm, base: Path, tmp_path: Path) -> None:
    (base / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes()[:-100])
    assert "cannot be loaded" in sentence(run("--base", f"dir:{base}"))
    assert len(list((tmp_path / "ws/store/distill").glob("[!.]*"))) == 1


# ---- teachers


def test_a_teacher_that_cannot_be_opened_is_one_sentence(run: Srm, tmp_path: Path) -> None:
    assert "recorded:absent.jsonl: there is no such file" in sentence(run("--teacher", "recorded:absent.jsonl"))
    assert untouched(tmp_path)  # said before the first stage, not after what comes before distillation
    assert "toy:nowhere" in sentence(run("--teacher", "toy:nowhere"))


def test_a_teacher_that_is_always_wrong_is_one_sentence(run: Srm) -> None:
    said = sentence(run("--teacher", "toy:wrong"))
    assert said.startswith("teacher toy:wrong gave no attempt that the verifier accepts; mostly: ")


# ---- corpora


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three texts among files that are none."""
    folder = tmp_path / "corpus"
    (folder / "deep").mkdir(parents=True)
    (folder / "good.txt").write_text("The first text of all.")
    (folder / "deep" / "more.md").write_text("# Title\n\nThe second text.")
    (folder / "rows.jsonl").write_text('{"text": "The third text."}\n{"text": 3}\nnot json\n')
    (folder / "empty.txt").write_text("")
    (folder / "blank.txt").write_text(" \n\n ")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 10)
    (folder / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (folder / "wide.txt").write_bytes("wide".encode("utf-16"))
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / ".hidden").write_text("hidden")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe.txt")
    return folder


def test_unreadable_files_are_set_aside_and_counted_and_the_rest_goes_on(
    run: Srm, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_BLOCK", "bias_audit,langchain")  # the knowledge plugin reads corpora
    done = run("--corpus", corpus, "--licence", "CC-BY-4.0", "--until", "ingest")
    assert done.exit_code == 0, done.output
    artifact = next((tmp_path / "ws/store/ingest").glob("[!.]*"))
    own = [each for each in read_records(artifact / "documents.jsonl", Document) if each.source.licence == "CC-BY-4.0"]
    assert {document.path for document in own} == {"good.txt", "deep/more.md", "rows.jsonl:1"}
    aside = {row["path"]: row["reason"] for row in read_rows(artifact / "quarantine.jsonl")}
    assert aside.keys() == {
        "rows.jsonl:2", "rows.jsonl:3", "empty.txt", "blank.txt", "binary.txt", "latin.txt", "wide.txt", "photo.jpg",
        ".hidden", "loop", "gone.txt", "pipe.txt",
    }  # fmt: skip
    assert aside["empty.txt"] == "empty"
    assert aside["latin.txt"].startswith("not UTF-8 (byte 0xf6")
    assert aside["pipe.txt"] == "not a regular file"
    counts = json.loads((artifact / "record.json").read_text())["counts"]
    assert (counts["quarantined"], counts["documents"]) == (12, 30 + 3)
    again = run("--corpus", corpus, "--licence", "CC-BY-4.0", "--until", "ingest")
    assert "(kept)" in again.stderr
    (corpus / "good.txt").write_text("Another text.")
    assert "(kept)" not in run("--corpus", corpus, "--licence", "CC-BY-4.0", "--until", "ingest").stderr


def test_a_file_name_that_is_no_utf8_stops_nothing(run: Srm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRM_BLOCK", "bias_audit,langchain")
    folder = tmp_path / "corpus"
    folder.mkdir()
    (Path(os.fsdecode(os.fsencode(folder) + b"/bad-\xff.txt"))).write_text("Read all the same.")
    (Path(os.fsdecode(os.fsencode(folder) + b"/bad-\xfe.jpg"))).write_bytes(b"x")
    done = run("--corpus", folder, "--licence", "proprietary", "--until", "ingest")
    assert done.exit_code == 0, done.output
    artifact = next((tmp_path / "ws/store/ingest").glob("[!.]*"))
    paths = [each.path for each in read_records(artifact / "documents.jsonl", Document)]
    assert "bad-\\xff.txt" in paths
    assert [row["path"] for row in read_rows(artifact / "quarantine.jsonl")] == ["bad-\\xfe.jpg"]


def test_a_corpus_of_which_nothing_can_be_read_stops_with_the_reasons(
    run: Srm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_BLOCK", "bias_audit,langchain")
    folder = tmp_path / "corpus"
    folder.mkdir()
    assert "could be read (it holds no files)" in sentence(run("--corpus", folder, "--licence", "CC0-1.0"))
    (folder / "a.txt").write_bytes(b"\0\0")
    (folder / "b.txt").write_text("")
    said = sentence(run("--corpus", folder, "--licence", "CC0-1.0"))
    assert "a.txt: binary, or not UTF-8 (it holds NUL bytes); b.txt: empty" in said


def test_a_corpus_without_a_licence_is_asked_for_and_never_assumed(run: Srm, corpus: Path, tmp_path: Path) -> None:
    assert "has no licence statement; add --licence" in sentence(run("--corpus", corpus))
    corpora = json.dumps([{"path": str(corpus)}])
    assert "has no licence statement; add --licence" in sentence(run("--set", f"ingest.corpus={corpora}"))
    assert untouched(tmp_path)


def test_a_corpus_that_is_not_there(run: Srm, tmp_path: Path) -> None:
    done = run("--corpus", tmp_path / "nowhere", "--licence", "CC0-1.0")
    assert done.exit_code == 2
    corpora = json.dumps([{"path": "nowhere", "licence": "CC0-1.0"}])
    assert "the corpus nowhere does not exist" in sentence(run("--set", f"ingest.corpus={corpora}"))


# ---- workspaces and runs


def test_a_second_build_on_a_workspace_says_who_holds_it(
    run: Srm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = "import sys, time; from pathlib import Path; from srm_core.workspace import Workspace\n"
    hold += "with Workspace(Path(sys.argv[1])).lock():\n    print('held', flush=True)\n    time.sleep(60)"
    monkeypatch.setattr("srm_core.workspace.Workspace.lock.__wrapped__.__defaults__", (0.2,))
    other = subprocess.Popen([sys.executable, "-c", hold, str(tmp_path / "ws")], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        said = sentence(run("--until", "ingest"))
    finally:
        other.kill()
        other.communicate()
    assert said == f"ws is held by another build (process {other.pid}); wait for it, or give another --workspace"
    assert run("--until", "ingest").exit_code == 0


def test_a_workspace_that_is_a_file_is_refused(run: Srm, tmp_path: Path) -> None:
    (tmp_path / "ws").write_text("a file")
    done = run("--until", "ingest")
    assert done.exit_code == 2
    assert "Directory 'ws' is a file" in done.stderr


@pytest.mark.parametrize("command", ["show", "release", "leak", "evaluate", "audit"])
def test_an_unknown_or_unfinished_run_is_one_sentence(run: Srm, tmp_path: Path, command: str) -> None:
    run("--until", "ingest", "--run", "begun")
    done = CliRunner().invoke(cli, [command, "bgun", "--workspace", "ws"])
    assert "has no run 'bgun'; runs: begun" in sentence(done)
    if command not in ("evaluate", "audit"):
        done = CliRunner().invoke(cli, [command, "begun", "--workspace", "ws"])
        assert "run 'begun' has no manifest: its build has not finished" in sentence(done)


def test_a_question_to_an_unfinished_run_and_an_empty_one(run: Srm, built: Path) -> None:
    run("--until", "ingest", "--run", "begun")
    done = CliRunner().invoke(cli, ["ask", "begun", "Why?", "--workspace", "ws"])
    assert "its build has not finished" in sentence(done)
    done = CliRunner().invoke(cli, ["ask", "first", " ", "--workspace", str(built)])
    assert sentence(done) == "the question is empty"


def test_nothing_is_verified_that_is_no_release(run: Srm, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["verify", str(tmp_path)])
    assert "is no release: it holds no SHA256.json" in sentence(done)


def test_a_full_disk_is_one_sentence(run: Srm, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr("srm_core.store.os.replace", full)
    assert "no space left on the disk" in sentence(run("--until", "ingest"))


def test_the_traceback_is_there_for_who_asks_for_it(run: Srm) -> None:
    done = run("--debug", "--pack", "tyo")
    assert done.exit_code == 1
    assert type(done.exception).__name__ == "PackNotFound"
