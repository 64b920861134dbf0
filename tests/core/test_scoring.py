"""From graded attempts to scores: votes, pairs, what counts in the mean, and what is reported apart."""

from __future__ import annotations

from typing import Any

import pytest

from srm_core.records import Attempt, Completion, FormulaKey, Kind, Problem, Sampling, Score, Verdict
from srm_core.reports.scoring import Graded, find, scores_of

KEY = FormulaKey(formula="f", inputs={}, low=0, high=0)
KINDS = {
    name: Kind(name=name, title=name, book=book, anchor="a row", shared="nothing")  # type: ignore[arg-type]
    for name, book in (("open", "open"), ("sum", "formula"), ("recall", "closed"))
}


def problem(number: int, kind: str = "open", **tags: str) -> Problem:
    return Problem(
        kind=kind, question=f"{kind} {number}?", answer="1", anchor=str(number), key=KEY, tags=tags, split="test"
    )


def graded(
    asked: Problem, arm: str, correct: bool | None, *, said: str = "1", index: int = 0, n: int = 1, **more: Any
) -> Graded:
    attempt = Attempt(
        problem=asked.id,
        model=arm,
        arm=arm,
        sampling=Sampling(n=n),
        index=index,
        completion=Completion(text=f"Answer: {said}" if said else "Hm.", finished=more.pop("finished", True), tokens=1),
        verdict=Verdict(correct=correct),
    )
    fields = {"suite": "held-out", "decoding": f"vote@{n}" if n > 1 else "greedy", "second": None, **more}
    return Graded(problem=asked, attempt=attempt, **fields)


def scored(*rows: Graded, final: str = "rl") -> list[Score]:
    return scores_of(rows, KINDS, final=final, seed=0)


def the(scores: list[Score], **wanted: Any) -> Score:
    wanted = {"metric": "accuracy", "baseline": "", **wanted}
    found = [score for score in scores if all(getattr(score, name) == value for name, value in wanted.items())]
    assert len(found) == 1, (wanted, found)
    return found[0]


def vote(*samples: tuple[str, bool | None]) -> Score:
    asked = problem(1)
    rows = [graded(asked, "rl", ok, said=said, index=i, n=len(samples)) for i, (said, ok) in enumerate(samples)]
    return the(scored(*rows), arm="rl", kind="open")


def test_the_majority_of_the_votes_decides() -> None:
    assert vote(("2", False), ("1", True), ("1", True)).value == 1.0
    assert vote(("1", True), ("2", False), ("2", False)).value == 0.0
    assert vote(("1", True), ("2", False), ("3", False), ("2", False), ("1", True), ("1", True)).value == 1.0


def test_a_tie_goes_to_the_answer_drawn_first() -> None:
    assert vote(("1", True), ("2", False)).value == 1.0
    assert vote(("2", False), ("1", True)).value == 0.0
    assert vote(("3", False), ("1", True), ("2", False), ("2", False), ("1", True)).value == 1.0


def test_unreadable_samples_have_no_vote() -> None:
    assert vote(("", False), ("", False), ("1", True)).value == 1.0
    assert vote(("", False), ("", False)).value == 0.0


def test_a_score_names_every_attempt_it_was_computed_from() -> None:
    score = vote(("1", True), ("2", False), ("1", True))
    assert (score.n, len(score.attempts)) == (1, 3)
    assert score.parents == score.attempts
    asked = [problem(n) for n in range(3)]
    base, student = ([graded(each, arm, True) for each in asked] for arm in ("base-few", "rl"))
    difference = the(scored(*base, *student), arm="rl", kind="open", baseline="base-few")
    assert set(difference.attempts) == {row.attempt.id for row in [*base, *student]}
    assert difference.n == 3


def test_a_verdict_that_could_not_be_given_is_wrong_and_counted() -> None:
    rows = [graded(problem(n), "rl", (True, None, False, None)[n]) for n in range(4)]
    score = the(scored(*rows), arm="rl", kind="open")
    assert (score.value, score.n, score.abstained) == (0.25, 4, 2)


def test_a_rate_of_a_kind_is_a_wilson_interval_and_the_mean_weighs_kinds_alike() -> None:
    rows = [graded(problem(n), "rl", True) for n in range(25)] + [
        graded(problem(n, "sum"), "rl", False) for n in range(5)
    ]
    scores = scored(*rows)
    kind = the(scores, arm="rl", kind="open")
    assert (kind.value, kind.high, kind.n) == (1.0, 1.0, 25)
    assert kind.low == pytest.approx(0.8668, abs=1e-4)
    assert the(scores, arm="rl", kind="all").value == 0.5
    assert the(scores, arm="rl", kind="all").n == 30


