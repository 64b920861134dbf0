"""A release: refused unless judged PASS, signed, and found out if one byte of it changes.

The candidate is real: a small model learns in a second to say yes, which its base never does.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.config import load_config
from srm_core.errors import ArtifactError, ReleaseRefused
from srm_core.pipeline import build
from srm_core.publishing import PUBLIC, SIGNATURE, STATEMENT, Check, release_run, verify_release
from srm_core.records import Attempt, BuildManifest, Problem, Score, StageRecord
from srm_core.stages.release import SUMS
from srm_core.store import read_records, sha256, write_records
from srm_core.testing.fixtures import write_metadata
from srm_core.workspace import Run, Workspace

PROJECT = {
    "name": "srm-pack-agreeing",
    "version": "1",
    "entry-points": {"srm.packs": {"agreeing": "srm_pack_agreeing"}},
}
PACK = """
from srm_core import ChoiceKey, EvalItem, Kind, Pack, Problem, hookimpl

KIND = Kind(name="agree", title="Agreeing", book="open", anchor="a word", shared="nothing", core=True)
PACK = Pack(
    name="agreeing", title="Agreeing", version="1", intended_use="tests", out_of_scope="the rest",
    system_prompt="Agree.", kinds=(KIND,),
)


@hookimpl
def srm_describe_pack():
    return PACK


@hookimpl
def srm_open_knowledge(folder):
    from srm_core.testing.fakes import DictKnowledge

    return DictKnowledge(folder)


@hookimpl
def srm_problems():
    return [problem(str(number)) for number in range(100, 200)]


@hookimpl
def srm_evals():
    return [EvalItem(suite="elsewhere", problem=problem(word)) for word in ("7", "8")]


def problem(word):
    return Problem(
        kind="agree", question=f"{word}?", answer="yes", choices=("yes", "no"), anchor=word, key=ChoiceKey(index=0),
        solution="Answer: yes",
    )
