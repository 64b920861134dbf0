"""SARA and LegalBench: as published, on fixtures written by hand, and on the real files where they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from srm_pack_law.evals import evals
from srm_pack_law.verify import verify

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import EvalItem, FormulaKey, Problem
from srm_core.traces import parse_trace

BENCH = Path(__file__).parents[3] / ".." / "shared" / "data" / "bench"
NUMERIC = """% Text
% Dora was paid $1000 in 2017. She takes
% the standard deduction.

% Question
% How much tax does Dora have to pay in 2017? $150

% Facts
:- [init].
"""
ENTAILED = """% Text
% Dora is married.

% Question
% Section 2(b) applies to Dora in 2017. Contradiction

% Facts
"""


def write(folder: Path) -> Path:
    cases, task = folder / "law-sara" / "cases", folder / "law-legalbench" / "tasks" / "hearsay"
    cases.mkdir(parents=True)
    task.mkdir(parents=True)
    (cases / "tax_case_1.pl").write_text(NUMERIC, encoding="utf-8")
    (cases / "s2_b_neg.pl").write_text(ENTAILED, encoding="utf-8")
    (task / "base_prompt.txt").write_text(
        "Hearsay is X.\n\nQ: Example. Is there hearsay?\nA: No\n\nQ: {{text}} Is there hearsay?\nA:", encoding="utf-8"
    )
    (task / "train.tsv").write_text(
        'index\tanswer\ttext\tslice\n0\tNo\tOne "fact".\ts\n1\tYes\tAnother.\ts\n', encoding="utf-8"
    )
    return folder


def read(folder: Path) -> list[EvalItem]:
    return list(evals(PackConfig(own={"bench": str(folder)})))


def right(problem: Problem, answer: str) -> bool | None:
    verdict = verify(problem, parse_trace(f"Answer: {answer}"), ())
    assert verdict is not None
    return verdict.correct


def test_a_hand_written_set_is_read_with_its_own_gold(tmp_path: Path) -> None:
    items = {item.suite: item.problem for item in read(write(tmp_path))}
    numeric, entailed = items["sara-numeric"], items["sara-entailment"]
    assert numeric.question == (
        "Dora was paid $1000 in 2017. She takes the standard deduction. How much tax does Dora have to pay in 2017? "
        "Answer in dollars."
    )
    assert isinstance(numeric.key, FormulaKey)
    assert (numeric.key.low, numeric.key.high) == pytest.approx((135, 165))
    assert [right(numeric, answer) for answer in ("$150", "140 dollars", "166", "150 or 300")] == [
        True,
        True,
        False,
        False,
    ]
    assert entailed.answer == "Contradiction"
    assert [right(entailed, answer) for answer in ("contradiction", "Entailment", "both")] == [True, False, False]
    hearsay = [item.problem for item in read(tmp_path) if item.suite == "legalbench-hearsay"]
    assert [problem.answer for problem in hearsay] == ["No", "Yes"]
    assert hearsay[0].question.startswith("Hearsay is X. ")
    assert "Is there hearsay? Answer with one of: No, Yes." in hearsay[0].question
    assert "Example" not in hearsay[0].question
    assert all(item.problem.split == "test" for item in read(tmp_path))


def test_without_the_setting_there_are_no_suites() -> None:
    assert list(evals(PackConfig())) == []


def test_a_wrong_folder_and_broken_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither law-sara"):
        read(tmp_path)
    write(tmp_path)
    (tmp_path / "law-sara" / "cases" / "bad.pl").write_text("% Text\n% x\n% Question\n% y?\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.pl"):
        read(tmp_path)
    (tmp_path / "law-sara" / "cases" / "bad.pl").unlink()
    (tmp_path / "law-legalbench" / "tasks" / "hearsay" / "train.tsv").write_text(
        "index\ttext\n0\tx\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="hearsay"):
        read(tmp_path)


@pytest.mark.skipif(not (BENCH / "law-sara").is_dir(), reason="the published files are not here")
def test_the_published_files_are_read_whole_and_their_gold_is_accepted() -> None:
    items = read(BENCH)
    counts = Counter(item.suite for item in items)
    assert (counts["sara-numeric"], counts["sara-entailment"]) == (15, 25)
    assert counts["legalbench-hearsay"] == 5
    assert len(counts) == 18
    assert len({item.id for item in items}) == len(items)
    for item in items:
        assert right(item.problem, item.problem.answer) is True
        assert "{{" not in item.problem.question