def test_closed_book_kinds_and_unseen_formulas_are_reported_apart() -> None:
    rows = [
        *(graded(problem(n), "rl", True) for n in range(2)),
        *(graded(problem(n, "recall"), "rl", False) for n in range(2)),
        *(graded(problem(n, "sum", formula="seen"), "rl", True) for n in range(2)),
        *(graded(problem(n, "sum", formula="unseen"), "rl", False) for n in range(10, 13)),
    ]
    scores = scored(*rows)
    assert the(scores, arm="rl", kind="all").value == 1.0
    assert the(scores, arm="rl", kind="all").n == 4
    assert the(scores, arm="rl", kind="recall").value == 0.0
    assert (the(scores, arm="rl", kind="sum").value, the(scores, arm="rl", kind="sum").n) == (1.0, 2)
    assert the(scores, arm="rl", kind="sum:formula=seen").value == 1.0
    unseen = the(scores, arm="rl", kind="sum:formula=unseen")
    assert (unseen.value, unseen.n) == (0.0, 3)


def pairs(scores: list[Score]) -> set[tuple[str, str]]:
    return {(score.arm, score.baseline) for score in scores if score.baseline and score.kind == "all"}


def test_the_pairs_are_candidate_to_best_base_rl_to_sft_and_controls_to_candidate() -> None:
    asked = [problem(n) for n in range(4)]
    right = {"base-zero": 0, "base-few": 1, "base-retrieved": 2, "sft": 3, "rl": 4, "shuffled": 1, "none": 0}
    rows = [graded(each, arm, n < count) for arm, count in right.items() for n, each in enumerate(asked)]
    scores = scored(*rows)
    assert pairs(scores) == {("rl", "base-retrieved"), ("rl", "sft"), ("shuffled", "rl"), ("none", "rl")}
    assert the(scores, arm="rl", kind="all", baseline="base-retrieved").value == 0.5
    assert the(scores, arm="none", kind="all", baseline="rl").value == -1.0
    other_order = [graded(each, arm, True) for arm in ("rl", "sft", "base-few") for each in asked]
    assert pairs(scored(*other_order)) == {("rl", "base-few"), ("rl", "sft")}
    assert pairs(scored(*(row for row in rows if row.attempt.arm in ("base-few", "sft")), final="sft")) == {
        ("sft", "base-few")
    }


def test_a_difference_is_paired_on_the_items_both_answered() -> None:
    asked = [problem(n) for n in range(6)]
    student = [graded(each, "rl", n in (0, 1, 2, 5)) for n, each in enumerate(asked)]
    control = [graded(each, "none", n == 4) for n, each in enumerate(asked[2:], 2)]
    cost = the(scored(*student, *control), arm="none", kind="open", baseline="rl")
    assert (cost.value, cost.n) == (-0.25, 4)  # right on 4 instead of on 2 and 5
    same = [graded(each, "base-few", True) for each in asked] + [graded(each, "rl", True) for each in asked]
    nothing = the(scored(*same), arm="rl", kind="open", baseline="base-few")
    assert nothing.value == 0.0  # six pairs agree, so with +1 and -1 added: 1.96 sqrt(2) / 8
    assert (nothing.low, nothing.high) == pytest.approx((-0.34648, 0.34648), abs=1e-5)


def test_suites_and_decodings_are_never_mixed() -> None:
    asked = problem(1)
    rows = [
        graded(asked, "rl", True),
        graded(asked, "base-zero", False, suite="bench"),
        graded(asked, "rl", False, suite="bench"),
        *(graded(asked, "rl", False, said="9", index=i, n=3) for i in range(3)),
    ]
    scores = scored(*rows)
    assert the(scores, suite="held-out", arm="rl", kind="all", decoding="greedy").value == 1.0
    assert the(scores, suite="held-out", arm="rl", kind="all", decoding="vote@3").value == 0.0
    assert {score.suite for score in scores if score.baseline} == {"bench"}


def test_agreement_counts_only_where_both_graders_spoke() -> None:
    spoken = [(True, True), (False, True), (True, None), (None, True), (False, False)]
    rows = [graded(problem(n), "rl", verdict, second=second) for n, (verdict, second) in enumerate(spoken)]
    agreed = find(scored(*rows), metric="second_grader_agreement")
    assert agreed is not None
    assert (agreed.value, agreed.n, len(agreed.attempts)) == (pytest.approx(2 / 3), 3, 3)
    assert find(scored(graded(problem(1), "rl", True)), metric="second_grader_agreement") is None


def test_scores_are_the_same_every_time() -> None:
    rows = [graded(problem(n), arm, (n * 7) % 3 == 0) for arm in ("base-few", "rl") for n in range(20)]
    assert scored(*rows) == scored(*rows)
    for score in scored(*rows):
        assert score.low <= score.value <= score.high


def test_answers_that_the_limit_ended_are_counted_by_arm_and_by_kind() -> None:
    asked = [problem(number) for number in range(4)]
    rows = [graded(each, "rl", True, finished=number > 0) for number, each in enumerate(asked)]
    rows += [graded(each, "sft", True) for each in asked]
    found = [score for score in scored(*rows) if score.metric == "cut_short"]
    assert {(s.arm, s.kind, s.value, s.n) for s in found} == {
        ("rl", "all", 0.25, 4),
        ("rl", "open", 0.25, 4),
        ("sft", "all", 0.0, 4),
    }
