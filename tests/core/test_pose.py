"""Stage pose: only problems that prove themselves, no fact of a test answer in training, every drop with its reason."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from srm_core import hookimpl
from srm_core.config import BuildConfig
from srm_core.errors import PluginError
from srm_core.host import Host
from srm_core.records import ChoiceKey, EvalItem, Evidence, FormulaKey, GraphKey, Kind, Problem
from srm_core.stages.context import Context
from srm_core.stages.pose import limited, pose, without_shared_facts
from srm_core.store import Artifact, read_records, read_rows
from srm_core.workspace import Workspace

QUERY = "SELECT ?answer WHERE { $number $double ?answer }"
Settings = Callable[..., BuildConfig]


@pytest.fixture
def grounded(built: Path) -> Artifact:
    """The knowledge base of the toy build."""
    place = Workspace(built)
    key = next((built / "store" / "ground").glob("[!.]*")).name
    found = place.store.find("ground", key)
    assert found is not None
    return found


@pytest.fixture
def posed(
    toy: Settings, grounded: Artifact, tmp_path: Path
) -> Callable[..., tuple[list[Problem], list[dict[str, Any]]]]:
    """Return a function that poses the toy pack's problems and some more; it gives what was kept and what dropped."""

    def run(*more: Problem, change: str = "seed=0") -> tuple[list[Problem], list[dict[str, Any]]]:
        host = Host("toy")

        def srm_problems() -> Iterable[Problem]:
            return more

        plugin = types.ModuleType("more")
        plugin.srm_problems = hookimpl(srm_problems)  # type: ignore[attr-defined]
        host.register(plugin, "more")
        config = toy(change)
        result = pose(Context(host, config, tmp_path), tmp_path, knowledge=grounded)
        kept = list(read_records(tmp_path / "problems.jsonl", Problem))
        dropped = read_rows(tmp_path / "dropped.jsonl")
        assert result.counts["problems"] == len(kept)
        assert result.counts["dropped"] == len(dropped)
        assert sum(n for name, n in result.counts.items() if "." in name) == len(kept)
        return kept, dropped

    return run


def doubling(number: int, answer: str, **changes: Any) -> Problem:
    fields: dict[str, Any] = {
        "kind": "double",
        "question": f"Twice {number}?",
        "answer": answer,
        "anchor": f"twice {number}",
        "key": GraphKey(query=QUERY, bindings={"number": f"toy:{number}", "double": "toy:double"}),
    }
    return Problem(**{**fields, **changes})


def reasons(dropped: list[dict[str, Any]]) -> list[str]:
    return [row["reason"] for row in dropped]


def test_a_problem_whose_key_computes_its_gold_is_kept(posed: Callable[..., Any]) -> None:
    good = doubling(5, "10")
    kept, dropped = posed(good)
    assert good in kept
    assert dropped == []


def test_a_problem_whose_key_computes_something_else_is_dropped_with_the_reason(posed: Callable[..., Any]) -> None:
    bad = doubling(5, "11")
    kept, dropped = posed(bad)
    assert bad not in kept
    assert dropped == [
        {"problem": bad.id, "kind": "double", "split": bad.split, "reason": "its query gives ['10'], not '11'"}
    ]


def test_a_query_that_fails_or_finds_nothing_proves_nothing(posed: Callable[..., Any]) -> None:
    broken = doubling(5, "10", key=GraphKey(query="SELECT nothing at all"))
    unknown = doubling(999, "1998")
    _, dropped = posed(broken, unknown)
    assert reasons(dropped)[0].startswith("its query fails: ParseException")
    assert reasons(dropped)[1] == "its query gives [], not '1998'"


def test_a_gold_or_a_solution_that_the_verifier_rejects_is_dropped(posed: Callable[..., Any]) -> None:
    words = doubling(5, "ten", accept=("10",))
    wrong = doubling(6, "12", solution="I guess.\nAnswer: 13")
    _, dropped = posed(words, wrong)
    assert reasons(dropped) == [
        "the verifier does not accept its gold: not one number in digits",
        "the verifier does not accept its gold: 13 is another number",
    ]


