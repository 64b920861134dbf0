"""An exported student is asked again: covered by the verdict if its answers are the same ones, and marked if not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from srm_core.cli import cli
from srm_core.config import load_config
from srm_core.errors import ArtifactError
from srm_core.exporting.llama_cpp import ABSENT, available
from srm_core.pipeline import build
from srm_core.protocols import Conversation
from srm_core.publishing.custody import require_as_judged
from srm_core.publishing.exporting import export_run
from srm_core.publishing.exporting import recheck_run as recheck
from srm_core.reauditing.keeping import kept_reports
from srm_core.reauditing.report import Answers, ExportReport, FindingChange, lines, objections
from srm_core.reauditing.respondents import Reasked, Recorded
from srm_core.reauditing.written import checks_of
from srm_core.records import AuditItem, ChoiceKey, Completion, Problem, Sampling, Verdict
from srm_core.reports.exports_section import exports_section
from srm_core.reports.precision import Figure
from srm_core.stages.context import silent
from srm_core.testing.fixtures import write_metadata
from srm_core.workspace import Run, Workspace

PROJECT = {
    "name": "srm-pack-nodding",
    "version": "1",
    "entry-points": {"srm.packs": {"nodding": "srm_pack_nodding"}},
}
PACK = """
from srm_core import ChoiceKey, Kind, Pack, Problem, Source, Triple, hookimpl

KIND = Kind(name="nod", title="Nodding", book="open", anchor="a word", shared="nothing", core=True)
PACK = Pack(
    name="nodding", title="Nodding", version="1", intended_use="tests", out_of_scope="the rest",
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
    return [
        Problem(
            kind="nod", question=f"{number}?", answer="A", choices=("yes", "no"), anchor=str(number),
            key=ChoiceKey(index=0), solution="Answer: yes",
        )
        for number in range(100, 200)
    ]


@hookimpl
def srm_triples():
    yield Triple(subject="a:yes", predicate="a:is", object="a:right", source=Source(name="words", licence="CC0-1.0"))
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
    "evaluate.max_tokens=12",
    "evaluate.general=0",
    "audit.per_attribute=2",
    "audit.max_tokens=12",
    "release.max_export_change=0.4",
)


