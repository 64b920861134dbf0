"""MBPP as published: asserts become pairs, what cannot is counted, and the reference programs pass what is left."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from srm_pack_code.asserts import NotAPair, key_of
from srm_pack_code.evals import FILES, evals, read_mbpp
from srm_pack_code.verify import verify

from srm_core.config import PackConfig
from srm_core.errors import ConfigError
from srm_core.records import TestsKey, Trace
from srm_core.sandbox.tiers import tier
from srm_core.sandbox.values import decode

BENCH = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "bench"
needs_bench = pytest.mark.skipif(
    not all((BENCH / file).is_file() for file in FILES.values()), reason="MBPP is not in a sibling folder shared/"
)
needs_tier = pytest.mark.skipif(not tier().holds, reason=f"no sandbox here: {tier().reason}")
ROW = {
    "task_id": 1,
    "text": "Write a function to add two numbers.",
    "code": "def add(a, b):\r\n    return a + b",
    "test_setup_code": "",
    "test_list": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"],
}


def config(folder: Path) -> PackConfig:
    return PackConfig(own={"bench": str(folder)})


@pytest.mark.parametrize(
    ("asserts", "entry", "inputs", "values"),
    [
        (["assert f(1, [2]) == (3, 4)"], "f", [[1, [2]]], [(3, 4)]),
        (["assert f('a') == True", "assert f({1: 2}) is False"], "f", [["a"], [{1: 2}]], [True, False]),
        (["assert set(f((1, 2))) == set([1, 2])"], "set f", [[(1, 2)]], [{1, 2}]),
        (["assert f(3)", "assert not f(4)"], "bool f", [[3], [4]], [True, False]),
        (["assert math.isclose(f(2), 1.5, rel_tol=1e-9)"], "f", [[2]], [1.5]),
        (["assert f(10**3, -5) == 2 * 3"], "f", [[1000, -5]], [6]),
        (["assert (f(None)) == {1, 2}"], "f", [[None]], [{1, 2}]),
    ],
)
def test_asserts_become_pairs(asserts: list[str], entry: str, inputs: list[object], values: list[object]) -> None:
    key = key_of(asserts)
    assert key.entry == entry
    assert [decode(each) for each in key.inputs] == inputs
    assert [decode(each) for each in key.values] == values


@pytest.mark.parametrize(
    "asserts",
    [
        [],
        ["assert f(1) == 1", "assert g(1) == 1"],
        ["assert f(x) == 1"],
        ["assert f(1) > 1"],
        ["assert f(1) == g(1)"],
        ["assert f(n=1) == 1"],
        ["print(f(1))"],
        ["assert f(1) =="],
        ["assert math.isclose(f(2), 1.5, rel_tol=0.001)"],
        ["assert f(open('x')) == 1"],
        ["assert A().f(1) == 1"],
    ],
)
def test_other_asserts_are_no_pairs(asserts: list[str]) -> None:
    with pytest.raises(NotAPair):
        key_of(asserts)


def test_a_file_is_read_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = [
        ROW,
        {**ROW, "task_id": 2, "test_list": ["assert add(x) == 1"]},
        {**ROW, "task_id": 3, "test_setup_code": "x = 1"},
    ]
    lines = tmp_path / "mbpp.jsonl"
    lines.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    read = read_mbpp(lines, "mbpp")
    assert [item.problem.anchor for item in read.items] == ["mbpp:1"]
    assert read.left_out == {"arguments or values that are no constants": 1, "tests with code of their own": 1}
    problem = read.items[0].problem
    assert problem.split == "test"
    assert problem.question.endswith("assert add(1, 2) == 3\nassert add(-1, 1) == 0")
    assert isinstance(problem.key, TestsKey)
    assert problem.answer == "def add(a, b):\n    return a + b"


def test_files_that_are_not_mbpp_and_folders_without_it_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"neither code-mbpp/mbpp\.jsonl nor"):
        list(evals(config(tmp_path)))
    assert list(evals(PackConfig())) == []
    file = tmp_path / FILES["mbpp"]
    file.parent.mkdir()
    for text in ("nothing", "[1]", '[{"text": "a"}]'):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match="is not a file of MBPP"):
            list(evals(config(tmp_path)))


@needs_tier
def test_a_wrapped_assert_compares_what_the_wrapper_gives(tmp_path: Path) -> None:
    row = {
        **ROW,
        "code": "def same(a, b):\n    return list(set(a) & set(b))",
        "test_list": ["assert set(same([1, 2], [2])) == {2}"],
    }
    file = tmp_path / "mbpp.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    problem = read_mbpp(file, "mbpp").items[0].problem
    for answer, right in (
        (problem.answer, True),
        ("def same(a, b): return [2, 2]", True),
        ("def same(a, b): return []", False),
    ):
        verdict = verify(problem, Trace(text=f"Answer: {answer}", reasoning="", answer=answer))
        assert verdict is not None
        assert verdict.correct is right


@needs_bench
@needs_tier
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_the_published_programs_pass_the_pairs(capsys: pytest.CaptureFixture[str], every: int) -> None:
    items = list(evals(config(BENCH)))
    counts = Counter(item.suite for item in items)
    failing = []
    for item in items[::every]:
        verdict = verify(item.problem, Trace(text="", reasoning="", answer=item.problem.answer))
        assert verdict is not None
        if not verdict.correct:
            failing.append((item.suite, item.problem.anchor, verdict.reason))
    left_out = {suite: dict(read_mbpp(BENCH / file, suite).left_out) for suite, file in FILES.items()}
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counts)}; left out: {left_out}; reference programs that fail: {failing}\n")
    assert counts["mbpp"] >= 960
    assert counts["mbpp-sanitized"] >= 410
    assert {anchor for _, anchor, _ in failing} <= {"mbpp:123"}  # it counts up to 10,000 slowly: over two seconds
