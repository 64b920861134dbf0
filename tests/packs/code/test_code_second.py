"""The second grader: an interpreter that executes nothing agrees with the golds, and with the verifier on 1,000 answers."""

from __future__ import annotations

from itertools import islice

import pytest
from srm_pack_code.problems.kinds import CODE_KINDS, GENERATORS
from srm_pack_code.second import second_opinion
from srm_pack_code.verify import verify
from srm_pack_code.walker import NotWalked, Walker, by_insertion, places

from srm_core.records import Problem, Trace
from srm_core.sandbox.tiers import tier
from srm_core.traces import parse_trace

PER_KIND = 72  # 14 kinds: 1,008 problems


@pytest.fixture(scope="module")
def made() -> dict[str, list[Problem]]:
    return {name: list(islice(generate(11), PER_KIND)) for name, generate in GENERATORS.items()}


def test_both_graders_agree_on_a_thousand_golds_and_a_thousand_wrong_answers(made: dict[str, list[Problem]]) -> None:
    asked, disagreements = 0, []
    for kind, found in made.items():
        if kind in CODE_KINDS and not tier().holds:
            continue
        for n, problem in enumerate(found):
            for answer in (problem.answer, found[(n + 1) % len(found)].answer):
                trace = parse_trace(f"Answer: {answer}")
                one, other = verify(problem, trace), second_opinion(problem, trace)
                assert one is not None
                assert other is not None
                asked += 1
                if one.correct is not other.correct:
                    disagreements.append((kind, problem.question, answer, one, other))
    assert disagreements == []
    assert asked >= (2000 if tier().holds else 1500)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_slices_are_counted_as_python_does(size: int) -> None:
    items = list(range(size))
    bounds = (None, -7, -3, -1, 0, 1, 2, 4, 9)
    for low in bounds:
        for high in bounds:
            for step in (-3, -1, 1, 2):
                assert [items[n] for n in places(size, low, high, step)] == items[low:high:step]


def test_arithmetic_and_order_are_as_python_does() -> None:
    for left in range(-9, 10):
        for right in (-4, -1, 1, 3):
            assert Walker().value(f"({left}) // ({right})") == left // right
            assert Walker().value(f"({left}) % ({right})") == left % right
    items = ["pear", "fig", "apple", "kiwi", "plum"]
    assert by_insertion(items, len, reverse=False) == sorted(items, key=len)
    assert by_insertion(items, len, reverse=True) == sorted(items, key=len, reverse=True)


@pytest.mark.parametrize(
    "program",
    [
        "import os",
        "x = open('/etc/passwd')",
        "x = ().__class__",
        "x = 'a'.__class__.__mro__",
        "x = 9 ** 9 ** 9",
        "x = 'a' * 10 ** 9",
        "x = [0] * 10 ** 9",
        "while True:\n    pass",
        "x = list(range(10 ** 9))",
        "x = 'a'.zfill(10 ** 9)",
        "x = f'{1:1000000000}'",
        "class A:\n    pass",
        "x = 'a'.format(1)",
        "x = eval('1')",
        "x = (lambda a, b: a)(1, 2)",
        "x = " + "1 + " * 9000 + "1",
    ],
)
def test_programs_beyond_the_subset_are_not_walked(program: str) -> None:
    with pytest.raises((NotWalked, NameError, RecursionError)):
        Walker().run(program)


def test_answers_that_use_more_than_the_subset_get_no_opinion_and_garbage_is_wrong(
    made: dict[str, list[Problem]],
) -> None:
    problem = made["write_function"][0]
    opinion = second_opinion(problem, parse_trace("Answer: import math\ndef f(xs): return xs"))
    assert opinion is not None
    assert opinion.correct is None
    for text in ("def f(xs:", "\0", "(" * 300, "x", "1/0"):
        opinion = second_opinion(problem, Trace(text="", reasoning="", answer=text))
        assert opinion is not None
        assert opinion.correct is False
    value = made["slice_result"][0]
    for text in ("(" * 390, "x" * 10**6, "\0", "nan", ""):
        opinion = second_opinion(value, Trace(text="", reasoning="", answer=text))
        assert opinion is not None
        assert opinion.correct is False