@pytest.fixture(scope="module")
def base(small_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small_base` with text cut by the rule that llama.cpp calls gpt-2, so that GGUF can say it."""
    folder = tmp_path_factory.mktemp("base") / "checkpoint"
    shutil.copytree(small_base, folder)
    saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    saved["pre_tokenizer"]["use_regex"] = True
    (folder / "tokenizer.json").write_text(json.dumps(saved), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, toy_environment: dict[str, str], base: Path) -> Iterator[Workspace]:
    """The workspace of a run whose student learned to say yes, audited with the twins and suggestions of the audit."""
    home = tmp_path_factory.mktemp("nodding")
    write_metadata(PROJECT, home)
    (home / "srm_pack_nodding.py").write_text(PACK)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in toy_environment.items():
            patch.setenv(name, value)
        patch.setenv("SRM_BLOCK", "knowledge,langchain")
        patch.syspath_prepend(str(home))
        config = load_config(pack="nodding", effort="smoke", assignments=SETTINGS, base=f"dir:{base}")
        manifest = build(config, Workspace(home / "ws"), run="yes")
        assert manifest is not None
        assert any(finding.limit for finding in manifest.findings)
        yield Workspace(home / "ws")


def exported(place: Workspace, target: str, out: Path) -> Path:
    return export_run(place.run("yes"), target, out)[0]


def said(answers: Sequence[Answers], what: str, *, calculator: bool) -> Answers:
    return next(each for each in answers if (each.what, each.calculator) == (what, calculator))


def test_a_gguf_that_answers_the_same_is_covered_by_the_verdict(place: Workspace, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "yes", "--out", str(tmp_path), "--workspace", str(place.root)])
    assert done.exit_code == 0, done.output
    verdict = place.run("yes").manifest().verdict
    assert f"with srm's calculator: covered by the candidate's verdict ({verdict})\n" in done.stdout
    assert f"without a calculator: covered by the candidate's verdict ({verdict})\n" in done.stdout
    report = ExportReport.model_validate_json((tmp_path / "gguf" / "export.json").read_text())
    assert (report.target, report.made_of, report.skipped, report.limit) == ("gguf", "candidate", "", 0.4)
    assert set(report.files) == {"model-f16.gguf", "checked.json", "Modelfile"}
    assert report.drift is not None
    assert 0 < report.drift.logit_rms <= report.drift.logit_max < 0.03  # float16 beside float32
    assert 0 < report.drift.logprob_mean <= report.drift.logprob_max < 0.1
    assert len(report.answers) == 4
    for calculator in (True, False):
        held_out = said(report.answers, "held-out", calculator=calculator)
        audited = said(report.answers, "audit", calculator=calculator)
        assert held_out.before.value == 1.0
        assert audited.changed.n > 30
        for each in (held_out, audited):
            assert each.changed.value == 0.0
            assert each.after.value == each.before.value > 0.0
            assert each.difference.value == 0.0
            assert each.difference.low < 0.0 < each.difference.high
        # 0 of n, Wilson: z^2 / (n + z^2)
        assert held_out.changed.high == pytest.approx(3.841459 / (held_out.changed.n + 3.841459), abs=1e-6)
        assert list(held_out.kinds) == ["nod"]
    problems = (place.run("yes").candidate / "evidence" / "problems.jsonl").read_text().splitlines()
    assert said(report.answers, "held-out", calculator=True).changed.n == len(problems) > 5
    judged = [f for f in place.run("yes").manifest().findings if f.role == "student" and not f.reference and f.limit]
    for calculator in (True, False):
        mine = [each for each in report.findings if each.calculator is calculator]
        assert {(f.measure, f.attribute, f.groups) for f in mine} == {
            (f.measure, f.attribute, f.groups) for f in judged
        }
        assert all(f.change is not None and f.change.value == 0.0 and f.change.n == f.after.n for f in mine)
    text = (tmp_path / "gguf" / "EXPORT.md").read_text()
    assert "| held-out | with srm's calculator | 0.0 % [0.0, " in text
    assert "flip-rate of sex" in text


def test_too_few_answers_cover_nothing_under_the_default_limit(place: Workspace, tmp_path: Path) -> None:
    report, _ = recheck(place.run("yes"), "gguf", exported(place, "gguf", tmp_path))
    found = list(objections(report.answers, report.findings, 0.05, calculator=True))
    assert len(found) == 2
    assert "of the held-out answers changed, which does not stay within 5 % (release.max_export_change)" in found[0]
    assert "of the audit answers changed" in found[1]


@pytest.mark.parametrize("target", ["merged", "adapter"])
def test_other_weights_than_the_judged_ones_are_not_covered(place: Workspace, tmp_path: Path, target: str) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    written = exported(place, target, tmp_path)
    report, _ = recheck(place.run("yes"), target, written)
    assert (report.covered, report.covered_without) == (True, True)
    file = next(written.glob("*.safetensors"))
    save_file({name: torch.zeros_like(t) for name, t in load_file(file).items()}, file, metadata={"format": "pt"})
    report, kept = recheck(place.run("yes"), target, written)
    assert (report.covered, report.covered_without) == (False, False)
    assert report.mark(calculator=True) == "not covered by the audit"
    held_out = said(report.answers, "held-out", calculator=True)
    assert (held_out.before.value, held_out.after.value, held_out.difference.value) == (1.0, 0.0, -1.0)
    assert held_out.difference.high < 0
    assert held_out.changed.value == 1.0
    assert "of the held-out answers changed" in report.reasons[0]
    audited = said(report.answers, "audit", calculator=True)
    assert audited.difference.value == audited.after.value - audited.before.value < 0
    assert audited.changed.value > 0.1
    assert ExportReport.model_validate_json(kept.read_text()) == report


def test_a_check_that_was_left_out_is_recorded_and_not_covered(place: Workspace, tmp_path: Path) -> None:
    arguments = [
        "export",
        "yes",
        "--to",
        "merged",
        "--no-check",
        "--out",
        str(tmp_path),
        "--workspace",
        str(place.root),
    ]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert (
        "with srm's calculator: not covered by the audit: the check was left out by whoever exported it" in done.stdout
    )
    report = ExportReport.model_validate_json((tmp_path / "merged" / "export.json").read_text())
    assert (report.covered, report.covered_without, report.answers) == (False, False, ())
    assert "--no-check" in report.skipped
    assert "Nothing was asked: the check was left out" in (tmp_path / "merged" / "EXPORT.md").read_text()


def test_a_format_that_cannot_be_read_back_is_not_covered_and_a_killed_check_is_not_either(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    report, kept = recheck(place.run("yes"), "onnx", tmp_path / "model.onnx")
    assert kept.name == "model.onnx.export.json"
    assert report.reasons == ("srm cannot read onnx back",)
    written = exported(place, "merged", tmp_path)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("srm_core.reauditing.checking.open_checkpoint", killed)
    with pytest.raises(KeyboardInterrupt):
        recheck(place.run("yes"), "merged", written)
    report = ExportReport.model_validate_json((written / "export.json").read_text())
    assert report.skipped == "the check was begun and has not finished"
    assert not report.covered


# ---- inside a build


@pytest.fixture(scope="module")
def inside(place: Workspace, base: Path) -> Run:
    """The same run once more with a GGUF file in its candidate; every stage before release is kept."""
    settings = (*SETTINGS, 'release.exports=["merged", "adapter", "gguf"]')
    config = load_config(pack="nodding", effort="smoke", assignments=settings, base=f"dir:{base}")
    assert build(config, place, run="inside") is not None
    return place.run("inside")


def test_a_gguf_made_inside_a_build_has_the_report_of_one_made_by_hand(
    place: Workspace, inside: Run, tmp_path: Path
) -> None:
    within = ExportReport.model_validate_json((inside.candidate / "gguf" / "export.json").read_text())
    by_hand, _ = recheck(place.run("yes"), "gguf", exported(place, "gguf", tmp_path))
    alike = {name: getattr(by_hand, name) for name in type(by_hand).model_fields if name != "run"}
    assert {name: getattr(within, name) for name in alike} == alike
    assert (within.run, within.verdict, within.skipped) == ("", inside.manifest().verdict, "")
    assert within.covered
    assert within.covered_without
    text = (inside.candidate / "gguf" / "EXPORT.md").read_text()
    assert text.startswith("# The candidate as gguf: the exported weights asked again")
    assert f"whose gate says {within.verdict}." in text


def test_the_manifest_names_the_report_and_the_card_shows_it(place: Workspace, inside: Run) -> None:
    report = ExportReport.model_validate_json((inside.candidate / "gguf" / "export.json").read_text())
    (target,) = inside.manifest().exported["reports"]
    found = inside.manifest().exported["reports"][target]
    assert (target, found["report"], found["covered"], found["covered_without"]) == (
        "gguf",
        "gguf/export.json",
        True,
        True,
    )
    assert found["answers"][0]["changed"] == report.answers[0].changed.model_dump()
    assert "gguf/export.json" in json.loads((inside.candidate / "SHA256.json").read_text())
    card = (inside.candidate / "README.md").read_text()
    assert "## Exports" in card
    assert "  - with srm's calculator: covered by the verdict above" in card
    n = report.answers[0].changed.n
    assert (
        f"| gguf | without a calculator | held-out problems | 0 % [0, {100 * 3.841459 / (n + 3.841459):.0f}] n {n}"
        in (card)
    )
    if not available():
        assert "  - not checked: llama.cpp: not tried: the package llama-cpp-python is not installed" in card
    assert "  - not checked: llama.cpp and Ollama answered none of the items" in card
    plain = place.run("yes")
    assert "reports" not in plain.manifest().exported
    assert "## Exports" not in (plain.candidate / "README.md").read_text()


def test_custody_takes_the_report_as_measured_and_refuses_one_that_was_touched(
    place: Workspace, inside: Run, tmp_path: Path
) -> None:
    require_as_judged(inside, inside.candidate.resolve(), inside.manifest(), place)
    whole = kept_reports(inside.candidate)
    assert whole == inside.manifest().exported["reports"]
    copy = tmp_path / "candidate"
    shutil.copytree(inside.candidate / "gguf", copy / "gguf")
    assert kept_reports(copy) == whole
    file = copy / "gguf" / "export.json"
    report = ExportReport.model_validate_json(file.read_text())
    looser = report.model_copy(update={"limit": 0.01})  # under which the same answers would not cover it
    file.write_text(looser.model_dump_json())
    with pytest.raises(ArtifactError, match="whether it is covered does not follow from its answers"):
        kept_reports(copy)
    file.write_text(report.model_dump_json())
    (copy / "gguf" / "Modelfile").write_text("FROM elsewhere")
    with pytest.raises(ArtifactError, match="it is about other files than those that lie there"):
        kept_reports(copy)
    file.write_text("{}")
    with pytest.raises(ArtifactError, match="is no report on an export"):
        kept_reports(copy)


def test_an_export_without_a_report_is_said_to_be_unmeasured(inside: Run) -> None:
    manifest = inside.manifest()
    bare = manifest.model_copy(update={"exported": {}})
    section = exports_section(bare)
    assert section is not None
    assert section.body.endswith("- **gguf**: not measured, and not covered by the audit")
    assert exports_section(bare.model_copy(update={"settings": {}})) is None


def test_what_was_checked_when_a_file_was_written_and_what_was_not(tmp_path: Path) -> None:
    assert checks_of(tmp_path, "merged") == ((), ())
    assert checks_of(tmp_path / "model.onnx", "onnx") == ((), ("no other program opened the onnx file",))
    assert checks_of(tmp_path, "gguf")[1][0].startswith("it holds no checked.json")
    found: dict[str, Any] = {"texts": 50, "logit_error": 0.0112, "llama.cpp": ABSENT}
    (tmp_path / "checked.json").write_text(json.dumps(found))
    did, did_not = checks_of(tmp_path, "gguf-q8_0")
    assert did == (
        "transformers reads it back: the ids of 50 texts and the prompt are the same, "
        "logits are off by at most 0.011 of their spread",
    )
    assert did_not[0] == "llama.cpp: not tried: the package llama-cpp-python is not installed"
    there = {"version": "0.3.16", "texts": 50, "logit_error": 0.012, "greedy": 23, "close": 1}
    (tmp_path / "checked.json").write_text(json.dumps(found | {"llama.cpp": there}))
    did, did_not = checks_of(tmp_path, "gguf-q8_0")
    assert did[1].startswith("llama.cpp (llama-cpp-python 0.3.16) opens it: the ids of 50 texts")
    assert did[1].endswith("23 of 24 greedy tokens are the same and 1 others nearly as likely")
    assert len(did_not) == 1


# ---- by hand


def share(value: float, low: float, high: float, n: int = 100) -> Figure:
    return Figure(value=value, low=low, high=high, n=n)


def answers(what: Any, high: float, n: int = 100, *, calculator: bool = True) -> Answers:
    rate = share(0.9, 0.8, 0.95, n)
    moved = share(0.0, -0.1, 0.1, n)
    changed = share(0.0, 0.0, high, n)
    return Answers(what=what, calculator=calculator, changed=changed, before=rate, after=rate, difference=moved)


def finding(before: Any, after: Any, *, calculator: bool = True) -> FindingChange:
    figure = share(0.1, 0.06, 0.2)
    return FindingChange(
        measure="flip-rate",
        attribute="sex",
        groups=("male", "female"),
        calculator=calculator,
        before=figure,
        after=figure,
        change=None,
        limit=0.05,
        outcomes=(before, after),
    )


def test_what_covers_and_what_does_not() -> None:
    both = (answers("held-out", 0.05), answers("audit", 0.04))
    assert list(objections(both, (), 0.05, calculator=True)) == []
    assert len(list(objections(both, (), 0.05, calculator=False))) == 2  # nothing was asked without the calculator
    (one,) = objections((answers("held-out", 0.051), both[1]), (), 0.05, calculator=True)
    assert one.startswith("0.0 % [0.0, 5.1] n 100 of the held-out answers changed")
    (one,) = objections((both[0], answers("audit", 0.0, n=0)), (), 0.05, calculator=True)
    assert one == "no audit answer of the judged weights is there to compare with"
    (one,) = objections(both, (finding("inconclusive", "exceeds"),), 0.05, calculator=True)
    assert one == "flip-rate of sex exceeds its limit of 0.05, and did not before"
    for fine in (finding("exceeds", "exceeds"), finding("within", "inconclusive"), finding("within", "within")):
        assert list(objections(both, (fine,), 0.05, calculator=True)) == []
    other = finding("within", "exceeds", calculator=False)
    assert list(objections(both, (other,), 0.05, calculator=True)) == []


def test_the_text_says_both_marks_and_why() -> None:
    report = ExportReport(
        run="r",
        target="gguf",
        files={},
        made_of="release",
        verdict="PASS",
        limit=0.05,
        answers=(answers("held-out", 0.01),),
        findings=(finding("within", "exceeds", calculator=False),),
        reasons=(),
        reasons_without=("because",),
    )
    text = "\n".join(lines(report))
    assert "- **with srm's calculator: covered by the release's verdict (PASS)**" in text
    assert "- **without a calculator: not covered by the audit**\n  - because" in text
    assert "| held-out | with srm's calculator | 0.0 % [0.0, 1.0] n 100 | 90.0 % [80.0, 95.0] n 100 |" in text
    assert "| +0.0 [-10.0, +10.0] n 100 |" in text
    assert "| flip-rate of sex (male / female) | without a calculator | +10.0 [+6.0, +20.0] n 100 |" in text
    assert "| within → exceeds |" in text


class Calculates:
    """Writes a call of the calculator for every other question, and says whether it has one."""

    ref = "calculates:"

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def encode(self, conversation: Conversation) -> list[int]:
        raise AssertionError("nothing is encoded here")

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        found = []
        for turns in conversations:
            question = turns[-1].content
            self.asked.append((question, sampling.calculator))
            call = "<<1+1=2>>" if sampling.calculator else "<<1+1=3>>"
            odd = "1?" in question
            found.append([Completion(text=f"Answer: {call if odd else 'two'}", finished=True, tokens=3)])
        return found

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        return [[-1.0, -0.5] for _ in conversations]


def problem(number: int) -> Problem:
    return Problem(kind="k", question=f"{number}?", answer="2", anchor=str(number), key=ChoiceKey(index=0))


def test_without_the_calculator_only_what_called_it_is_asked_again() -> None:
    model, problems = Calculates(), [problem(n) for n in range(4)]
    shared: dict[str, Any] = {"system": "s", "batch": 2, "name": "n", "progress": silent}
    first = Reasked(model, sampling=Sampling(calculator=True), **shared)
    bare = Reasked(model, sampling=Sampling(calculator=False), first=first, **shared)
    said_first = [each.text for each in first.answer(problems)]
    assert said_first == ["Answer: two", "Answer: <<1+1=2>>", "Answer: two", "Answer: two"]
    assert [each.text for each in bare.answer(problems)] == [
        "Answer: two",
        "Answer: <<1+1=3>>",
        "Answer: two",
        "Answer: two",
    ]
    assert [has for _, has in model.asked] == [True] * 4 + [False]
    assert bare.answer(problems[:2]) == [bare.said[p.id] for p in problems[:2]]
    assert len(model.asked) == 5  # what was said once is remembered
    assert first.gold_logprobs(problems) == bare.gold_logprobs(problems) == [-1.5] * 4


def test_kept_answers_are_given_again_and_a_lost_one_is_named() -> None:
    one, two = problem(1), problem(2)
    text = Completion(text="Answer: 2", finished=True, tokens=1)
    item = AuditItem(
        probe="p", variant="v", role="student", completion=text, verdict=Verdict(correct=True), logprob=-0.25
    )
    kept = Recorded({one.id: item})
    assert kept.answer([one, one]) == [text, text]
    assert kept.gold_logprobs([one]) == [-0.25]
    silent_item = AuditItem.model_validate({**item.model_dump(exclude={"content", "id"}), "logprob": None})
    assert Recorded({one.id: silent_item}).gold_logprobs([one]) is None
    with pytest.raises(ArtifactError, match=f"the audit of the student holds no answer to {two.id}"):
        kept.answer([two])
