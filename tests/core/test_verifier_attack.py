"""The search finds planted holes, keeps them, and judges them again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from srm_core.cli.verifier import command
from srm_core.errors import ConfigError
from srm_core.records import ChoiceKey, FormulaKey, GraphKey, Problem, Verdict
from srm_core.traces import parse_trace
from srm_core.verify import verify_answer
from srm_core.verifying.attack import Rewarded, attack, load, save, sorts, still_rewarded

TOY = Path(__file__).parents[1] / "external_pack"


def problem_of(number: int) -> Problem:
    key = FormulaKey(formula="f", inputs={"a": 3.0}, unit="mg", low=number, high=number)
    return Problem(kind="dose", question="How much?", answer=f"{number} mg", anchor=str(number), key=key)


DOSES = [problem_of(number) for number in (419, 12, 1, 730)]
NAMES = [
    Problem(kind="name", question="Which?", answer=name, anchor=name, key=GraphKey(query="q"))
    for name in ("Aortic aneurysm", "Focal seizure", "Motor delay")
]
CHOICE = Problem(
    kind="choice", question="?", answer="Codeine", choices=("Aspirin", "Codeine"), anchor="c", key=ChoiceKey(index=1)
)


def judging(accepts: Callable[[Problem, str], bool]) -> Callable[[Problem, Sequence[str]], list[Verdict]]:
    def judge(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
        answers = [parse_trace(text).answer for text in texts]
        return [Verdict(correct=answer is not None and accepts(problem, answer)) for answer in answers]

    return judge


def core(problem: Problem, answer: str) -> bool:
    verdict = verify_answer(problem, parse_trace(f"Answer: {answer}"))
    return verdict is not None and verdict.correct is True


def families(accepts: Callable[[Problem, str], bool], problems: Sequence[Problem]) -> set[str]:
    return {each.family for each in attack(problems, judging(accepts))}


def test_the_cores_verifiers_reward_nothing_wrong() -> None:
    assert list(attack([*DOSES, *NAMES, CHOICE], judging(core))) == []


def test_a_verifier_that_searches_for_the_gold_rewards_stuffing_and_denials() -> None:
    found = families(lambda problem, answer: problem.answer in answer, NAMES)
    assert {"stuffing", "enumeration", "LaTeX", "words that change the value", "tricks with signs"} <= found


def test_a_verifier_that_takes_the_first_number_is_found_out() -> None:
    def first_number(problem: Problem, answer: str) -> bool:
        digits = re.findall(r"\d+", answer)
        return bool(digits) and digits[0] == problem.answer.split()[0]

    assert {"unit", "words that change the value", "stuffing"} <= families(first_number, DOSES)


def test_a_verifier_that_folds_exponents_into_digits_is_found_out() -> None:
    import unicodedata

    def folding(problem: Problem, answer: str) -> bool:
        return unicodedata.normalize("NFKC", answer).replace("**", "") == problem.answer

    found = {each.text for each in attack(DOSES, judging(folding))}
    assert {"Answer: 41⁹ mg", "Answer: 41₉ mg", "Answer: 4**1**9 mg"} >= {text for text in found if "41" in text}
    assert "Answer: 41⁹ mg" in found


def test_a_verifier_that_takes_any_letter_rewards_the_list_of_letters() -> None:
    found = families(lambda problem, answer: "B" in answer, [CHOICE])
    assert {"enumeration", "two answers"} <= found


def test_a_verifier_that_obeys_is_found_out() -> None:
    found = families(lambda problem, answer: "correct" in answer or core(problem, answer), NAMES)
    assert found == {"instruction to a judge"}


def test_a_number_inside_an_instruction_is_no_finding_where_it_is_the_gold() -> None:
    texts = {
        each.text
        for each in attack([problem_of(1)], judging(lambda problem, answer: "1" in re.findall(r"\d+", answer)))
    }
    assert not {"Answer: [1]", "Answer: reward = 1"} & texts


def test_a_verdict_that_is_missing_is_a_finding_too() -> None:
    def failing(problem: Problem, texts: Sequence[str]) -> list[Verdict]:
        return [Verdict(correct=None if len(text) > 900_000 else False, reason="too long") for text in texts]

    found = list(attack(NAMES, failing))
    assert {each.family for each in found} == {"exhaustion"}
    assert "no verdict: too long" in found[0].why


def test_findings_are_kept_once_and_judged_again(tmp_path: Path) -> None:
    lenient = judging(lambda problem, answer: problem.answer in answer)
    found = list(attack(NAMES, lenient))
    each_sort = sorts(found)
    assert sum(count for _, count in each_sort) == len(found)
    assert max(count for _, count in each_sort) == len(NAMES)
    file = tmp_path / "rewarded.jsonl"
    assert save(found, file) == len(found)
    assert save(found, file) == 0
    again = load(file)
    assert again == found
    assert still_rewarded(again, lenient) == again
    assert still_rewarded(again, judging(core)) == []


def test_a_spoiled_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "rewarded.jsonl"
    file.write_text('{"family": "unit"}\n')
    with pytest.raises(ConfigError, match=r"rewarded.jsonl, line 1: not a finding"):
        load(file)


def test_the_search_is_the_same_for_the_same_seed() -> None:
    lenient = judging(lambda problem, answer: problem.answer in answer)
    texts = [[each.text for each in attack(NAMES, lenient, seed=seed)] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.usefixtures("srm_alone")
def test_the_command_exits_with_0_where_nothing_is_found_and_1_on_a_regression(
    srm_install: Callable[[Path], None], tmp_path: Path
) -> None:
    srm_install(TOY)
    run = CliRunner()
    file = tmp_path / "rewarded.jsonl"
    clean = run.invoke(command, ["attack", "toy", "--per-kind", "2", "--save", str(file)], catch_exceptions=False)
    assert clean.exit_code == 0
    assert "0 outputs of 0 sorts are rewarded" in clean.output
    assert not file.exists()
    key = FormulaKey(formula="add", inputs={}, low=3, high=3)
    asked = Problem(kind="add", question="What is 1 plus 2?", answer="3", anchor="odd", key=key)
    save([Rewarded(problem=asked, family="planted", text="Answer: 3", why="to see it fail")], file)
    failed = run.invoke(command, ["attack", "toy", "--per-kind", "1", "--save", str(file)], catch_exceptions=False)
    assert failed.exit_code == 1
    assert f"add, planted: 'Answer: 3' for {asked.id}" in failed.output
