"""TAT-QA: read as published, graded by the benchmark's rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from srm_pack_finance.evals import evals
from srm_pack_finance.tatqa import ASK_SCALE, LONGEST, TOO_LONG, read_tatqa
from srm_pack_finance.verify import verify

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import EvalItem, Trace

BENCH = Path(__file__).resolve().parents[4] / "shared" / "data" / "bench"
REAL = BENCH / "finance-tatqa" / "tatqa_dataset_dev.json"


def question(uid: str, text: str, answer: object, scale: str = "", kind: str = "span") -> dict[str, object]:
    return {"uid": uid, "order": 1, "question": text, "answer": answer, "derivation": "", "answer_type": kind,
            "answer_from": "table", "rel_paragraphs": [], "req_comparison": False, "scale": scale}  # fmt: skip


QUESTIONS = [
    question("a", "What were sales in 2019?", ["$1,496.5"], "million"),
    question("b", "What is the change?", -12.6, "million", "arithmetic"),
    question("c", "What is the percentage change?", -22.22, "percent", "arithmetic"),
    question("d", "How is it measured?", ["at the lower of cost and market"]),
    question("e", "What were both?", ["73,260", "57,768"], "thousand", "multi-span"),
    question("f", "Which items?", ["Taxation", "Interest received and paid", "Dividends paid"], "", "multi-span"),
    question("g", "In which year?", ["2019"]),
    question("h", "Net loss?", ["$(9.8) million"]),
    question("i", "How many?", 2, "", "count"),
    question("j", "Nothing?", [""]),
]
CONTEXT = {
    "table": {"uid": "t1", "table": [["", "2019", "2018"], ["Sales", "$1,496.5", "(4.1)"], ["", "", ""]]},
    "paragraphs": [
        {"uid": "p2", "order": 2, "text": "Second."},
        {"uid": "p1", "order": 1, "text": "First, in millions."},
    ],
    "questions": QUESTIONS,
}
LONG = {"table": {"uid": "t2", "table": [["x" * LONGEST, "1"]]}, "paragraphs": [], "questions": QUESTIONS[:2]}


@pytest.fixture
def items(tmp_path: Path) -> dict[str, EvalItem]:
    file = tmp_path / "finance-tatqa" / "tatqa_dataset_dev.json"
    file.parent.mkdir()
    file.write_text(json.dumps([CONTEXT, LONG]), encoding="utf-8")
    read = read_tatqa(file)
    assert read.skipped == {"the published answer is empty": 1, TOO_LONG: 2}
    assert list(evals(PackConfig(own={"bench": str(tmp_path)}))) == list(read.items)
    return {item.problem.anchor.rsplit(":", 1)[1]: item for item in read.items}


def test_tables_and_paragraphs_are_the_evidence_in_their_order(items: dict[str, EvalItem]) -> None:
    problem = items["a"].problem
    assert [item.text for item in problem.evidence] == [
        " | 2019 | 2018",
        "Sales | $1,496.5 | (4.1)",
        "First, in millions.",
        "Second.",
    ]
    assert problem.question == f"What were sales in 2019? {ASK_SCALE}"
    assert problem.answer == "$1,496.5 million"
    assert problem.split == "test"


@pytest.mark.parametrize(
    ("uid", "right", "wrong"),
    [
        ("a", ("1,496.5 million", "$1,496.5 million", "1.4965 billion", "1496500 thousand", "$1,496,500,000"),
         ("1,496.5", "1,496.5 thousand", "1,496.6 million", "1,496.5 billion", "1,496.5%", "-1,496.5 million",
          "1,496.5 million or 1,202.9 million", "sales of 1,496.5 and 1,202.9 million")),
        ("b", ("-12.6 million", "(12.6) million", "$(12.6) million", "−12.60 million", "-12,600 thousand"),
         ("12.6 million", "-12.6", "-12.6 thousand", "-12.7 million")),
        ("c", ("-22.22%", "-22.22 percent", "(22.22)%", "-0.2222"), ("22.22%", "-22.22", "-22.2%", "-0.22", "-22.22 million")),
        ("d", ("at the lower of cost and market", "At lower of cost and market.", "the lower of cost and market")[:2],
         ("cost", "at the lower of cost", "at the lower of cost and market value")),
        ("e", ("73,260; 57,768 thousand", "57,768 thousand; 73,260 thousand", "73,260 and 57,768 thousand"),
         ("73,260 thousand", "73,260; 57,768", "73,260; 57,769 thousand", "73,260; 57,768; 1 thousand")),
        ("f", ("Taxation; Interest received and paid; Dividends paid", "Dividends paid; taxation; interest received and paid"),
         ("Taxation", "Taxation; Dividends paid", "Taxation; Interest received and paid; Dividends paid; Rent")),
        ("g", ("2019", "2019."), ("2018", "2019 million", "2019 and 2018", "19")),
        ("h", ("$(9.8) million", "-9.8 million", "-9,800 thousand"), ("9.8 million", "-9.8", "(9.8)")),
        ("i", ("2", "2.0"), ("3", "2 million", "two or three")),
    ],
)  # fmt: skip
def test_answers_are_graded_by_value_and_scale(
    items: dict[str, EvalItem], uid: str, right: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    problem = items[uid].problem
    for answer, expected in [*((each, True) for each in (problem.answer, *right)), *((each, False) for each in wrong)]:
        verdict = verify(problem, Trace(text="", reasoning="", answer=answer))
        assert verdict is not None
        assert verdict.correct is expected, answer


@pytest.mark.parametrize(
    "answer", ["(" * 10**6, "1," * 999, "nan", "\u202e7", ";" * 1999, "$" * 1999, "9" * 1999, " and " * 399]
)
def test_hostile_answers_are_wrong(items: dict[str, EvalItem], answer: str) -> None:
    for item in items.values():
        verdict = verify(item.problem, Trace(text="", reasoning="", answer=answer))
        assert verdict is not None
        assert verdict.correct is False


def test_a_folder_without_the_set_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    assert list(evals(PackConfig())) == []
    with pytest.raises(ConfigError, match="holds no finance-tatqa"):
        list(evals(PackConfig(own={"bench": str(tmp_path)})))
    broken = tmp_path / "broken.json"
    broken.write_text('[{"table": 3}]', encoding="utf-8")
    with pytest.raises(ConfigError, match="not TAT-QA's published file"):
        read_tatqa(broken)


@pytest.mark.skipif(not REAL.is_file(), reason="the published benchmarks do not lie beside the repository")
def test_every_published_gold_is_accepted_with_its_scale() -> None:
    read = read_tatqa(REAL)
    assert len(read.items) == 1644
    assert read.skipped == {TOO_LONG: 24}
    for item in read.items:
        verdict = verify(item.problem, Trace(text="", reasoning="", answer=item.problem.answer))
        assert verdict is not None
        assert verdict.correct is True, (item.problem.question, item.problem.answer)
