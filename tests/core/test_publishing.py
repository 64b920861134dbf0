"""A release: refused unless judged PASS, signed, and found out if one byte of it changes.

The candidate is real: a small model learns in a second to say yes, which its base never does.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.config import load_config
from srm_core.errors import ArtifactError, ReleaseRefused
from srm_core.pipeline import build
from srm_core.publishing import PUBLIC, STATEMENT, Check, release_run, verify_release
from srm_core.publishing.checking import signature
from srm_core.records import Attempt, AuditFinding, AuditItem, BuildManifest, ChoiceKey, Problem, Score, StageRecord
from srm_core.reports.waivers import Request
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
from srm_core import (
    AuditFinding, AuditItem, ChoiceKey, EvalItem, Kind, Pack, Probe, Problem, Source, Triple, Variant, hookimpl
)

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
def srm_triples():
    yield Triple(subject="a:yes", predicate="a:is", object="a:right", source=Source(name="words", licence="CC0-1.0"))


@hookimpl
def srm_probes(problems):
    for each in problems:
        kindly = Variant(name="kindly", problem=problem(f"Please, {each.anchor}"))
        yield Probe(
            measure="tone", attribute="tone", harm="quality-of-service",
            variants=(Variant(name="curt", problem=each), kindly), parents=(each.id,),
        )


@hookimpl
def srm_findings(probes, models, verify, policy):
    for role, model in models.items():
        asked = [(probe, variant) for probe in probes for variant in probe.variants]
        said = model.answer([variant.problem for _, variant in asked])
        likely = model.gold_logprobs([variant.problem for _, variant in asked])
        items = [
            AuditItem(
                probe=probe.id, variant=variant.name, role=role, completion=text, logprob=nats,
                verdict=verify(variant.problem, text.text, ()), parents=(probe.id,),
            )
            for (probe, variant), text, nats in zip(asked, said, likely)
        ]
        yield from items
        right = [float(item.verdict.correct is True) for item in items]
        gap = sum(right[1::2]) - sum(right[::2])
        yield AuditFinding(
            measure="tone gap", attribute="tone", groups=("curt", "kindly"), role=role, harm="quality-of-service",
            effect=gap, low=gap, high=gap, n=len(right) // 2, limit=policy.max_accuracy_gap,
            outcome="within" if abs(gap) <= policy.max_accuracy_gap else "exceeds",
            items=tuple(item.id for item in items),
        )


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
    "evaluate.general=60",
)


def agreeable() -> tuple[Problem, ...]:
    """Stand for the items of general ability: what an agreeing student does not get worse at."""
    return tuple(
        Problem(
            kind="agree",
            question=f"{number}?",
            answer="A",
            choices=("Answer: yes", "Answer: no"),
            anchor=f"general:{number}",
            key=ChoiceKey(index=0),
            split="test",
        )
        for number in range(60)
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
        patch.setenv(
            "SRM_ENGINE", "reference"
        )  # nothing here depends on compiled kernels, and making them takes minutes
        patch.setenv("SRM_KEY", str(home / "keys" / "owner.key"))
        patch.syspath_prepend(str(home))
        patch.setattr("srm_core.general.items._items", agreeable)  # a random base knows nothing that it could lose
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


def rebuilt(passed: Path, name: str, setting: str) -> Path:
    """Return a copy of the workspace in which the run was built again with one setting changed."""
    copy = passed.parent / name
    shutil.copytree(passed, copy, symlinks=True)
    base = Run("good", passed / "runs" / "good").manifest().base
    build(
        load_config(pack="agreeing", effort="smoke", assignments=(*SETTINGS, setting), base=base),
        Workspace(copy),
        run="good",
    )
    return copy


@pytest.fixture(scope="module")
def failed_home(passed: Path) -> Path:
    return rebuilt(passed, "failed", "release.min_gain=1.0")


@pytest.fixture(scope="module")
def loosened_home(passed: Path) -> Path:
    """Judged by a policy that is looser than the default."""
    return rebuilt(passed, "loosened", "release.max_disagreement=0.5")


@pytest.fixture
def failed(failed_home: Path, tmp_path: Path) -> Workspace:
    """A copy of a workspace whose run failed: what follows tries to get it out all the same."""
    shutil.copytree(failed_home, tmp_path / "failed", symlinks=True)
    return Workspace(tmp_path / "failed")


@pytest.fixture
def loosened(loosened_home: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(loosened_home, tmp_path / "loosened", symlinks=True)
    return Workspace(tmp_path / "loosened")


@pytest.fixture(scope="module")
def released(passed: Path) -> Path:
    """The folder of a release; tests that change it copy it."""
    copy = passed.parent / "released"
    shutil.copytree(passed, copy, symlinks=True)
    return release_run(Run("good", copy / "runs" / "good"), Workspace(copy))


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def statement_in(folder: Path) -> dict[str, Any]:
    """Return the payload of a release's envelope, read as any DSSE tool would."""
    found = json.loads((folder / STATEMENT).read_text())
    assert found["payloadType"] == "application/vnd.in-toto+json"
    said: dict[str, Any] = json.loads(base64.b64decode(found["payload"]))
    return said


