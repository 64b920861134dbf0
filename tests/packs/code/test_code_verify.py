"""What is accepted and what is not, for every kind, and how hostile answers end."""

from __future__ import annotations

import random
import time
from itertools import islice

import pytest
from srm_pack_code import feedback as feedback_module
from srm_pack_code import verify as verify_module
from srm_pack_code.feedback import converse, feedback
from srm_pack_code.problems.kinds import CODE_KINDS, GENERATORS
from srm_pack_code.reading import Unreadable, code_of, filled, repaired
from srm_pack_code.running import value_key
from srm_pack_code.verify import verify

from srm_core.records import Completion, Message, Problem, Sampling, TestsKey, Trace, Verdict
from srm_core.sandbox.launcher import SandboxError
from srm_core.sandbox.tiers import tier
from srm_core.traces import parse_trace

needs_tier = pytest.mark.skipif(not tier().holds, reason=f"no sandbox here: {tier().reason}")
KINDS = [pytest.param(kind, marks=needs_tier if kind in CODE_KINDS else ()) for kind in GENERATORS]


@pytest.fixture(scope="module")
def made() -> dict[str, list[Problem]]:
    return {name: list(islice(generate(3), 60)) for name, generate in GENERATORS.items()}


def judge(problem: Problem, text: str) -> bool | None:
    trace = parse_trace(text)
    if trace.answer is None:
        return False
    verdict = verify(problem, trace)
    assert verdict is not None
    return verdict.correct


@pytest.mark.parametrize("kind", KINDS)
def test_the_gold_is_accepted_in_three_forms_and_in_the_worked_solution(
    made: dict[str, list[Problem]], kind: str
) -> None:
    for problem in made[kind][: 15 if kind in CODE_KINDS else 60]:
        gold = problem.answer
        for text in (f"Answer: {gold}", f"answer:  {gold}  ", problem.solution):
            assert judge(problem, text) is True, (text, verify(problem, parse_trace(text)))
        marked = f"It is so.\nAnswer: ```python\n{gold}\n```" if kind in CODE_KINDS else f"Answer: `{gold}`"
        assert judge(problem, marked) is True, marked


@pytest.mark.parametrize("kind", KINDS)
def test_other_golds_hedges_lists_and_refusals_are_wrong(made: dict[str, list[Problem]], kind: str) -> None:
    found = made[kind]
    for n, problem in enumerate(found[: 10 if kind in CODE_KINDS else 30]):
        other = next(p.answer for p in (*found[n + 1 :], *found) if p.answer != problem.answer)
        gold = problem.answer
        for answer in (
            other,
            "",
            "?",
            "I do not know",
            f"{gold} or {other}",
            f"{other} or {gold}",
            f"{gold}, {other}",
            f"not {gold}" if kind not in CODE_KINDS else f"{gold} {gold}",
            f"maybe {gold}",
            f"{gold}\nAnswer: {other}",
        ):
            assert judge(problem, f"Answer: {answer}") is False, (gold, answer)


@pytest.mark.parametrize(
    ("gold", "right", "wrong"),
    [
        (12, ["12", "12.", "`12`", "+12", "0xc", "1_2", "12 [1]"], ["12.0", "'12'", "-12", "13", "12 13", "1,2", "twelve", "12..13"]),
        (4.0, ["4.0", "4.00", "4.0."], ["4", "4.", "'4.0'", "4.01"]),
        (True, ["True", "true", "True."], ["1", "'True'", "yes", "False", "TRUE"]),
        ([1, 2], ["[1, 2]", "[1,2]", "[ 1, 2 ]", "[1, 2]."], ["(1, 2)", "1, 2", "[2, 1]", "[1, 2, 3]", "{1, 2}", "[1, 2], [1, 2]"]),
        ("ab", ["'ab'", '"ab"', "ab", "`'ab'`"], ["'Ab'", "Ab", "'ab '", "['ab']", "'ab' or 'b'", "a"]),
        ("12", ["'12'", '"12"'], ["12", "12.0"]),
        ("a-b", ["'a-b'", "a-b"], ["a - b", "b-a"]),
        ("", ["''", '""'], ["' '", "None", "empty"]),
        ({"a": 1, "b": 2}, ["{'a': 1, 'b': 2}", "{'b':2,'a':1}"], ["{'a': 1}", "{'a', 'b'}", "[('a', 1)]"]),
        ((1, "x", ""), ["(1, 'x', '')", "1, 'x', ''"], ["[1, 'x', '']", "(1, 'x')"]),
        (-3, ["-3", "−3 ".replace("−", "-")], ["3", "--3", "-3.0"]),
    ],
)  # fmt: skip
def test_values_in_their_usual_forms(gold: object, right: list[str], wrong: list[str]) -> None:
    problem = Problem(kind="slice_result", question="?", answer=repr(gold), anchor="a", key=value_key("", "0", gold))
    for answer in right:
        assert judge(problem, f"Answer: {answer}") is True, answer
    for answer in wrong:
        assert judge(problem, f"Answer: {answer}") is False, answer


