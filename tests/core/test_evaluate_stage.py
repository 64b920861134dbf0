"""Stage evaluate: which arm is shown what, by whom it is answered, and that a finished arm is not asked again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import BuildConfig
from srm_core.host import Host
from srm_core.protocols import Conversation
from srm_core.records import Attempt, Evidence, FormulaKey, Problem, Score
from srm_core.reports.scoring import find
from srm_core.stages.context import Context
from srm_core.stages.evaluate import evaluate, others_evidence
from srm_core.stages.selection import held_out_problems as held_out
from srm_core.stages.selection import shots
from srm_core.stages.students import Students
from srm_core.store import Artifact, Result, read_records
from srm_core.testing.fakes import FakeModel
from srm_core.workspace import Workspace

Settings = Callable[..., BuildConfig]
KEY = FormulaKey(formula="f", inputs={}, low=0, high=1)


@pytest.fixture
def inputs(built: Path) -> dict[str, Artifact]:
    place = Workspace(built)
    found = {}
    for name, stage in (("student", "train"), ("problems", "pose"), ("knowledge", "ground")):
        artifact = place.store.find(stage, next((built / "store" / stage).glob("[!.]*")).name)
        assert artifact is not None
        found[name] = artifact
    return found


@pytest.fixture
def posed(inputs: dict[str, Artifact]) -> list[Problem]:
    return list(read_records(inputs["problems"].path / "problems.jsonl", Problem))


def looks_up(turns: Conversation) -> str:
    """Answer a doubling from the facts shown and nothing else, a sum by adding."""
    facts, _, question = turns[-1].content.rpartition("Question: ")
    numbers = re.findall(r"\d+", question)
    if len(numbers) == 2:
        return f"Answer: {int(numbers[0]) + int(numbers[1])}"
    found = re.search(rf"double of {numbers[0]} is (\d+)", facts)
    return f"Answer: {found.group(1)}" if found else "I cannot see it."


@pytest.fixture
def run(
    toy: Settings, inputs: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Result, dict[str, FakeModel]]]:
    """Return a function that evaluates with scripted models; it gives the result and the models by who they are."""

    def evaluated(*assignments: str, **replies: Callable[[Conversation], str]) -> tuple[Result, dict[str, FakeModel]]:
        models = {name: FakeModel(replies.get(name, looks_up), f"fake:{name}") for name in ("base", "sft", "grpo")}
        monkeypatch.setattr(Students, "_base", lambda self: models["base"])
        monkeypatch.setattr(Students, "_student", lambda self, method: models[method])
        context = Context(Host("toy"), toy(*assignments), tmp_path)
        return evaluate(context, tmp_path, **inputs), models

    return evaluated


def attempts(folder: Path, arm: str) -> list[Attempt]:
    return [attempt for attempt in read_records(folder / "attempts.jsonl", Attempt) if attempt.arm == arm]


def scores(folder: Path) -> list[Score]:
    return list(read_records(folder / "scores.jsonl", Score))


def test_every_arm_answers_the_same_held_out_problems(
    run: Callable[..., Any], posed: list[Problem], tmp_path: Path
) -> None:
    run()
    wanted = {problem.id for problem in held_out(posed, 4)}
    assert Counter(problem.kind for problem in posed if problem.id in wanted) == {"double": 4, "add": 4}
    for arm in ("base-few", "sft", "rl"):
        assert {attempt.problem for attempt in attempts(tmp_path, arm)} >= wanted
    assert not wanted & {problem.id for problem in posed if problem.split != "test"}


def test_arms_are_answered_by_whom_they_say(run: Callable[..., Any], tmp_path: Path) -> None:
    run('evaluate.arms=["base-zero", "base-few", "base-retrieved", "sft", "rl"]', "evaluate.votes=2")
    by_arm = {attempt.arm: attempt.model for attempt in read_records(tmp_path / "attempts.jsonl", Attempt)}
    assert by_arm == {
        **dict.fromkeys(("base-zero", "base-few", "base-retrieved"), "fake:base"),
        "sft": "fake:sft",
        **dict.fromkeys(("rl", "shuffled", "none"), "fake:grpo"),
    }


def test_only_the_fair_baselines_are_shown_worked_examples(run: Callable[..., Any], posed: list[Problem]) -> None:
    _, models = run('evaluate.arms=["base-zero", "base-few", "rl"]', "evaluate.suites=0")
    lengths = Counter(len(turns) for turns in models["base"].asked)
    assert lengths == {2: 11, 4: 8}  # base-zero: 8 and 3 of the suite; base-few: 8 with one example
    assert {len(turns) for turns in models["grpo"].asked} == {2}
    examples = {problem.question for group in shots(posed, 1).values() for problem in group}
    training = {problem.question for problem in posed if problem.split == "train"}
    assert examples <= training


def test_without_a_method_its_arm_is_not_reported(run: Callable[..., Any], tmp_path: Path) -> None:
    run('train.methods=["sft"]')  # the arms of the settings still name "rl"
    assert {attempt.arm for attempt in read_records(tmp_path / "attempts.jsonl", Attempt)} == {
        "base-few",
        "sft",
        "shuffled",
        "none",
        "base-zero",
    }
    assert find(scores(tmp_path), arm="sft", baseline="base-few", kind="all") is not None


def test_the_candidate_is_evaluated_even_if_no_arm_names_it(run: Callable[..., Any], tmp_path: Path) -> None:
    run('evaluate.arms=["base-few", "sft"]')
    assert find(scores(tmp_path), arm="rl", baseline="base-few", kind="all") is not None


def test_controls_without_the_right_evidence_lose_what_evidence_gave(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    found = scores(tmp_path)
    for arm, value in (("rl", 1.0), ("shuffled", 0.0), ("none", 0.0)):
        assert find(found, suite="held-out", arm=arm, kind="double", baseline="").value == value  # type: ignore[union-attr]
        assert find(found, suite="held-out", arm=arm, kind="add", baseline="").value == 1.0  # type: ignore[union-attr]
    for control in ("shuffled", "none"):
        cost = find(found, arm=control, baseline="rl", kind="double")
        assert cost is not None
        assert (cost.value, cost.n) == (-1.0, 3)


def test_the_shuffled_control_never_shows_a_fact_of_its_own(
    run: Callable[..., Any], posed: list[Problem], tmp_path: Path
) -> None:
    run("evaluate.control_per_kind=4")
    by_id = {problem.id: problem for problem in posed}
    shown = attempts(tmp_path, "shuffled")
    assert sum(bool(attempt.evidence) for attempt in shown) == 4  # the doublings; sums have none to show
    for attempt in shown:
        cited = {cite for item in attempt.evidence for cite in item.cites}
        assert not cited & set(by_id[attempt.problem].facts)
    assert not any(attempt.evidence for attempt in attempts(tmp_path, "none"))
    for attempt in attempts(tmp_path, "rl"):
        assert attempt.evidence == (by_id[attempt.problem].evidence if attempt.problem in by_id else ())


def test_shuffling_passes_over_neighbours_that_share_a_fact() -> None:
    def problem(name: str, *cites: str) -> Problem:
        evidence = tuple(Evidence(text=f"about {cite}", cites=(cite,)) for cite in cites)
        return Problem(kind="k", question=name, answer="1", anchor=name, facts=cites[:1], evidence=evidence, key=KEY)

    a, b, c, bare = problem("a", "1", "2"), problem("b", "2", "3"), problem("c", "9"), problem("bare")
    alone = problem("alone", "5").model_copy(update={"kind": "other"})
    shown = others_evidence([a, b, c, bare, alone])
    assert [item.cites for item in shown(a)] == [("9",)]
    assert [item.cites for item in shown(b)] == [("9",)]
    assert shown(c) in (a.evidence, b.evidence)
    assert shown(bare) != ()
    assert shown(alone) == ()  # there is no other of its kind


def test_retrieved_evidence_is_what_the_plugins_find(run: Callable[..., Any], tmp_path: Path) -> None:
    run('evaluate.arms=["base-retrieved", "rl"]')
    doublings = [each for each in attempts(tmp_path, "base-retrieved") if each.evidence]
    assert doublings
    assert all(attempt.evidence[0].text.startswith("The double of") for attempt in doublings)


def test_a_finished_arm_is_not_asked_again(run: Callable[..., Any], tmp_path: Path) -> None:
    def dies(turns: Conversation) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(grpo=dies)
    result, models = run()
    assert {len(models[name].asked) for name in ("sft",)} == {0}
    assert len(models["base"].asked) == 3  # only the suite, which had not been reached
    whole, models = run()
    assert whole == result
    assert not any(model.asked for model in models.values())


def test_votes_are_drawn_with_temperature_and_scored_apart(run: Callable[..., Any], tmp_path: Path) -> None:
    run("evaluate.votes=3")
    drawn = [each for each in attempts(tmp_path, "rl") if each.sampling.n == 3]
    assert {each.sampling.temperature for each in drawn} == {0.7}
    assert Counter(each.index for each in drawn) == {0: 6, 1: 6, 2: 6}
    found = scores(tmp_path)
    vote = find(found, decoding="vote@3", arm="rl", kind="all", baseline="")
    assert vote is not None
    assert (vote.value, vote.n, len(vote.attempts)) == (1.0, 6, 18)  # the problems of the control arms, not all 8
    assert find(found, decoding="vote@3", arm="rl", baseline="base-few", kind="all") is not None


def test_a_verifier_that_fails_is_counted_and_taken_as_wrong(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import srm_pack_toy.grading

    def fails(problem: Problem, trace: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(srm_pack_toy.grading, "verdict", fails)
    run()
    score = find(scores(tmp_path), suite="held-out", arm="rl", kind="double", baseline="")
    assert score is not None
    assert (score.value, score.abstained, score.n) == (0.0, 4, 4)


def test_an_independent_grader_is_compared_with_the_verdicts(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    agreed = find(scores(tmp_path), metric="second_grader_agreement", suite="held-out", arm="rl")
    assert agreed is not None
    assert (agreed.value, agreed.n) == (1.0, 8)


def test_published_suites_are_asked_of_base_and_candidate(run: Callable[..., Any], tmp_path: Path) -> None:
    run()
    found = scores(tmp_path)
    for arm in ("base-zero", "rl"):
        score = find(found, suite="toy-beyond", arm=arm, kind="all", baseline="")
        assert score is not None
        assert (score.value, score.n) == (1.0, 3)
    assert find(found, suite="toy-beyond", arm="rl", baseline="base-zero", kind="all") is not None


def test_a_suite_may_have_any_name(run: Callable[..., Any], inputs: dict[str, Artifact], tmp_path: Path) -> None:
    copy = tmp_path / "pose"
    copy.mkdir()
    for file in inputs["problems"].path.glob("*.jsonl"):
        (copy / file.name).write_bytes(file.read_bytes())
    items = [json.loads(line) for line in (copy / "items.jsonl").read_text().splitlines()]
    lines = [json.dumps({**item, "suite": "bench/../2024", "id": "", "content": ""}) for item in items]
    (copy / "items.jsonl").write_text("".join(line + "\n" for line in lines))
    inputs["problems"] = Artifact(copy, inputs["problems"].record)
    run()
    assert find(scores(tmp_path), suite="bench/../2024", arm="rl") is not None


def test_the_leak_certificate_is_written(run: Callable[..., Any], posed: list[Problem], tmp_path: Path) -> None:
    run()
    leak = json.loads((tmp_path / "leak.json").read_text())
    assert leak["clean"]
    assert leak["train"] == sum(problem.split == "train" for problem in posed)
    assert leak["not_checked"] == []  # no training problem has kind, answer and numbers of a test problem


def test_unseen_formulas_come_on_top_and_are_half_as_many() -> None:
    def problem(number: int, formula: str) -> Problem:
        return Problem(
            kind="k",
            question=f"{formula} {number}",
            answer="1",
            anchor=f"{formula} {number}",
            key=KEY,
            tags={"formula": formula},
            split="test",
        )

    problems = [problem(number, formula) for formula in ("seen", "unseen") for number in range(9)]
    chosen = held_out(problems, 4)
    assert Counter(each.tags["formula"] for each in chosen) == {"seen": 4, "unseen": 2}
    assert chosen == held_out(problems[::-1], 4)
    assert len(held_out(problems, 1)) == 2
