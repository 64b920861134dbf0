"""The stage distill with a search: what it writes and counts, and what it refuses."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core import hookimpl
from srm_core.config import BuildConfig
from srm_core.distillation.strategies import REWRITE
from srm_core.errors import ConfigError
from srm_core.host import Host
from srm_core.protocols import Conversation, Model
from srm_core.records import Attempt
from srm_core.stages.context import Context
from srm_core.stages.distill import distill
from srm_core.store import Artifact, Result, read_records, read_rows
from srm_core.testing.fakes import FakeModel
from srm_core.workspace import Workspace

Distill = Callable[..., Result]


@pytest.fixture
def run(toy: Callable[..., BuildConfig], built: Path, tmp_path: Path) -> Distill:
    """Return a function that distills the problems of the finished build into ``tmp_path``, by ``model``."""

    def artifact(stage: str) -> Artifact:
        found = Workspace(built).store.find(stage, next((built / "store" / stage).glob("[!.]*")).name)
        assert found is not None
        return found

    def distilled(*assignments: str, model: Model | None = None) -> Result:
        host = Host("toy")
        if model is not None:
            plugin = types.ModuleType("handmade")
            load = hookimpl(lambda ref: model if ref == "handmade:" else None)
            plugin.srm_load_model = load  # type: ignore[attr-defined]
            host.register(plugin, "handmade")
            assignments = (*assignments, "distill.teacher=handmade:")
        context = Context(host, toy(*assignments), tmp_path)
        return distill(context, tmp_path, problems=artifact("pose"), knowledge=artifact("ground"))

    return distilled


def learner(turns: Conversation) -> str:
    """Answer a doubling at once, a sum of an even number only when asked again, and of an odd one never."""
    question = next(turn.content for turn in reversed(turns) if "Question: " in turn.content).rpartition("Question: ")[
        2
    ]
    numbers = [int(word) for word in re.findall(r"\d+", question)]
    right = sum(numbers) if len(numbers) > 1 else 2 * numbers[0]
    again = turns[-1].content == REWRITE or "Your answer is wrong." in turns[-1].content
    told = "The right answer is: " in turns[-1].content or any("It is told" in turn.content for turn in turns)
    knows = len(numbers) == 1 or told or (again and right % 2 == 0)
    return f"{'It is told' if told else 'Think'}.\nAnswer: {right if knows else 99999}"


def test_a_search_accepts_more_and_says_how(run: Distill, tmp_path: Path) -> None:
    alone = run(model=FakeModel(learner, "handmade:"))
    found = run("distill.search=2", model=FakeModel(learner, "handmade:"))
    attempts = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    refined = [attempt for attempt in attempts if "search" in attempt.tags]
    assert len(refined) == found.counts["accepted"] - alone.counts["accepted"] > 0
    assert found.counts["attempts"] == found.counts["problems"] == found.counts["accepted"] + found.counts["rejected"]
    solved = {name: n for name, n in found.counts.items() if name.startswith("search: solved by ")}
    assert sum(solved.values()) == len(refined) == found.counts["search: trace rewritten"]
    assert found.counts["search: solved at once"] == alone.counts["accepted"]
    assert found.counts["search: given up"] == found.counts["rejected"] > 0
    assert found.counts["label injected"] == 0
    rows = read_rows(tmp_path / "search.jsonl")
    assert len(rows) == found.counts["problems"]
    assert {row["attempt"] for row in rows} >= {attempt.id for attempt in attempts}
    dropped = {row["problem"] for row in read_rows(tmp_path / "rejected.jsonl")}
    assert dropped == {row["problem"] for row in rows if row["outcome"] == "given up"}


def test_rows_with_the_label_are_flagged_counted_and_off_unless_asked_for(run: Distill, tmp_path: Path) -> None:
    found = run("distill.search=1", "distill.label_injection=true", model=FakeModel(learner, "handmade:"))
    attempts = list(read_records(tmp_path / "attempts.jsonl", Attempt))
    flagged = [attempt for attempt in attempts if attempt.tags.get("label_injected")]
    assert found.counts["label injected"] == len(flagged) == found.counts["search: solved with the label"] > 0
    assert found.counts["rejected"] == 0
    assert all(attempt.verdict.correct for attempt in flagged)


def test_a_search_that_was_killed_asks_only_the_rest(run: Distill) -> None:
    calls: list[Conversation] = []

    def dies(turns: Conversation) -> str:
        if len(calls) == 15:
            raise KeyboardInterrupt
        calls.append(turns)
        return learner(turns)

    with pytest.raises(KeyboardInterrupt):
        run("distill.search=2", "distill.samples=2", model=FakeModel(dies, "handmade:"))
    model = FakeModel(learner, "handmade:")
    whole = run("distill.search=2", "distill.samples=2", model=model)
    total = whole.counts["search: answers"] + whole.counts["search: trace rewritten"]
    assert 12 <= total - len(model.asked) <= 15  # the whole rounds before the one that was stopped
    again = FakeModel(learner, "handmade:")
    assert run("distill.search=2", "distill.samples=2", model=again) == whole
    assert again.asked == []


def test_a_local_model_takes_part_in_the_longer_conversations(run: Distill) -> None:
    settings = ("distill.teacher=self:", "distill.search=2", "distill.max_tokens=4", "distill.per_kind=1")
    with pytest.raises(ConfigError, match="teacher self: gave no attempt that the verifier accepts; mostly: no single"):
        run(*settings, "distill.label_injection=true")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["distill.search=2"], r"distill\.search = 2: a search asks a model again, and solver: gives worked solutions"),
        (
            ["distill.label_injection=true"],
            r"distill\.label_injection is the last resort of a search; set distill\.search",
        ),
    ],
)
def test_a_search_without_a_model_and_a_label_without_a_search_are_refused(
    run: Distill, settings: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        run(*settings)
