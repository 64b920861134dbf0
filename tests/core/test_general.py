"""General ability: the items, likelihood over choices by hand, scores of base and student, and the gate's limit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from srm_core.config import BuildConfig, ReleaseConfig
from srm_core.general.items import KINDS, asked, general_items, probabilities
from srm_core.host import Host
from srm_core.inference.local import open_local
from srm_core.protocols import Conversation
from srm_core.records import Attempt, BuildManifest, Completion, Problem, Reward, Sampling, Score, Verdict
from srm_core.reports.general import general_change, general_drop, probability_scores
from srm_core.reports.general_section import general_section
from srm_core.reports.scoring import Graded, find
from srm_core.stages.context import Context
from srm_core.stages.general import general_scores
from srm_core.store import read_records
from srm_core.testing.fakes import FakeModel

ITEMS = general_items(100)


def test_the_items_are_whole_and_any_first_part_has_the_kinds_in_equal_shares() -> None:
    assert Counter(item.kind for item in ITEMS) == dict.fromkeys(KINDS, 25)
    assert len({item.id for item in ITEMS}) == 100
    for item in ITEMS:
        assert len(set(item.choices)) == len(item.choices) >= 2
        assert item.choices["ABCD".index(item.answer)] == item.choices[item.key.index]  # type: ignore[union-attr]
        assert all(choice == choice.strip() and choice for choice in item.choices)
    assert Counter(item.kind for item in general_items(8)) == dict.fromkeys(KINDS, 2)
    assert general_items(500) == ITEMS
    assert general_items(0) == []
    places = Counter((len(item.choices), item.answer) for item in ITEMS)
    for choices in {len(item.choices) for item in ITEMS}:
        counts = [count for (size, _), count in places.items() if size == choices]
        assert max(counts) - min(counts) <= 3  # the right choice is at every place about as often


def test_the_right_choice_comes_first_in_the_file_and_stays_right() -> None:
    capital = next(item for item in ITEMS if "capital of France" in item.question)
    assert capital.choices[capital.key.index] == "Paris"  # type: ignore[union-attr]
    assert [turn.role for turn in asked(capital)] == ["user"]
    assert "Paris" not in asked(capital)[0].content


def test_probabilities_by_hand() -> None:
    # log 1/2 and log 1/6 after taking out their sum: 1/2 : 1/6 = 3 : 1
    assert probabilities([math.log(1 / 2), math.log(1 / 6)]) == pytest.approx([3 / 4, 1 / 4])
    assert probabilities([-2000.0, -2000.0, -2000.0]) == pytest.approx([1 / 3] * 3)
    assert probabilities([-1.0, -5000.0]) == pytest.approx([1.0, 0.0])


class Likes:
    """A model that gives the right choice of general items the log-probability ``right`` and every other one -1."""

    def __init__(self, right: float, ref: str) -> None:
        self.right, self.ref, self.asked = right, ref, 0

    def generate(self, conversations: Sequence[Conversation], sampling: Sampling) -> list[list[Completion]]:
        raise AssertionError("general items are scored, never answered")

    def score(self, conversations: Sequence[Conversation], continuations: Sequence[str]) -> list[list[float]]:
        self.asked += len(continuations)
        right = {(item.question, item.choices[item.key.index]) for item in ITEMS}  # type: ignore[union-attr]
        said = [(talk[-1].content, text) for talk, text in zip(conversations, continuations, strict=True)]
        return [[self.right / 2, self.right / 2] if each in right else [-1.0] for each in said]


class Both:
    """Stands for `Students`."""

    final = "rl"

    def __init__(self, base: Any, student: Any) -> None:
        self.models = {"base": base, "rl": student}

    def base(self) -> Any:
        return self.models["base"]

    def student(self, arm: str) -> Any:
        return self.models[arm]


def context(toy: Callable[..., BuildConfig], folder: Path, *assignments: str) -> Context:
    return Context(Host("toy"), toy(*assignments), folder)


def test_base_and_student_are_scored_on_the_same_items_once(toy: Callable[..., BuildConfig], tmp_path: Path) -> None:
    base, student = Likes(-0.5, "fake:base"), Likes(-2.0, "fake:rl")
    here = context(toy, tmp_path, "evaluate.general=100")
    scores = general_scores(here, tmp_path, Both(base, student))  # type: ignore[arg-type]
    assert base.asked == student.asked == sum(len(item.choices) for item in ITEMS)
    wanted = {"suite": "general", "decoding": "likelihood", "kind": "all"}
    right = find(scores, arm="base-zero", metric="accuracy", baseline="", **wanted)
    wrong = find(scores, arm="rl", metric="accuracy", baseline="", **wanted)
    lost = find(scores, arm="rl", metric="accuracy", baseline="base-zero", **wanted)
    assert right
    assert wrong
    assert lost
    assert (right.value, wrong.value, lost.value, lost.n) == (1.0, 0.0, -1.0, 100)
    grammar = find(scores, arm="base-zero", metric="right-choice-probability", kind="grammar", baseline="")
    moved = find(scores, arm="rl", metric="right-choice-probability", kind="grammar", baseline="base-zero")
    assert grammar
    assert moved
    sizes = [len(item.choices) for item in ITEMS if item.kind == "grammar"]
    assert sizes == [2] * 25
    # two choices: e^-0.5 / (e^-0.5 + e^-1) before, e^-2 / (e^-2 + e^-1) after
    before, after = 1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(1.0))
    assert grammar.value == pytest.approx(before)
    assert moved.value == pytest.approx(after - before)
    attempts = list(read_records(tmp_path / "general.jsonl", Attempt))
    assert {attempt.problem for attempt in attempts} == {
        p.id for p in read_records(tmp_path / "general-items.jsonl", Problem)
    }
    assert {number for score in scores for number in score.attempts} == {attempt.id for attempt in attempts}
    again = general_scores(here, tmp_path, Both(None, None))  # type: ignore[arg-type]
    assert again == scores


def test_a_model_that_cannot_score_and_no_items_measure_nothing(
    toy: Callable[..., BuildConfig], tmp_path: Path
) -> None:
    silent = FakeModel(["x"])
    assert general_scores(context(toy, tmp_path), tmp_path, Both(silent, silent)) == []  # type: ignore[arg-type]
    assert not (tmp_path / "general.jsonl").exists()
    none = context(toy, tmp_path, "evaluate.general=0")
    assert general_scores(none, tmp_path, Both(None, None)) == []  # type: ignore[arg-type]


def test_a_real_model_beside_itself_changes_nothing(toy: Callable[..., BuildConfig], tmp_path: Path) -> None:
    tiny = open_local("tiny:0")
    scores = general_scores(context(toy, tmp_path), tmp_path, Both(tiny, tiny))  # type: ignore[arg-type]
    change = next(s for s in scores if s.metric == "right-choice-probability" and s.baseline and s.kind == "all")
    assert (change.value, change.n) == (0.0, 8)
    assert change.low < -0.05  # eight items settle nothing


def row(arm: str, place: int, value: float) -> Graded:
    item = ITEMS[place]
    attempt = Attempt(
        problem=item.id,
        model="m",
        arm=arm,
        sampling=Sampling(),
        completion=Completion(text="x", finished=True, tokens=0),
        verdict=Verdict(correct=True),
        rewards=(Reward(name="right-choice-probability", value=value),),
    )
    return Graded("general", "likelihood", item, attempt, None)


def test_few_items_get_the_wider_interval_and_many_settle_the_default_limit() -> None:
    def change(count: int, drop: Callable[[int], float]) -> Score:
        rows = [
            row(arm, n, 0.5 + (drop(n) if arm == "rl" else 0.0)) for n in range(count) for arm in ("base-zero", "rl")
        ]
        found = find(probability_scores(rows, base="base-zero", final="rl", seed=0), kind="all", baseline="base-zero")
        assert found is not None
        return found

    few = change(8, lambda n: -0.1)
    assert few.value == pytest.approx(-0.1)
    assert few.low < -0.3
    assert few.high > -0.05  # eight equal drops fail nobody
    unchanged = change(100, lambda n: 0.25 * (-1) ** (n // 4))  # of deviation 0.25, mean 0.01
    assert unchanged.low > -0.05
    lost = change(100, lambda n: -0.1 + 0.1 * (-1) ** (n // 4))
    assert lost.high < -0.05


def manifest_with(make: Callable[..., BuildManifest], *scores: Score) -> BuildManifest:
    return make(scores=scores, settings=BuildConfig(pack="toy").model_dump(mode="json"))


def moved(low: float, high: float, **changes: Any) -> Score:
    fields: dict[str, Any] = {"suite": "general", "kind": "all", "arm": "rl", "decoding": "likelihood", "n": 100}
    fields |= {"metric": "right-choice-probability", "value": (low + high) / 2, "low": low, "high": high}
    return Score(**{**fields, "baseline": "base-zero", **changes})


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-0.03, 0.03, None),
        (-0.05, 0.01, None),
        (-0.06, 0.01, "inconclusive"),
        (-0.09, -0.05, "inconclusive"),
        (-0.09, -0.051, "fails"),
        (0.1, 0.2, None),
    ],
)
def test_the_gate_fails_beyond_the_limit_and_is_inconclusive_across_it(
    make_manifest: Callable[..., BuildManifest], low: float, high: float, outcome: str | None
) -> None:
    found = list(general_drop(manifest_with(make_manifest, moved(low, high)), ReleaseConfig()))
    assert [each.outcome for each in found] == ([outcome] if outcome else [])
    assert all(each.gate == "capability" and "100 general items" in each.reason for each in found)
    assert [each.waivable for each in found] == ([outcome == "inconclusive"] if outcome else [])


def test_what_was_not_measured_is_said_and_other_scores_are_no_measure(
    make_manifest: Callable[..., BuildManifest],
) -> None:
    others = [moved(-0.9, -0.8, kind="grammar"), moved(-0.9, -0.8, metric="accuracy"), moved(0.1, 0.2, baseline="")]
    manifest = manifest_with(make_manifest, *others)
    assert general_change(manifest) is None
    (objection,) = general_drop(manifest, ReleaseConfig())
    assert (objection.outcome, objection.waivable) == ("inconclusive", True)
    assert "not measured" in objection.reason
    assert general_section(manifest) is None
    section = general_section(manifest_with(make_manifest, moved(-0.08, 0.02), moved(0.5, 0.7, baseline="")))
    assert section is not None
    assert (
        "| all | probability of the right choice | not measured | 60 % [50, 70] n 100 | -3 [-8, +2] n 100 |"
        in section.body
    )