def test_prints_and_exceptions_in_their_usual_forms(made: dict[str, list[Problem]]) -> None:
    printed = made["predict_output"][0]
    number = int(printed.answer)
    for answer in (f"{number}", f"{number}.", f"`{number}`", f"'{number}'"):
        assert judge(printed, f"Answer: {answer}") is True, answer
    for answer in (f"{number}.0", f"{number + 1}", f"-{number}1", f"prints {number}", f"{number} {number}"):
        assert judge(printed, f"Answer: {answer}") is False, answer
    raised = next(p for p in made["exception_name"] if p.answer == "KeyError")
    for answer in ("KeyError", "a KeyError", "KeyError.", "`KeyError`", "builtins.KeyError", "KeyError()"):
        assert judge(raised, f"Answer: {answer}") is True, answer
    for answer in ("keyerror", "IndexError", "LookupError", "KeyError or IndexError", "none", "Key Error"):
        assert judge(raised, f"Answer: {answer}") is False, answer
    nothing = next(p for p in made["exception_name"] if p.answer == "none")
    for answer in ("none", "None", "no exception", "No error."):
        assert judge(nothing, f"Answer: {answer}") is True, answer
    assert judge(nothing, "Answer: KeyError") is False


@needs_tier
def test_code_may_be_written_in_other_ways(made: dict[str, list[Problem]]) -> None:
    problem = next(p for p in made["write_function"] if p.answer.startswith("def f(xs): return sum("))
    inner = problem.answer.removeprefix("def f(xs): return sum(").removesuffix(")")
    turn, _, rest = inner.partition(" for x in xs if ")
    loop = f"def f(xs):\n    total = 0\n    for x in xs:\n        if {rest}:\n            total += {turn}\n    return total"
    for text in (
        f"Answer: {loop}",
        f"A loop.\nAnswer:\n{loop}".replace("Answer:\n", "Answer: "),
        f"Answer: ```python\n{loop}\n```\nThat is all.",
        f"Answer: import math\n{loop}",
        f"Answer: f = lambda xs: sum({inner})",
        f"Answer: {problem.answer}\nI hope this helps.",
    ):
        assert judge(problem, text) is True, text
    for text in (
        f"Answer: {loop.replace('total = 0', 'total = 1')}",
        f"Answer: {loop.replace('def f', 'def g')}",
        f"Answer: {loop}\nAnswer: {loop}",
        "Answer: sum(xs)",
        "Answer: def f(xs): return",
        "Answer: def f(xs):",
        "Answer: ```python",
        f"Answer: {loop.replace('return total', 'import os; os._exit(0)')}",
    ):
        assert judge(problem, text) is False, text


@needs_tier
def test_a_repair_names_the_line_or_gives_the_function(made: dict[str, list[Problem]]) -> None:
    problem = made["repair"][0]
    number, _, line = problem.answer.partition(": ")
    whole = repaired(problem.question, problem.answer)
    for text in (f"Answer: line {number}: {line}", f"Answer: {number}. {line}", f"Answer: {whole}"):
        assert judge(problem, text) is True, text
    other = "4" if number == "5" else "5"
    for text in (f"Answer: {line}", f"Answer: {other}: {line}", f"Answer: 99: {line}", f"Answer: {number}"):
        assert judge(problem, text) is False, text
    with pytest.raises(Unreadable):
        repaired(problem.question, "0: x")


@needs_tier
def test_a_gap_takes_any_line_that_fits(made: dict[str, list[Problem]]) -> None:
    problem = next(p for p in made["fill_in_the_middle"] if p.answer.startswith("total += "))
    turn = problem.answer.removeprefix("total += ")
    assert judge(problem, f"Answer: total = total + ({turn})") is True
    assert judge(problem, "Answer: total += 0") is False
    assert judge(problem, f"Answer: total += {turn} or 1") is False
    assert filled(problem.question, "pass").count("pass") == 1


HOSTILE = [
    "x" * 1_000_000,
    "(" * 300,
    "[" * 390,
    "{" * 200 + "}" * 200,
    "-" * 390 + "1",
    "9" * 399,
    "1e999",
    "nan",
    "float('nan')",
    "inf",
    "\0",
    "\x1b[31m12",
    "\u202e21",
    "\ud800",
    "__import__('os').system('true')",
    "lambda: 0",
    "exec('x')",
    "1" + " " * 380 + "2",
    "'" * 399,
    "f'{1}'",
    "yield",
    "[x for x in ()]",
    "9**9**9",
    "'a' * 10**9",
    "...",
    "\n\n",
    "```",
    "[1]" * 120,
]


