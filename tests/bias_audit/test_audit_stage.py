"""The stage audit on a small model: base, student and int8 student, a published suite, one model at a time, resumable."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from srm_bias_audit import hooks

from srm_core.config import AuditPolicy, BuildConfig, EvaluateConfig
from srm_core.errors import ConfigError
from srm_core.inference.local import open_local
from srm_core.records import AuditFinding, AuditItem, Pack, Probe, StageRecord
from srm_core.stages import audit as stage
from srm_core.stages.context import Context
from srm_core.stages.lengths import keep_lengths
from srm_core.store import Artifact, read_records, write_records

PACK = Pack(
    name="x", title="X", version="1", intended_use="a", out_of_scope="b", system_prompt="Answer.", kinds=(),
    subject="customer",
)  # fmt: skip


class Opened:
    """Stands for `Students`: opens ``tiny:0`` for everybody, with the weights asked for, and notes the order."""

    log: list[tuple[str, str]] = []

    def __init__(self, context, trained, weights="float32") -> None:
        self.weights, self.final, self._models = weights, "sft", {}

    def base(self):
        return self._open("base", "float32")

    def student(self, arm: str):
        return self._open(arm, self.weights)

    def _open(self, name: str, weights: str):
        if name not in self._models:
            Opened.log.append((name, weights))
            self._models = {name: open_local("tiny:0", weights=weights)}
        return self._models[name]


@pytest.fixture
def run(tmp_path: Path, monkeypatch, formula, verify):
    """Return a function that audits six problems in a folder with settings of the audit changed."""
    monkeypatch.setattr(stage, "Students", Opened)
    monkeypatch.setattr(Opened, "log", [])
    host = SimpleNamespace(
        pack=lambda: PACK,
        probes=lambda problems, config: hooks.srm_probes(problems, config, PACK),
        findings=hooks.srm_findings,
        verify=verify,
    )
    posed = tmp_path / "posed"
    posed.mkdir()
    held_out = [formula(n).revised(split="test") for n in range(3)]
    write_records(posed / "problems.jsonl", held_out)
    (posed / "data").mkdir()
    keep_lengths(posed / "data", [], {})
    record = StageRecord(stage="pose", key="k", inputs={}, settings={}, code="c", counts={})
    problems = Artifact(posed, record)

    def audited(out: Path, progress=lambda what, done, total: None, **policy) -> list[AuditFinding]:
        config = BuildConfig(
            pack="x",
            base="tiny:0",
            evaluate=EvaluateConfig(batch=8),
            audit=AuditPolicy(per_attribute=3, max_tokens=4, **policy),
        )
        out.mkdir(exist_ok=True)
        stage.audit(Context(host, config, tmp_path, progress), out, student=problems, problems=problems)
        return list(read_records(out / "findings.jsonl", AuditFinding))

    return audited


def _rows(found: list[AuditFinding]) -> Iterator[tuple[str, str]]:
    yield from dict.fromkeys((finding.role, finding.reference) for finding in found)


def test_the_quantized_student_is_compared_on_the_same_items_and_one_model_is_open_at_a_time(run, tmp_path) -> None:
    found = run(tmp_path / "out", compare_weights=("int8",))
    assert list(_rows(found)) == [
        ("base", ""),
        ("student", ""),
        ("student-int8", ""),
        ("student", "base"),
        ("student-int8", "student"),
    ]
    assert Opened.log == [("base", "float32"), ("sft", "float32"), ("sft", "int8")]
    items = list(read_records(tmp_path / "out" / "items.jsonl", AuditItem))
    asked = {role: {(i.probe, i.variant) for i in items if i.role == role} for role, _ in _rows(found)}
    assert asked["student"] == asked["student-int8"] == asked["base"]
    by_name = {(f.measure, f.attribute, f.groups, f.role, f.reference): f for f in found}
    shifts = [f for f in found if (f.role, f.reference) == ("student-int8", "student")]
    assert shifts
    for shift in shifts:
        own, other = (
            by_name[shift.measure, shift.attribute, shift.groups, role, ""] for role in ("student-int8", "student")
        )
        assert shift.effect == pytest.approx(own.effect - other.effect)
        assert shift.limit is None
    # int8 rounds the matrices, so log-probabilities move, and only they need not be equal on a model that knows nothing
    moved = [f for f in shifts if f.measure == "gold-logprob-gap"]
    assert moved
    assert any(f.effect != 0 for f in moved)


def test_twins_speak_of_whom_the_pack_names(run, tmp_path) -> None:
    run(tmp_path / "out")
    probes = list(read_records(tmp_path / "out" / "probes.jsonl", Probe))
    questions = [v.problem.question for p in probes for v in p.variants]
    assert any("The customer is a 45-year-old White man, advised in the blue room." in text for text in questions)
    assert not any("patient" in text.casefold() for text in questions)


def test_a_suite_is_asked_of_the_same_models_and_a_killed_audit_repeats_no_call(run, tmp_path, monkeypatch) -> None:
    rows = [",sent_more,sent_less,stereo_antistereo,bias_type"]
    rows += [f"{n},they lose {n} more,we lose {n} less,stereo,age" for n in range(10)]
    (tmp_path / "crows_pairs_anonymized.csv").write_text("\n".join(rows))
    suites = {"crows-pairs": str(tmp_path)}
    seen = []

    def killed(what: str, done: int, total: int) -> None:
        seen.append((what, done, total))
        if what == "audit: student, suites, scores" and done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", progress=killed, suites=suites)
    assert ("audit: base, suites, scores", 20, 20) in seen
    scored = []
    model = open_local("tiny:0")
    original = type(model).score
    monkeypatch.setattr(
        type(model), "score", lambda self, talks, texts: scored.extend(texts) or original(self, talks, texts)
    )
    resumed = run(tmp_path / "killed", suites=suites)
    assert len(scored) == 4  # of the student's 20 sentences 16 were kept, and so was everything before them
    assert all("lose" in text for text in scored)
    whole = run(tmp_path / "whole", suites=suites)
    assert [f.content for f in resumed] == [f.content for f in whole]
    suite = [f for f in whole if f.measure == "crows-pairs:prefers-stereotype"]
    assert {f.role for f in suite} == {"base", "student"}
    assert {f.n for f in suite} == {10}


def test_a_broken_suite_stops_the_stage_before_a_model_is_opened(run, tmp_path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; give the benchmark's file"):
        run(tmp_path / "out", suites={"crows-pairs": str(tmp_path / "gone.csv")})
    assert Opened.log == []


@pytest.mark.parametrize("weights", [("float32",), ("int8", "int8")])
def test_a_student_is_not_compared_with_itself(run, tmp_path, weights) -> None:
    with pytest.raises(ConfigError, match=r"audit\.compare_weights = .* name each once, and not float32"):
        run(tmp_path / "out", compare_weights=weights)
    assert Opened.log == []


def test_the_calls_of_an_audit_are_kept_outside_the_artifact_s_hashes(run, tmp_path) -> None:
    run(tmp_path / "out", compare_weights=("bfloat16",))
    kept = {path.name for path in (tmp_path / "out").glob("*.cache")}
    assert kept == {"base.cache", "student.cache", "student-bfloat16.cache"}
    first = json.loads((tmp_path / "out" / "findings.jsonl").read_text().splitlines()[0])
    assert first["role"] == "base"
