"""`srm mitigate`: rows added before training, the student warned, both audited again beside what they cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from srm_core.records import Attempt, AuditItem, Problem, TrainingRow
from srm_core.store import read_records
from srm_core.workspace import Workspace

TOY_PACK = Path(__file__).parents[1] / "external_pack"
FEW = (
    "audit.per_attribute=1",
    "audit.max_tokens=4",
    "train.rl_steps=0",
    'train.methods=["sft"]',
    "evaluate.suites=0",
    'evaluate.controls=["none"]',
)
Command = Callable[..., Any]


@pytest.fixture(scope="module")
def command(toy_home: Path, toy_environment: dict[str, str]) -> Iterator[Command]:
    """Return a function that runs ``srm`` in this process, the bias audit installed beside the toy pack."""
    from click.testing import CliRunner

    from srm_core.cli import cli

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**toy_environment, "SRM_BLOCK": "knowledge,langchain"}.items():
            patch.setenv(name, value)
        patch.syspath_prepend(str(TOY_PACK))
        patch.syspath_prepend(str(toy_home / "site"))
        patch.chdir(toy_home)
        yield lambda *words, **more: CliRunner().invoke(cli, [str(word) for word in words], **more)


@pytest.fixture(scope="module")
def audited(toy_home: Path, command: Command) -> Path:
    """The workspace of a finished build that the bias audit has seen, run ``plain``."""
    place = toy_home / "mitigations"
    options = [word for each in FEW for word in ("--set", each)]
    done = command("build", "--config", "toy.toml", "--workspace", place, "--run", "plain", *options)
    assert done.exit_code == 0, done.output
    return place


@pytest.fixture(scope="module")
def tried(audited: Path, command: Command) -> dict[str, Any]:
    """What ``srm mitigate plain`` says about both mitigations."""
    done = command("mitigate", "plain", "--share", 0.5, "--workspace", audited, "--json")
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def artifact(place: Path, run: str, stage: str) -> Path:
    manifest = Workspace(place).run(run).manifest()
    (key,) = (record.key for record in manifest.stages if record.stage == stage)
    return place / "store" / stage / key


def problems_of(place: Path) -> dict[str, Problem]:
    return {p.id: p for p in read_records(artifact(place, "plain", "pose") / "problems.jsonl", Problem)}


def test_the_second_build_differs_by_the_rows_that_were_added(audited: Path, tried: dict[str, Any]) -> None:
    plain, other = (Workspace(audited).run(name).manifest() for name in ("plain", "plain-counterfactual"))
    keys = [{record.stage: record.key for record in each.stages} for each in (plain, other)]
    assert [stage for stage in keys[0] if keys[0][stage] == keys[1][stage]] == ["ingest", "ground", "pose", "distill"]
    assert other.settings["train"]["mitigations"] == ["counterfactual"]
    before, after = (artifact(audited, name, "train") / "data" for name in ("plain", "plain-counterfactual"))
    assert not (before / "mitigation-attempts.jsonl").exists()
    problems = {p.id: p for p in read_records(after / "mitigation-problems.jsonl", Problem)}
    added = list(read_records(after / "mitigation-attempts.jsonl", Attempt))
    accepted = {a.problem: a for a in read_records(artifact(audited, "plain", "distill") / "attempts.jsonl", Attempt)}
    assert 0.5 * len(accepted) <= len(added) <= 0.5 * len(accepted) + 2
    for attempt in added:
        twin, origin = problems[attempt.problem], accepted[problems[attempt.problem].parents[0]]
        assert (twin.split, attempt.verdict.correct, attempt.model) == ("train", True, "mitigation:counterfactual")
        assert attempt.completion.text == origin.completion.text
        assert attempt.parents == (twin.id, origin.id)
        assert twin.question.endswith(problems_of(audited)[twin.parents[0]].question)
        assert twin.question.startswith("The person is ")
    rows = {row.attempt for row in read_records(after / "rows.jsonl", TrainingRow)}
    assert {attempt.id for attempt in added} < rows
    assert len(rows) == len(accepted) + len(added)
    counts = next(record.counts for record in other.stages if record.stage == "train")
    assert counts["mitigation_attempts"] == len(added)


def test_all_students_are_compared_on_the_same_probes_and_problems(audited: Path, tried: dict[str, Any]) -> None:
    assert [each["mitigation"] for each in tried["mitigated"]] == ["counterfactual", "warning"]
    assert [each["run"] for each in tried["mitigated"]] == ["plain-counterfactual", "plain"]
    trained, warned = tried["mitigated"]
    assert trained["rows"][1] > trained["rows"][0]
    assert warned["rows"][1] == warned["rows"][0]
    items = read_records(artifact(audited, "plain", "audit") / "items.jsonl", AuditItem)
    student = [item for item in items if item.role == "student"]
    assert tried["probes"] <= len({item.probe for item in student})  # the toy's own probes are another's audit
    for each in tried["mitigated"]:
        assert each["costs"][0]["kind"] == "all"
        assert each["costs"][0]["change"]["n"] == tried["problems"] == 8
        assert each["changes"]
        for change in each["changes"]:
            assert change["before"]["n"] == change["after"]["n"] == change["change"]["n"] > 0
            moved = change["after"]["effect"] - change["before"]["effect"]
            assert change["change"]["effect"] == pytest.approx(moved)
            assert change["change"]["low"] <= change["change"]["effect"] <= change["change"]["high"]
            assert change["before"]["limit"] is not None
            assert change["change"]["limit"] is None
    arms = [(p["arm"], p["measure"]) for p in tried["points"]]
    assert {arm for arm, _ in arms} == {"as it is", "counterfactual", "warning"}
    assert len(set(arms)) == len(arms)


def test_the_page_has_table_and_pictures_and_promises_nothing(audited: Path, tried: dict[str, Any]) -> None:
    page = (audited / "runs" / "plain" / "mitigation.html").read_text(encoding="utf-8")
    assert page.count("<svg") == len({p["measure"] for p in tried["points"]})
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "url(http" not in page
    assert "<script" not in page
    for words in ("paired difference", "None of these is a solution", "95 %"):
        assert words in page
    assert not re.search(r"\b(fixes|fixed|solves|removes the bias|unbiased|debiased)\b", page)
    kept = json.loads((audited / "runs" / "plain" / "mitigation.json").read_text(encoding="utf-8"))
    assert kept == tried


def test_trying_again_asks_and_builds_nothing(audited: Path, tried: dict[str, Any], command: Command) -> None:
    before = sorted((audited / "store").glob("*/*"))
    done = command("mitigate", "plain", "--share", 0.5, "--workspace", audited)
    assert done.exit_code == 0, done.output
    assert sorted((audited / "store").glob("*/*")) == before
    assert "None of these is a solution" in done.stdout
    assert "counterfactual: what it cost" in done.stdout
    assert json.loads((audited / "runs" / "plain" / "mitigation.json").read_text(encoding="utf-8")) == tried


def test_the_card_of_a_mitigated_student_says_what_was_added(audited: Path, tried: dict[str, Any]) -> None:
    card = (audited / "runs" / "plain-counterfactual" / "candidate" / "README.md").read_text(encoding="utf-8")
    assert "trained with the mitigation counterfactual" in card
    plain = (audited / "runs" / "plain" / "candidate" / "README.md").read_text(encoding="utf-8")
    assert "mitigation" not in plain


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("plain", "--with", "counterfactal"),
            "no plugin has the mitigation 'counterfactal'. Did you mean 'counterfactual'?",
        ),
        (
            ("plain-counterfactual", "--with", "counterfactual"),
            "was trained with the mitigation counterfactual already",
        ),
        (("plain", "--with", "warning", "--share", "0"), "0"),
        (("gone",), "has no run 'gone'"),
    ],
)
def test_what_cannot_be_tried_is_said(
    audited: Path, tried: dict[str, Any], command: Command, arguments: tuple[str, ...], said: str
) -> None:
    done = command("mitigate", *arguments, "--workspace", audited)
    assert done.exit_code in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_today_s_code_would_build_otherwise_is_not_compared(
    audited: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("srm_core.pipeline.code_digest", lambda modules: "edited")
    for way in ("counterfactual", "warning"):
        done = command("mitigate", "plain", "--with", way, "--workspace", audited)
        assert done.exit_code == 1
    assert "would come out otherwise today from stage" in done.stderr


def test_a_pack_s_own_mitigation_adds_its_rows(toy: Callable[..., Any], tmp_path: Path, audited: Path) -> None:
    from srm_core.host import Host
    from srm_core.stages.context import Context
    from srm_core.stages.mitigation import mitigated

    accepted = list(read_records(artifact(audited, "plain", "distill") / "attempts.jsonl", Attempt))
    posed = problems_of(audited)
    doublings = [a for a in accepted if posed[a.problem].kind == "double"]

    def add(*assignments: str) -> Any:
        return mitigated(Context(Host("toy"), toy(*assignments), tmp_path), accepted, posed)

    assert add().counts == {}
    whole = add('train.mitigations=["each-asker"]', "train.mitigation_share=9")
    assert whole.counts == {"mitigation_attempts": 2 * len(doublings)}
    assert {p.groups["name"] for p in whole.problems.values()} == {"Ada", "Ben"}
    few = add('train.mitigations=["each-asker"]', "train.mitigation_share=0.25")
    assert few.counts == {"mitigation_attempts": 4}  # 3 of 12, and the pair is not torn
    with pytest.raises(Exception, match="adds nothing to these"):
        mitigated(
            Context(Host("toy"), toy('train.mitigations=["each-asker"]'), tmp_path),
            [a for a in accepted if posed[a.problem].kind == "add"],
            posed,
        )


def test_rows_that_no_method_learns_from_are_refused(toy: Callable[..., Any]) -> None:
    from srm_core.errors import ConfigError
    from srm_core.pipeline import prepare

    with pytest.raises(ConfigError, match=r"no method of train\.methods learns from them"):
        prepare(toy('train.mitigations=["each-asker"]', 'train.methods=["dpo"]'), None)
    with pytest.raises(ConfigError, match="name each once"):
        prepare(toy('train.mitigations=["each-asker", "each-asker"]'), None)
    with pytest.raises(ConfigError, match=r"no plugin has the mitigation 'each-askr'\. Did you mean 'each-asker'"):
        prepare(toy('train.mitigations=["each-askr"]'), None)


def test_decoding_against_a_pushed_self_is_audited_on_the_same_probes_and_trains_nothing(
    audited: Path, command: Command
) -> None:
    stages = sorted((audited / "store").glob("*/*"))
    done = command("mitigate", "plain", "--with", "contrast", "--workspace", audited, "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["mitigated"]
    assert (found["mitigation"], found["run"]) == ("contrast", "plain")
    assert found["rows"][0] == found["rows"][1]
    assert re.search(
        r"contrast: \d+ wordings and 8 held-out problems, two passes a token, 24 side by side", done.stderr
    )
    assert re.search(r"contrast: the first \d+ took [\d.]+ s, so about [\d.]+ s are left", done.stderr)
    assert "mitigate: contrast, held-out problems, answers: 8 of 8" in done.stderr
    assert found["costs"][0]["change"]["n"] == 8
    assert all(each["before"]["n"] == each["after"]["n"] == each["change"]["n"] > 0 for each in found["changes"])
    assert sorted((audited / "store").glob("*/*")) == stages