@pytest.mark.parametrize("kind", KINDS)
def test_two_hundred_garbage_answers_are_wrong_and_none_crashes(made: dict[str, list[Problem]], kind: str) -> None:
    draw = random.Random(7)
    signs = "0123456789abcdef[](){}'\"\\,.:+-*/ \n\t\0é\u202e_`"
    texts = [*HOSTILE, *("".join(draw.choice(signs) for _ in range(draw.randint(1, 60))) for _ in range(180))]
    texts = texts if kind not in CODE_KINDS else texts[:45]
    started = time.monotonic()
    problem = next(p for p in made[kind] if len(p.answer) > 4 or kind not in ("slice_result", "str_method"))
    for text in texts:
        verdict = verify(problem, Trace(text="", reasoning="", answer=text))
        assert verdict is not None
        assert verdict.correct is False, (text, problem.answer, verdict)
    assert time.monotonic() - started < 20


@needs_tier
def test_no_program_gets_the_reward_by_a_trick(made: dict[str, list[Problem]]) -> None:
    problem = made["write_function"][0]
    for trick in (
        "def f(xs):\n    import os\n    os._exit(0)",
        "class E(list):\n    def __eq__(self, other): return True\ndef f(xs):\n    return E()",
        "def f(xs):\n    print('PASSED')\n    return True",
        "import sys\nsys.exit(0)",
        "def f(xs):\n    while True: pass",
        "def f(xs):\n    return open('/etc/passwd').read()",
    ):
        assert judge(problem, f"Answer: {trick}") is False, trick


def test_where_there_is_no_sandbox_there_is_no_verdict(
    made: dict[str, list[Problem]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise SandboxError("no sandbox here: no table of system calls for riscv64")

    monkeypatch.setattr(verify_module, "shared_sandbox", none)
    for kind in CODE_KINDS & set(GENERATORS):
        verdict = verify(made[kind][0], parse_trace(f"Answer: {made[kind][0].answer}"))
        assert verdict is not None
        assert verdict.correct is None
        assert "riscv64" in verdict.reason
    assert judge(made["slice_result"][0], f"Answer: {made['slice_result'][0].answer}") is True


def test_kinds_of_others_and_broken_keys_are_left_alone() -> None:
    fields = {"question": "?", "answer": "1", "anchor": "a"}
    other = Problem(kind="drug_class", key=value_key("", "1", 1), **fields)  # type: ignore[arg-type]
    assert verify(other, Trace(text="", reasoning="", answer="1")) is None
    broken = Problem(kind="slice_result", key=TestsKey(entry="value", inputs=(), values=()), **fields)  # type: ignore[arg-type]
    verdict = verify(broken, Trace(text="", reasoning="", answer="1"))
    assert verdict is not None
    assert verdict.correct is None


def test_code_is_taken_from_the_fence_the_block_or_the_line() -> None:
    def said(text: str) -> str:
        return code_of(parse_trace(text))

    assert said("Answer: x += 1") == "x += 1"
    assert said("Answer: def f(x):\n    return x") == "def f(x):\n    return x"
    assert said("Answer: x += 1\nThat is it, I think.") == "x += 1"
    assert said("Answer: ```python\nx = 1\n```\nDone") == "x = 1"
    assert said("Answer: ```x += 1```") == "x += 1"
    with pytest.raises(Unreadable, match="too long"):
        code_of(Trace(text="", reasoning="", answer="x" * 5000))


class Slow:
    """A model that is wrong once, then right."""

    ref = "fake:slow"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.heard: list[list[Message]] = []

    def generate(self, conversations: list[list[Message]], sampling: Sampling) -> list[list[Completion]]:
        self.heard.append(list(conversations[0]))
        return [[Completion(text=self.answers.pop(0), finished=True, tokens=1)]]


@needs_tier
def test_execution_feedback_tells_what_ran_and_never_the_value(made: dict[str, list[Problem]]) -> None:
    problem = made["write_function"][0]
    model = Slow("Answer: def f(xs): return 1 / 0", "Answer: def f(xs): return None", f"Answer: {problem.answer}")
    said, verdict = converse(model, "s", problem, (), Sampling(), turns=4)  # type: ignore[arg-type]
    assert verdict.correct is True
    assert len(said) == 3
    assert "raises ZeroDivisionError" in model.heard[1][-1].content
    assert "returns None" in model.heard[2][-1].content
    assert isinstance(problem.key, TestsKey)
    assert not any(
        value in turn.content for turn in model.heard[2][2:] for value in problem.key.values if len(value) > 8
    )
    assert feedback(problem, "no answer") == "There is no single 'Answer:' line."
    assert feedback(problem, "Answer: def f(xs:").startswith("The code does not run: SyntaxError")
    assert feedback(made["slice_result"][0], "Answer: 1") == ""
    assert "cannot be read" in feedback(made["repair"][0], "Answer: hm")


def test_a_conversation_stops_without_a_verdict(
    made: dict[str, list[Problem]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback_module, "verify", lambda *_: Verdict(correct=None, reason="no sandbox"))
    said, verdict = converse(Slow("Answer: x"), "s", made["repair"][0], (), Sampling(), turns=3)  # type: ignore[arg-type]
    assert len(said) == 1
    assert verdict.correct is None