def edit_json(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_the_student_learned_and_its_base_had_not(passed: Path) -> None:
    scores = Run("good", passed / "runs" / "good").manifest().scores
    asked = [s for s in scores if (s.kind, s.suite, s.metric) == ("agree", "held-out", "accuracy")]
    assert {(s.arm, s.value) for s in asked if not s.baseline} == {
        ("base-few", 0.0),
        ("sft", 1.0),
    }


def test_a_candidate_that_passed_is_released_signed_and_verifies(released: Path) -> None:
    checks = by_name(verify_release(released))
    assert list(checks) == ["files", "signature", "model signature", "evaluation", "audit", "general"]
    assert all(check.ok for check in checks.values())
    assert checks["evaluation"].value == "8 of 8 verdicts and 8 of 8 texts come out the same"
    assert checks["audit"].value == "4 of 4 verdicts come out the same, 4 of 4 log-probabilities within 0.02 nats"
    assert checks["general"].value == "8 of 8 items come out the same, 8 of 8 of the base"
    assert checks["signature"].value.startswith("PASS, signed by owner.pub")
    said = statement_in(released)
    assert said["predicate"]["srm_gate"] == {"judged": "PASS", "released": "PASS", "objections": [], "waivers": []}
    subject = {each["name"]: each["digest"]["sha256"] for each in said["subject"]}
    assert subject == {**json.loads((released / SUMS).read_text()), SUMS: sha256(released / SUMS)}
    assert {"manifest.json", "merged/model.safetensors", "adapter/adapter_model.safetensors"} <= set(subject)
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


def test_one_flipped_byte_in_any_file_is_found_200_of_200(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random files and places; in the small files that vouch for the others also single bits, which formats may hide."""
    monkeypatch.setattr("srm_core.publishing.checking.executed", lambda *_: [])  # the weights are not asked each time
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    assert all(check.ok for check in verify_release(copy))
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    vouching = [copy / name for name in (SUMS, STATEMENT, PUBLIC)]
    draw = random.Random(5)
    drawn = [*files, *vouching * 15, *draw.choices(files, k=200 - len(files) - 45)]
    found = 0
    for number, file in enumerate(drawn):
        whole = file.read_bytes()
        where = draw.randrange(len(whole))
        change = 1 << draw.randrange(8) if number % 2 else draw.randrange(1, 256)
        file.write_bytes(whole[:where] + bytes([whole[where] ^ change]) + whole[where + 1 :])
        assert not all(check.ok for check in verify_release(copy)), f"{file.relative_to(copy)}, byte {where}"
        file.write_bytes(whole)
        found += 1
    assert found == len(drawn) == 200
    assert all(check.ok for check in verify_release(copy))


def test_every_bit_of_the_public_key_counts_and_of_the_envelopes_end(released: Path, tmp_path: Path) -> None:
    shutil.copytree(released, tmp_path / "release", ignore=shutil.ignore_patterns("merged", "adapter"))
    assert signature(tmp_path / "release").ok
    for name, span in ((PUBLIC, 10_000), (STATEMENT, 300)):  # the last letter of base64 has bits that readers pass over
        file = tmp_path / "release" / name
        whole = file.read_bytes()
        for place in range(max(0, len(whole) - span), len(whole)):
            for bit in range(8) if name == PUBLIC else (0, 5):
                file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
                assert not signature(tmp_path / "release").ok, (name, place, bit)
        file.write_bytes(whole)


@pytest.mark.parametrize(
    "lost", ["manifest.json", "merged/model.safetensors", "evidence/attempts.jsonl", STATEMENT, PUBLIC]
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
    assert checks["general"].value == "not re-executed: the files are not those that were judged"


def test_the_signature_of_another_release_or_another_key_is_found(
    released: Path, place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SRM_KEY", str(tmp_path / "other.key"))
    other = release_run(place.run("good"), place)
    assert by_name(verify_release(other))["signature"].ok  # whose key it is, only its owner can say
    assert statement_in(other) == statement_in(released)
    for name in (STATEMENT, PUBLIC):
        copy = tmp_path / name
        shutil.copytree(released, copy)
        shutil.copy(other / name, copy / name)
        assert not signature(copy).ok


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
    assert not checks["general"].ok
    assert "8 of 8 of the base" in checks["general"].value


def test_a_candidate_is_not_called_a_release_and_an_empty_folder_is_none(passed: Path, tmp_path: Path) -> None:
    checks = by_name(verify_release(Run("good", passed / "runs" / "good").candidate))
    assert checks["files"].ok
    assert checks["signature"].value == "not signed: a candidate, not a release"
    with pytest.raises(ArtifactError, match=f"is no release: it holds no {SUMS}"):
        verify_release(tmp_path)


# ---- what is refused


@pytest.mark.parametrize(("verdict", "code"), [("FAIL", 3), ("INCONCLUSIVE", 4)])
def test_a_verdict_other_than_pass_is_refused_with_its_own_exit_code(
    failed_home: Path, loosened_home: Path, verdict: str, code: int
) -> None:
    place = Workspace({"FAIL": failed_home, "INCONCLUSIVE": loosened_home}[verdict])
    manifest = place.run("good").manifest()
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


def test_a_verdict_edited_by_hand_is_refused_wherever_else_it_is_edited_too(failed: Workspace) -> None:
    place = failed
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


def test_scores_that_were_not_measured_are_refused(failed: Workspace) -> None:
    place = failed
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


def test_an_old_manifest_beside_a_new_candidate_is_refused(place: Workspace, failed: Workspace) -> None:
    old = (place.run("good").path / "manifest.json").read_text()
    place = failed
    (place.run("good").path / "manifest.json").write_text(old)
    assert BuildManifest.model_validate_json(old).verdict == "PASS"
    with pytest.raises(ReleaseRefused, match="is not the one its candidate was judged by"):
        release_run(place.run("good"), place)


def test_srm_release_and_srm_verify_from_the_command_line(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(cli, ["release", "good", "--workspace", str(place.root)])
    assert done.exit_code == 0, done.output
    folder = place.run("good").path / "release"
    assert f"PASS: released in {folder}" in done.stdout
    done = CliRunner().invoke(cli, ["verify", str(folder), "--sample", "3"])
    assert done.exit_code == 0, done.output
    assert done.stdout.count("ok ") == 6
    assert "3 of 3 verdicts and 3 of 3 texts" in done.stdout
    (folder / "leak.json").write_text("{}")
    done = CliRunner().invoke(cli, ["verify", str(folder)])
    assert done.exit_code == 1
    assert "FAILED files: changed: leak.json" in done.stdout


def test_without_merged_weights_verify_says_that_it_could_not_execute(place: Workspace) -> None:
    config = load_config(
        pack="agreeing", effort="smoke", assignments=(*SETTINGS, 'release.exports=["adapter"]'), base=base_of(place)
    )
    manifest = build(config, place, run="good")
    assert manifest is not None
    assert [(each.gate, each.outcome) for each in manifest.objections] == [("tokens", "inconclusive")]
    why = Request("tokens", "Ada", "the base's tokenizer is used with the adapter")
    checks = by_name(verify_release(release_run(place.run("good"), place, waive=[why])))
    assert checks["files"].ok
    for name in ("evaluation", "audit", "general"):
        assert not checks[name].ok
        assert checks[name].value.startswith("could not be re-executed")


# ---- waivers


def test_a_policy_loosened_by_a_setting_is_refused_until_somebody_answers_for_it(loosened: Workspace) -> None:
    place, manifest = loosened, loosened.run("good").manifest()
    assert (manifest.verdict, [each.gate for each in manifest.objections]) == ("INCONCLUSIVE", ["policy"])
    with pytest.raises(ReleaseRefused, match="the gate's verdict on good is INCONCLUSIVE"):
        release_run(place.run("good"), place)
    arguments = ["release", "good", "--workspace", str(place.root), "--waive", "policy", "--who", "Ada Lovelace"]
    done = CliRunner().invoke(cli, [*arguments, "--why", "a pilot with ten users"])
    assert done.exit_code == 0, done.output
    folder = place.run("good").path / "release"
    today = str(datetime.now(UTC).date())
    assert f"waived: policy, by Ada Lovelace on {today}: a pilot with ten users\n" in done.stdout
    assert f"PASS with waivers: released in {folder}" in done.stdout
    done = CliRunner().invoke(cli, ["verify", str(folder)])
    assert done.exit_code == 0, done.output
    assert "ok     signature: PASS with waivers, signed by owner.pub" in done.stdout
    assert f"ok     waiver: policy, by Ada Lovelace on {today}: a pilot with ten users" in done.stdout
    gate = statement_in(folder)["predicate"]["srm_gate"]
    assert (gate["judged"], gate["released"]) == ("INCONCLUSIVE", "PASS with waivers")
    assert gate["objections"] == [manifest.objections[0].model_dump(mode="json")]
    assert gate["waivers"][0]["reasons"] == [manifest.objections[0].reason]
    card = (folder / "README.md").read_text()
    assert "## Release gate: PASS with waivers" in card
    assert f"- **waiver of policy** by Ada Lovelace on {today}: a pilot with ten users" in card
    kept = json.loads((folder / "manifest.json").read_text())
    assert (kept["verdict"], [each["who"] for each in kept["waivers"]]) == ("INCONCLUSIVE", ["Ada Lovelace"])
    assert place.run("good").manifest().waivers == ()  # the candidate is still what it was judged to be


def test_a_waiver_taken_out_or_put_into_a_release_is_found(loosened: Workspace, tmp_path: Path) -> None:
    folder = release_run(loosened.run("good"), loosened, waive=[Request("policy", "Ada", "a pilot")])
    for number, waivers in enumerate(([], [{**statement_waiver(folder), "who": "Ben"}])):
        copy = tmp_path / str(number)
        shutil.copytree(folder, copy)
        edit_json(copy / "manifest.json", waivers=waivers)
        sums = json.loads((copy / SUMS).read_text())
        (copy / SUMS).write_text(json.dumps({**sums, "manifest.json": sha256(copy / "manifest.json")}))
        assert not signature(copy).ok


def statement_waiver(folder: Path) -> dict[str, Any]:
    waiver: dict[str, Any] = statement_in(folder)["predicate"]["srm_gate"]["waivers"][0]
    return waiver


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--waive", "policy"], 2, "a waiver is three options"),
        (["--waive", "policy", "--who", "Ada"], 2, "a waiver is three options"),
        (["--waive", "policy", "--who", "Ada", "--why", " "], 4, "the waiver of policy lacks its reason"),
        (["--waive", "policy", "--who", "", "--why", "x"], 4, "the waiver of policy lacks a name"),
        (["--waive", "capability", "--who", "Ada", "--why", "x"], 4, "no objection of 'capability' to waive"),
    ],
)
def test_an_unsound_waiver_releases_nothing(loosened_home: Path, options: list[str], code: int, said: str) -> None:
    place = Workspace(loosened_home)
    done = CliRunner().invoke(cli, ["release", "good", "--workspace", str(place.root), *options])
    assert (done.exit_code, said in done.stderr) == (code, True), done.output
    assert not (place.run("good").path / "release").exists()


def test_what_may_not_be_waived_and_what_passed_are_refused(place: Workspace, failed: Workspace) -> None:
    with pytest.raises(ReleaseRefused, match="no objection of 'policy' to waive; gates that object: none"):
        release_run(place.run("good"), place, waive=[Request("policy", "Ada", "a pilot")])
    with pytest.raises(ReleaseRefused, match="capability may not be waived"):
        release_run(failed.run("good"), failed, waive=[Request("capability", "Ada", "a pilot")])


# ---- what somebody who knows how the store works might try


def forge(place: Workspace, **changes: Any) -> None:
    """Write a changed manifest to both its places and make every hash above it anew."""
    candidate = candidate_of(place)
    manifest = place.run("good").manifest().model_copy(update=changes)
    for file in (place.run("good").path / "manifest.json", candidate / "manifest.json"):
        file.write_text(manifest.model_dump_json(indent=1))
    reseal(candidate, "manifest.json")


def test_a_limit_loosened_in_the_manifest_after_the_judgement_is_refused(failed: Workspace) -> None:
    place = failed
    settings = place.run("good").manifest().settings
    loose = {**settings, "release": {**settings["release"], "min_gain": 0.0}}
    forge(place, settings=loose, objections=(), verdict="PASS")
    with pytest.raises(ReleaseRefused, match=r"release\.min_gain is not what the candidate was judged by"):
        release_run(place.run("good"), place)
    for section, name, value in (("audit", "max_flip_rate", 0.9), ("train", "epochs", 9.0)):
        forge(place, settings={**settings, section: {**settings[section], name: value}})
        with pytest.raises(ReleaseRefused, match=rf"{section}\.{name} is not what the candidate was judged by"):
            release_run(place.run("good"), place)
    forge(place, settings={**settings, "unsafe_code": True})
    with pytest.raises(ReleaseRefused, match="did not run with unsafe_code as the manifest has it"):
        release_run(place.run("good"), place)


@pytest.mark.parametrize("name", ["merged/model.safetensors", "adapter/adapter_model.safetensors"])
def test_a_model_swapped_after_the_audit_is_refused_even_with_every_hash_made_anew(place: Workspace, name: str) -> None:
    from safetensors.torch import load_file, save_file

    candidate = candidate_of(place)
    weights = load_file(candidate / name)
    first = sorted(weights)[0]
    weights[first] = weights[first] + 0.001
    save_file(weights, candidate / name, {"format": "pt"})
    reseal(candidate, name)
    said = (
        "is not base \\+ adapter: the model was swapped" if name.startswith("merged") else "not what stage train wrote"
    )
    with pytest.raises(ReleaseRefused, match=said):
        release_run(place.run("good"), place)


def test_the_audit_of_an_earlier_student_is_refused(place: Workspace) -> None:
    manifest = place.run("good").manifest()
    new = next(record for record in manifest.stages if record.stage == "audit")
    inputs = {**new.inputs, "train": "0" * 20}
    key = place.store.key("audit", new.settings, inputs, new.code)
    old = StageRecord.model_validate({**new.model_dump(exclude={"id", "content"}), "inputs": inputs, "key": key})
    shutil.copytree(place.root / "store" / "audit" / new.key, place.root / "store" / "audit" / key)
    (place.root / "store" / "audit" / key / "record.json").write_text(old.model_dump_json())
    forge(place, stages=tuple(old if record.stage == "audit" else record for record in manifest.stages))
    with pytest.raises(ReleaseRefused, match="stage audit was run on another train artifact"):
        release_run(place.run("good"), place)
    renamed = StageRecord.model_validate({**new.model_dump(exclude={"id", "content"}), "key": key})
    forge(place, stages=tuple(renamed if record.stage == "audit" else record for record in manifest.stages))
    with pytest.raises(ReleaseRefused, match="name of the audit artifact does not follow from its record"):
        release_run(place.run("good"), place)


def test_findings_edited_in_the_store_are_refused_even_with_their_hash_made_anew(place: Workspace) -> None:
    manifest = place.run("good").manifest()
    record = next(each for each in manifest.stages if each.stage == "audit")
    folder = place.root / "store" / "audit" / record.key
    findings = [
        AuditFinding.model_validate({**each.model_dump(exclude={"content"}), "n": 999})
        for each in read_records(folder / "findings.jsonl", AuditFinding)
    ]
    write_records(folder / "findings.jsonl", findings)
    files = {**record.files, "findings.jsonl": sha256(folder / "findings.jsonl")}
    edited = StageRecord.model_validate({**record.model_dump(exclude={"content"}), "files": files})
    (folder / "record.json").write_text(edited.model_dump_json())
    with pytest.raises(ReleaseRefused, match="the record of stage audit is not the one in the manifest"):
        release_run(place.run("good"), place)


def test_exported_checks_and_materials_made_up_in_the_manifest_are_refused(place: Workspace) -> None:
    manifest = place.run("good").manifest()
    tokens = {**manifest.exported, "tokens": {"problems": 10_000, "different": 0, "named": []}}
    attempts: list[dict[str, Any]] = [{"exported": tokens}, {"materials": ()}, {"verifiers": {}}]
    for changes in attempts:
        forge(place, **changes)
        with pytest.raises(ReleaseRefused, match="the manifest does not hold what was measured"):
            release_run(place.run("good"), place)
        forge(place, **{name: getattr(manifest, name) for name in changes})
    release_run(place.run("good"), place)  # forging itself is not what is refused


def test_an_answer_of_the_audit_made_up_is_found_by_asking_again(released: Path, tmp_path: Path) -> None:
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    file = copy / "evidence" / "audit.jsonl"
    items = list(read_records(file, AuditItem))
    assert {item.role for item in items} == {"student"}
    wrong = [
        AuditItem.model_validate(
            {
                **item.model_dump(exclude={"content"}),
                "verdict": {"correct": not item.verdict.correct},
                "logprob": 0.0,
            }
        )
        for item in items
    ]
    write_records(file, wrong)
    sums = json.loads((copy / SUMS).read_text())
    (copy / SUMS).write_text(json.dumps({**sums, "evidence/audit.jsonl": sha256(file)}))
    checks = by_name(verify_release(copy))
    assert checks["files"].ok
    assert checks["evaluation"].ok
    assert (checks["audit"].ok, checks["audit"].value[:6]) == (False, "0 of 4")


# ---- general items


def reworded(copy: Path, name: str) -> None:
    """Make the hash of a changed file of a release anew."""
    sums = json.loads((copy / SUMS).read_text())
    (copy / SUMS).write_text(json.dumps({**sums, name: sha256(copy / name)}))


def better(attempt: Attempt) -> Attempt:
    rewards = [{"name": attempt.rewards[0].name, "value": 0.75}]
    return Attempt.model_validate({**attempt.model_dump(exclude={"content"}), "rewards": rewards})


@pytest.mark.parametrize("arm", ["base-zero", "sft"])
def test_a_general_item_made_up_is_found_whichever_items_are_drawn(released: Path, tmp_path: Path, arm: str) -> None:
    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    file = copy / "evidence" / "general.jsonl"
    attempts = list(read_records(file, Attempt))
    assert [attempt.arm for attempt in attempts] == ["base-zero"] * 60 + ["sft"] * 60
    first = next(number for number, attempt in enumerate(attempts) if attempt.arm == arm)
    write_records(file, [*attempts[:first], better(attempts[first]), *attempts[first + 1 :]])
    assert by_name(verify_release(copy))["files"].value == "changed: evidence/general.jsonl"
    reworded(copy, "evidence/general.jsonl")
    checks = by_name(verify_release(copy, sample=1))
    assert checks["files"].ok
    assert not checks["signature"].ok  # the statement is about other files
    assert not checks["general"].ok
    assert checks["general"].value.startswith("the kept items do not give the score right-choice-probability of ")


def test_general_items_and_scores_made_up_together_are_found_by_scoring_again(released: Path, tmp_path: Path) -> None:
    from srm_core.reports.general import probability_scores
    from srm_core.reports.scoring import Graded

    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    file = copy / "evidence" / "general.jsonl"
    attempts = [better(each) if each.arm == "sft" else each for each in read_records(file, Attempt)]
    write_records(file, attempts)
    items = {item.id: item for item in read_records(copy / "evidence" / "general-items.jsonl", Problem)}
    graded = [Graded("general", "likelihood", items[each.problem], each, None) for each in attempts]
    manifest = BuildManifest.model_validate_json((copy / "manifest.json").read_text())
    made_up = {
        score.id: score for score in probability_scores(graded, base="base-zero", final="sft", seed=manifest.seed)
    }
    scores = tuple(made_up.get(score.id, score) for score in manifest.scores)
    assert scores != manifest.scores
    (copy / "manifest.json").write_text(manifest.model_copy(update={"scores": scores}).model_dump_json(indent=1))
    for name in ("evidence/general.jsonl", "manifest.json"):
        reworded(copy, name)
    checks = by_name(verify_release(copy))
    assert checks["files"].ok
    assert (checks["general"].ok, checks["general"].value) == (
        False,
        "0 of 8 items come out the same, 8 of 8 of the base",
    )


def test_a_release_of_before_general_items_were_kept_and_one_without_its_base_are_said(
    released: Path, tmp_path: Path, small_base: Path
) -> None:
    from srm_core.publishing.general_again import general_again

    copy = tmp_path / "release"
    shutil.copytree(released, copy)
    manifest = BuildManifest.model_validate_json((copy / "manifest.json").read_text())
    gone = manifest.model_copy(update={"base": f"dir:{tmp_path / 'nowhere'}"})
    assert general_again(copy, gone, 2) == (
        True,
        f"2 of 2 items come out the same; those of the base were not executed: dir:{tmp_path / 'nowhere'} is not here",
    )
    other = tmp_path / "other"
    shutil.copytree(small_base, other)
    (other / "config.json").write_text((other / "config.json").read_text() + " ")
    ok, said = general_again(copy, manifest.model_copy(update={"base": f"dir:{other}"}), 2)
    assert ok
    assert said.endswith("is here, and is another one than the release was made from")
    (copy / "evidence" / "general.jsonl").unlink()
    ok, said = general_again(copy, manifest, 2)
    assert (ok, said) == (True, "no general item to execute again: it was made before srm kept them")
    bare = manifest.model_copy(update={"scores": ()})
    assert general_again(copy, bare, 2) == (True, "no general item to execute again: none was measured")