def test_a_question_asked_before_is_dropped_and_one_with_other_options_is_not(posed: Callable[..., Any]) -> None:
    twice = doubling(5, "10"), doubling(5, "10", anchor="another anchor")
    kept, dropped = posed(*twice)
    assert twice[0] in kept
    assert reasons(dropped) == ["asked before"]
    key = ChoiceKey(index=0)
    options = [
        doubling(5, "10", question="Which?", choices=("10", other), key=key, accept=(), anchor=other) for other in "12"
    ]
    kept, dropped = posed(*options)
    assert all(option in kept for option in options)


def test_a_problem_of_a_kind_nobody_declares_is_dropped(posed: Callable[..., Any]) -> None:
    _, dropped = posed(doubling(5, "10", kind="halve"))
    assert reasons(dropped) == ["the pack declares no kind 'halve'"]


def test_a_training_problem_with_a_fact_that_decides_a_test_answer_is_dropped(posed: Callable[..., Any]) -> None:
    tested = next(problem for problem in posed()[0] if problem.kind == "double" and problem.split == "test")
    number = int(tested.answer) // 2
    leak = doubling(number, tested.answer, facts=tested.facts, split="train")
    dev = doubling(number, tested.answer, facts=tested.facts, split="dev", question="Two times that?")
    kept, dropped = posed(leak, dev)
    assert tested in kept
    assert {leak.id, dev.id} == {row["problem"] for row in dropped}
    assert set(reasons(dropped)) == {"it uses a fact that decides a test answer"}
    tests = {fact for problem in kept if problem.split == "test" for fact in problem.facts}
    assert not tests & {fact for problem in kept if problem.split != "test" for fact in problem.facts}


def test_formulas_are_shared_between_training_and_test_on_purpose() -> None:
    kinds = [
        Kind(name="sum", title="Sums", book="formula", anchor="a row", shared="the formula"),
        Kind(name="look", title="Looking up", book="open", anchor="a row", shared="nothing"),
    ]

    def problem(kind: str, split: str) -> Problem:
        key = FormulaKey(formula="sum", inputs={}, low=2, high=2)
        return Problem(
            kind=kind, question=f"{kind} {split}", answer="2", anchor=split, facts=("f",), key=key, split=split
        )

    both = [problem(kind, split) for kind in ("sum", "look") for split in ("train", "test")]
    kept, dropped = without_shared_facts(both, kinds)
    assert kept == [both[0], both[1], both[3]]
    assert [row["problem"] for row in dropped] == [both[2].id]


def test_the_ablation_without_grounding_shows_no_evidence(posed: Callable[..., Any]) -> None:
    shown, hidden = posed()[0], posed(change="ground.enabled=false")[0]
    assert any(problem.evidence for problem in shown)
    assert not any(problem.evidence for problem in hidden)
    assert [problem.id for problem in shown] == [problem.id for problem in hidden]


def test_the_gold_of_every_kept_problem_verifies(posed: Callable[..., Any]) -> None:
    host = Host("toy")
    for problem in posed()[0]:
        assert host.verify(problem, f"Answer: {problem.answer}", problem.evidence).correct


def test_a_pack_that_poses_nothing_is_an_error(toy: Settings, grounded: Artifact, tmp_path: Path) -> None:
    host = Host("toy")
    toy_problems = next(
        function for hook, name, function in host.implementations() if (hook, name) == ("srm_problems", "toy")
    )
    assert toy_problems is not None
    with pytest.raises(PluginError, match="names 'add', which gave no problem; the pack's kinds are double, add"):
        pose(Context(Silent(host), toy('pose.kinds=["add"]'), tmp_path), tmp_path, knowledge=grounded)  # type: ignore[arg-type]


class Silent:
    """A host whose plugins pose nothing."""

    def __init__(self, host: Host) -> None:
        self.open_knowledge, self.pack, self.evals, self.verify = (
            host.open_knowledge,
            host.pack,
            host.evals,
            host.verify,
        )

    def problems(self, *_: object) -> Iterator[Problem]:
        return iter(())


def test_each_suite_is_cut_to_its_first_items() -> None:
    items = [
        EvalItem(suite=suite, problem=doubling(n, str(n), evidence=(Evidence(text="x", cites=("y",)),)))
        for suite in "ab"
        for n in range(3)
    ]
    assert limited(items, 2) == [*items[:2], *items[3:5]]
    assert limited(items, 0) == []