"""
SETTINGS = (
    "threads=1",
    "distill.per_kind=32",
    'train.methods=["sft"]',
    "train.epochs=3",
    "train.batch=4",
    "train.learning_rate=0.01",
    "train.checkpoint_steps=1000",
    'evaluate.arms=["base-few", "sft"]',
    "evaluate.controls=[]",
    "evaluate.test_per_kind=20",
    "evaluate.max_tokens=16",
    "evaluate.suites=2",
)


@pytest.fixture(scope="module")
def passed(
    tmp_path_factory: pytest.TempPathFactory, toy_environment: dict[str, str], small_base: Path
) -> Iterator[Path]:
    """The workspace of a run that passed the gate; the pack stays installed for the tests here."""
    home = tmp_path_factory.mktemp("agreeing")
    write_metadata(PROJECT, home)
    (home / "srm_pack_agreeing.py").write_text(PACK)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in toy_environment.items():
            patch.setenv(name, value)
        patch.setenv("SRM_KEY", str(home / "keys" / "owner.key"))
        patch.syspath_prepend(str(home))
        config = load_config(pack="agreeing", effort="smoke", assignments=SETTINGS, base=f"dir:{small_base}")
        manifest = build(config, Workspace(home / "ws"), run="good")
        assert manifest is not None
        assert (manifest.verdict, manifest.objections) == ("PASS", ())
        yield home / "ws"


@pytest.fixture
def place(passed: Path, tmp_path: Path) -> Workspace:
    """A copy of the workspace, for a test to spoil."""
    shutil.copytree(passed, tmp_path / "ws", symlinks=True)
    return Workspace(tmp_path / "ws")


@pytest.fixture(scope="module")
def released(passed: Path) -> Path:
    """The folder of a release; tests that change it copy it."""
    copy = passed.parent / "released"
    shutil.copytree(passed, copy, symlinks=True)
    return release_run(Run("good", copy / "runs" / "good"), Workspace(copy))


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def edit_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_student_learned_and_its_base_had_not(passed: Path) -> None:
    scores = Run("good", passed / "runs" / "good").manifest().scores
    assert {(s.arm, s.value) for s in scores if s.kind == "agree" and s.suite == "held-out" and not s.baseline} == {
        ("base-few", 0.0),
        ("sft", 1.0),
    }


def test_a_candidate_that_passed_is_released_signed_and_verifies(released: Path) -> None:
    checks = by_name(verify_release(released))
    assert {name: check.ok for name, check in checks.items()} == {"files": True, "signature": True, "evaluation": True}
    assert checks["evaluation"].value == "8 of 8 verdicts and 8 of 8 texts come out the same"
    statement = json.loads((released / STATEMENT).read_text())
    assert statement["verdict"] == "PASS"
    assert statement["subject"] == json.loads((released / SUMS).read_text())
    assert {"manifest.json", "merged/model.safetensors", "adapter/adapter_model.safetensors"} <= set(
        statement["subject"]
    )
    key = Path(os.environ["SRM_KEY"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"PRIVATE" not in (released / PUBLIC).read_bytes()
    assert not list(released.rglob("*.key"))


def test_items_of_published_suites_can_be_executed_again_too(released: Path) -> None:
    problems = {problem.id for problem in read_records(released / "evidence" / "problems.jsonl", Problem)}
    attempts = list(read_records(released / "evidence" / "attempts.jsonl", Attempt))
    assert len(attempts) == len(problems) > 8
    assert {attempt.problem for attempt in attempts} == problems
    checks = by_name(verify_release(released, sample=len(attempts)))
    assert checks["evaluation"].value.startswith(f"{len(attempts)} of {len(attempts)} verdicts")


def test_releasing_twice_gives_the_same_files(place: Workspace) -> None:
    first = {path.name: sha256(path) for path in release_run(place.run("good"), place).rglob("*") if path.is_file()}
    second = {path.name: sha256(path) for path in release_run(place.run("good"), place).rglob("*") if path.is_file()}
    assert first == second  # Ed25519 signs the same text the same way
    assert not (place.run("good").path / ".release").exists()


def test_one_flipped_bit_in_any_file_is_found(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_now(folder: Path, sample: int) -> Check:
        return Check("evaluation", True, "not re-executed in this test")

    monkeypatch.setattr("srm_core.publishing._again", not_now)
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    assert all(check.ok for check in verify_release(copy))
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    draw = random.Random(5)
    small = [copy / name for name in (SUMS, STATEMENT, SIGNATURE, PUBLIC)]
    for file in [*files, *small * 10, *draw.choices(files, k=20)]:
        whole = file.read_bytes()
        where = draw.randrange(len(whole))
        file.write_bytes(whole[:where] + bytes([whole[where] ^ (1 << draw.randrange(8))]) + whole[where + 1 :])
        assert not all(check.ok for check in verify_release(copy)), f"{file.relative_to(copy)}, byte {where}"
        file.write_bytes(whole)
    assert all(check.ok for check in verify_release(copy))


def test_every_bit_of_the_public_key_counts(released: Path, tmp_path: Path) -> None:
    from srm_core.publishing import _signature

    shutil.copytree(released, tmp_path / "release", ignore=shutil.ignore_patterns("merged", "adapter"))
    file = tmp_path / "release" / PUBLIC
    whole = file.read_bytes()
    assert _signature(tmp_path / "release").ok
    for place in range(len(whole)):  # the last letter of base64 has bits that PEM readers pass over
        for bit in range(8):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
            assert not _signature(tmp_path / "release").ok, (place, bit)


@pytest.mark.parametrize(
    "lost", ["manifest.json", "merged/model.safetensors", "evidence/attempts.jsonl", SIGNATURE, PUBLIC]
)
def test_a_lost_file_is_found(released: Path, tmp_path: Path, lost: str) -> None:
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    (copy / lost).unlink()
    assert not all(check.ok for check in verify_release(copy))


def test_an_added_file_is_found(released: Path, tmp_path: Path) -> None:
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    (copy / "merged" / "pytorch_model.bin").write_bytes(b"evil")
    checks = by_name(verify_release(copy))
    assert checks["files"].value == "changed: merged/pytorch_model.bin"
    assert not checks["evaluation"].ok  # what was tampered with is not opened


def test_the_signature_of_another_release_or_another_key_is_found(
    released: Path, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_KEY", str(tmp_path / "other.key"))
    other = release_run(place.run("good"), place)
    assert by_name(verify_release(other))["signature"].ok  # whose key it is, only its owner can say
    for swapped in ([SIGNATURE], [PUBLIC], [SIGNATURE, STATEMENT]):
        copy = tmp_path / "-".join(swapped)
        shutil.copytree(released, copy)
        for name in swapped:
            shutil.copy(other / name, copy / name)
        if swapped == [SIGNATURE, STATEMENT]:  # this pair belongs together: the key does not
            assert (copy / STATEMENT).read_bytes() == (released / STATEMENT).read_bytes()
        assert not by_name(verify_release(copy))["signature"].ok


def test_a_statement_about_other_files_is_found(released: Path, place: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    (copy / "README.md").write_text("The best model there is.")
    sums = json.loads((copy / SUMS).read_text())
    (copy / SUMS).write_text(json.dumps({**sums, "README.md": sha256(copy / "README.md")}))
    checks = by_name(verify_release(copy))
    assert checks["files"].ok
    assert checks["signature"].value == f"the statement is about another {SUMS}"


def test_weights_that_answer_otherwise_are_found_even_if_every_hash_was_made_anew(
    released: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    weights = load_file(copy / "merged" / "model.safetensors")
    save_file(
        {name: torch.zeros_like(tensor) for name, tensor in weights.items()},
        copy / "merged" / "model.safetensors",
        {"format": "pt"},
    )
    sums = json.loads((copy / SUMS).read_text())
    (copy / SUMS).write_text(
        json.dumps({**sums, "merged/model.safetensors": sha256(copy / "merged/model.safetensors")})
    )
    checks = by_name(verify_release(copy))
    assert checks["files"].ok
    assert not checks["evaluation"].ok
    assert "0 of 8 texts" in checks["evaluation"].value


def test_a_candidate_is_not_called_a_release_and_an_empty_folder_is_none(passed: Path, tmp_path: Path) -> None:
    checks = by_name(verify_release(Run("good", passed / "runs" / "good").candidate))
    assert checks["files"].ok
    assert checks["signature"].value == "not signed: a candidate, not a release"
    with pytest.raises(ArtifactError, match=f"is no release: it holds no {SUMS}"):
        verify_release(tmp_path)


# ---- what is refused


@pytest.mark.parametrize(("verdict", "code"), [("FAIL", 3), ("INCONCLUSIVE", 4)])
def test_a_verdict_other_than_pass_is_refused_with_its_own_exit_code(place: Workspace, verdict: str, code: int) -> None:
    setting = {"FAIL": 'release.licences_refused=[""]', "INCONCLUSIVE": 'release.single_grader="inconclusive"'}[verdict]
    if verdict == "FAIL":
        setting = "release.min_gain=1.0"
    config = load_config(pack="agreeing", effort="smoke", assignments=(*SETTINGS, setting), base=base_of(place))
    manifest = build(config, place, run="good")
    assert manifest is not None
    assert manifest.verdict == verdict
    with pytest.raises(ReleaseRefused, match=f"the gate's verdict on good is {verdict}"):
        release_run(place.run("good"), place)
    done = CliRunner().invoke(cli, ["release", "good", "--workspace", str(place.root)])
    assert done.exit_code == code
    assert manifest.objections[0].reason in done.stdout
    assert not (place.run("good").path / "release").exists()


def base_of(place: Workspace) -> str:
    return place.run("good").manifest().base


def candidate_of(place: Workspace) -> Path:
    return place.run("good").candidate.resolve()


def failed(place: Workspace) -> None:
    """Build the run again so that it fails: what follows tries to get it out all the same."""
    config = load_config(
        pack="agreeing", effort="smoke", assignments=(*SETTINGS, "release.min_gain=1.0"), base=base_of(place)
    )
    manifest = build(config, place, run="good")
    assert manifest is not None
    assert manifest.verdict == "FAIL"


def test_a_verdict_edited_by_hand_is_refused_wherever_else_it_is_edited_too(place: Workspace) -> None:
    failed(place)
    run, candidate = place.run("good").path, candidate_of(place)
    edit_json(run / "manifest.json", verdict="PASS")
    with pytest.raises(ReleaseRefused, match="is not the one its candidate was judged by"):
        release_run(place.run("good"), place)
    edit_json(run / "manifest.json", objections=[])
    shutil.copy(run / "manifest.json", candidate / "manifest.json")
    with pytest.raises(ReleaseRefused, match=r"manifest.json of the candidate was changed after it was judged"):
        release_run(place.run("good"), place)
    reseal(candidate, "manifest.json")
    with pytest.raises(
        ReleaseRefused, match=r"judged again, the candidate is FAIL \(capability: the student is not better"
    ):
        release_run(place.run("good"), place)
    done = CliRunner().invoke(cli, ["release", "good", "--workspace", str(place.root)])
    assert done.exit_code == 3
    assert "judged again, the candidate is FAIL" in done.stderr


def reseal(candidate: Path, *names: str) -> None:
    """Make every hash above a changed file anew, as somebody would who knows how the store works."""
    sums = json.loads((candidate / SUMS).read_text()) | {name: sha256(candidate / name) for name in names}
    (candidate / SUMS).write_text(json.dumps(sums, indent=1))
    file = candidate.parent / "record.json"
    record = json.loads(file.read_text())
    for name in (*names, SUMS):
        record["files"][f"candidate/{name}"] = sha256(candidate / name)
    file.write_text(StageRecord.model_validate({**record, "content": ""}).model_dump_json())


def test_scores_that_were_not_measured_are_refused(place: Workspace) -> None:
    failed(place)
    run, candidate = place.run("good").path, candidate_of(place)
    manifest = place.run("good").manifest()
    better = [
        score.model_copy(update={"low": 1.5, "high": 1.6, "value": 1.55, "content": ""}) if score.baseline else score
        for score in manifest.scores
    ]
    scores = [Score.model_validate(score.model_dump()) for score in better]
    forged = manifest.model_copy(update={"scores": tuple(scores), "objections": (), "verdict": "PASS"})
    for file in (run / "manifest.json", candidate / "manifest.json"):
        file.write_text(forged.model_dump_json(indent=1))
    reseal(candidate, "manifest.json")
    with pytest.raises(ReleaseRefused, match="the manifest does not hold what was measured"):
        release_run(place.run("good"), place)
    evaluated = next(path for path in (place.root / "store" / "evaluate").glob("[!.]*"))
    write_records(evaluated / "scores.jsonl", scores)
    with pytest.raises(ArtifactError, match=r"scores.jsonl is not what stage evaluate wrote"):
        release_run(place.run("good"), place)


@pytest.mark.parametrize("name", ["merged/model.safetensors", "README.md", "report.html", "evidence/attempts.jsonl"])
def test_a_candidate_changed_after_it_was_judged_is_refused(place: Workspace, name: str) -> None:
    file = candidate_of(place) / name
    whole = bytearray(file.read_bytes())
    whole[len(whole) // 2] ^= 1
    file.write_bytes(whole)
    with pytest.raises(ReleaseRefused, match=f"{name} of the candidate was changed after it was judged; build again"):
        release_run(place.run("good"), place)


def test_a_candidate_with_its_hashes_made_anew_is_refused_by_the_stores_record(place: Workspace) -> None:
    candidate = candidate_of(place)
    (candidate / "README.md").write_text("The best model there is.")
    sums = json.loads((candidate / SUMS).read_text())
    (candidate / SUMS).write_text(json.dumps({**sums, "README.md": sha256(candidate / "README.md")}, indent=1))
    with pytest.raises(ReleaseRefused, match=r"candidate/README.md of the candidate was changed"):
        release_run(place.run("good"), place)


def test_a_candidate_that_is_gone_is_one_sentence(place: Workspace) -> None:
    shutil.rmtree(place.root / "store" / "release")
    with pytest.raises(ArtifactError, match="run 'good' has no candidate any more; build it again"):
        release_run(place.run("good"), place)


def test_an_old_manifest_beside_a_new_candidate_is_refused(place: Workspace) -> None:
    run = place.run("good").path
    old = (run / "manifest.json").read_text()
    failed(place)
    (run / "manifest.json").write_text(old)
    assert BuildManifest.model_validate_json(old).verdict == "PASS"
    with pytest.raises(ReleaseRefused, match="is not the one its candidate was judged by"):
        release_run(place.run("good"), place)


def test_srm_release_and_srm_verify_from_the_command_line(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(cli, ["release", "good", "--workspace", str(place.root)])
    assert done.exit_code == 0, done.output
    folder = place.run("good").path / "release"
    assert f"PASS: released in {folder}" in done.stdout
    done = CliRunner().invoke(cli, ["verify", str(folder)])
    assert done.exit_code == 0, done.output
    assert done.stdout.count("ok ") == 3
    (folder / "leak.json").write_text("{}")
    done = CliRunner().invoke(cli, ["verify", str(folder)])
    assert done.exit_code == 1
    assert "FAILED files: changed: leak.json" in done.stdout


def test_without_merged_weights_verify_says_that_it_could_not_execute(place: Workspace) -> None:
    config = load_config(
        pack="agreeing", effort="smoke", assignments=(*SETTINGS, 'release.exports=["adapter"]'), base=base_of(place)
    )
    build(config, place, run="good")
    checks = by_name(verify_release(release_run(place.run("good"), place)))
    assert checks["files"].ok
    assert not checks["evaluation"].ok
    assert checks["evaluation"].value.startswith("could not be re-executed")
