"""A limit on answers that is below what was taught makes right answers wrong: it is said, and counted."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from srm_core.records import BuildManifest, TrainingRow
from srm_core.stages.lengths import keep_lengths, warn_of_cuts


def row(attempt: str, answer: int) -> TrainingRow:
    """Return a row of three tokens of prompt; of its answer, the second token is the calculator's."""
    mask = (False, False, False, True, False, *[True] * (answer - 2))
    return TrainingRow(attempt=attempt, ids=tuple(range(3 + answer)), mask=mask)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [row("a", 5), row("b", 9), row("c", 12), row("d", 4)]
    keep_lengths(tmp_path, rows, {"a": "sum", "b": "sum", "c": "tax", "d": "name"})
    return tmp_path


def test_the_warning_names_setting_limit_kinds_and_the_longest(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert warn_of_cuts(data, "evaluate.max_tokens", 8) == {"taught answers longer than evaluate.max_tokens": 2}
    assert "evaluate.max_tokens = 8 cuts off 2 of 4 answers that were taught (sum 1, tax 1)" in caplog.text
    assert "the longest has 12 tokens" in caplog.text


def test_an_answer_as_long_as_the_limit_is_not_cut(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert warn_of_cuts(data, "audit.max_tokens", 12) == {}
    assert caplog.text == ""


def test_the_stages_that_cut_answers_count_them(built: Path) -> None:
    """The toy's answers have about forty tokens, its limits are 8: each stage says so in its record."""
    [manifest] = [BuildManifest.model_validate_json(path.read_text()) for path in built.glob("runs/*/manifest.json")]
    counts = {stage.stage: stage.counts for stage in manifest.stages}
    for stage, setting in (
        ("train", "train.rl_max_tokens"),
        ("evaluate", "evaluate.max_tokens"),
        ("audit", "audit.max_tokens"),
    ):
        assert counts[stage][f"taught answers longer than {setting}"] == counts["distill"]["accepted"], stage
    cut = {score.arm: score for score in manifest.scores if score.metric == "cut_short" and score.kind == "all"}
    assert cut["rl"].n >= 8
