"""From a completion to one number that can be computed again from what was logged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from srm_core.config import TrainConfig
from srm_core.errors import ConfigError, TrainingError
from srm_core.records import Attempt, Completion, Problem, Reward, Sampling, Verdict
from srm_core.store import write_records
from srm_core.training.methods import run_method
from srm_core.training.rewards import MAX_UNSCORED, UNSCORED_FROM, Judge, Terms, check_weights, total

TOY = Path(__file__).resolve().parents[1] / "external_pack"
WEIGHTS = {"correct": 1.0, "format": 0.1, "length": -0.5}


def _judge(verdict: Verdict, terms: Terms | None = None) -> Judge:
    given: Terms = terms or (lambda *_: ([Reward(name="correct", value=1.0)], []))
    return Judge(verify=lambda *_: verdict, terms=given, weights=WEIGHTS)


def _attempt(judge: Judge, problem: Problem, text: str = "Answer: 1") -> Attempt:
    completion = Completion(text=text, finished=True, tokens=3)
    return judge.judge(problem, completion, model="m", arm="step-0", sampling=Sampling(n=4), index=2)


def test_the_total_is_the_weighted_sum_of_the_terms_that_have_a_weight() -> None:
    terms = [
        Reward(name="correct", value=1.0),
        Reward(name="format", value=0.5),
        Reward(name="length", value=2.0, high=10),
        Reward(name="only logged", value=1.0),
    ]
    assert total(terms, WEIGHTS) == pytest.approx(1.0 + 0.05 - 1.0)
    assert total([], WEIGHTS) == 0.0


def test_an_attempt_holds_all_that_its_total_is_computed_from(sums: list[Problem]) -> None:
    asked: list[tuple[object, ...]] = []

    def terms(*seen: object) -> tuple[list[Reward], list[str]]:
        asked.append(seen)
        return [Reward(name="correct", value=1.0), Reward(name="format", value=1.0)], []

    verdict = Verdict(correct=True, reason="equal")
    judge = _judge(verdict, terms)
    attempt = _attempt(judge, sums[1])
    assert asked == [(sums[1], "Answer: 1", sums[1].evidence, verdict)]
    assert (attempt.problem, attempt.parents, attempt.index, attempt.arm) == (sums[1].id, (sums[1].id,), 2, "step-0")
    assert attempt.evidence == sums[1].evidence
    assert judge.total(attempt) == total(attempt.rewards, WEIGHTS) == pytest.approx(1.1)
    again = Attempt.model_validate_json(attempt.model_dump_json())
    assert total(again.rewards, WEIGHTS) == judge.total(attempt)


def test_a_wrong_answer_is_scored_and_a_verifier_that_failed_is_not(sums: list[Problem]) -> None:
    def terms(*_: object) -> tuple[list[Reward], list[str]]:
        return [Reward(name="correct", value=0.0), Reward(name="format", value=1.0)], []

    wrong = _judge(Verdict(correct=False, reason="unequal"), terms)
    assert wrong.total(_attempt(wrong, sums[0])) == pytest.approx(0.1)
    failed = _judge(Verdict(correct=None, reason="timed out"), terms)
    attempt = _attempt(failed, sums[0])
    assert attempt.rewards == ()
    assert failed.total(attempt) is None
    assert failed.failures == {"timed out": 1}


def test_a_term_that_failed_pays_nothing_not_even_the_other_terms(sums: list[Problem]) -> None:
    judge = _judge(
        Verdict(correct=True), lambda *_: ([Reward(name="correct", value=1.0)], ["srm_rewards of 'x' raised"])
    )
    attempt = _attempt(judge, sums[0])
    assert attempt.rewards == ()
    assert attempt.verdict == Verdict(correct=True, reason="srm_rewards of 'x' raised")
    assert judge.total(attempt) is None


def test_no_term_at_all_leaves_a_sample_unscored(sums: list[Problem]) -> None:
    judge = _judge(Verdict(correct=True), lambda *_: ([], []))
    assert judge.total(_attempt(judge, sums[0])) is None
    assert judge.failures == {"no reward term": 1}


def test_more_than_one_in_twenty_unscored_stops_the_run_once_there_are_a_hundred(sums: list[Problem]) -> None:
    assert (MAX_UNSCORED, UNSCORED_FROM) == (0.05, 100)
    judge = _judge(Verdict(correct=True))
    good = _attempt(judge, sums[0])
    bad = _attempt(_judge(Verdict(correct=None, reason="the grader crashed")), sums[0])
    for _ in range(5):
        assert judge.total(bad) is None
    for _ in range(95):
        assert judge.total(good) == 1.0
    with pytest.raises(TrainingError, match="6 of 101 rollouts could not be scored, mostly: the grader crashed"):
        judge.total(bad)


def test_failures_before_the_hundredth_sample_count_at_the_hundredth(sums: list[Problem]) -> None:
    judge = _judge(Verdict(correct=True))
    good = _attempt(judge, sums[0])
    bad = _attempt(_judge(Verdict(correct=None, reason="the grader crashed")), sums[0])
    for attempt in [bad] * 6 + [good] * 93:
        judge.total(attempt)
    with pytest.raises(TrainingError, match="6 of 100 rollouts"):
        judge.total(good)


def test_fewer_than_a_hundred_samples_are_not_judged(sums: list[Problem]) -> None:
    judge = _judge(Verdict(correct=None, reason="x"))
    bad = _attempt(judge, sums[0])
    assert [judge.total(bad) for _ in range(99)] == [None] * 99
    with pytest.raises(TrainingError, match="100 of 100"):
        judge.total(bad)


def test_a_weight_for_a_term_that_nobody_gives_is_refused() -> None:
    check_weights({"correct": 1.0}, ["format", "correct"])
    check_weights({}, [])
    with pytest.raises(ConfigError, match=r"train.reward_weights names 'corect'.*there are: correct, format"):
        check_weights({"correct": 1.0, "corect": 1.0}, ["format", "correct"])


@pytest.mark.parametrize("method", ["sft", "grpo"])
def test_such_a_weight_is_refused_before_the_first_method_trains(
    sums: list[Problem], tmp_path: Path, srm_install: Callable[[Path], None], method: str
) -> None:
    """The toy pack gives the term ``near``; ``base`` does not exist, so what passes the check stops there."""
    srm_install(TOY)
    added = {"kind": "add", "question": "What is 101 plus 7?", "answer": "108", "solution": "Answer: 108"}
    problem = Problem.model_validate(sums[1].model_dump(exclude={"id", "content"}) | added)
    write_records(tmp_path / "problems.jsonl", [*sums, problem])

    def run(**weights: float) -> None:
        config = TrainConfig(reward_weights=TrainConfig().reward_weights | weights)
        run_method(method, pack="toy", base=tmp_path / "no-base", data=tmp_path, config=config, out=tmp_path / "out")

    with pytest.raises(ConfigError, match=r"names 'nearr', but no plugin gives .* there are: .*correct, .*near"):
        run(nearr=0.2)
    write_records(tmp_path / "rows.jsonl", [])
    for weights in ({"near": 0.2}, {}):
        with pytest.raises(Exception, match=r"no-base|rows.jsonl|no row") as stopped:
            run(**weights)
        assert not isinstance(stopped.value, ConfigError)
