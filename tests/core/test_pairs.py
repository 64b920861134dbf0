"""Preference rows say what the student said; every attempt ends in a row or under a reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from srm_core.inference.tokens import encode_completion, encode_prompt
from srm_core.models.load import load_tokenizer
from srm_core.prompts import conversation
from srm_core.records import Attempt, Completion, Problem, Reward, Sampling, Verdict
from srm_core.training.pairs import (
    ALWAYS,
    NEVER,
    ODD,
    SAID_BEFORE,
    TOO_LONG,
    UNSCORED,
    Answer,
    make_answers,
    make_pairs,
)
from srm_core.training.preference_batches import answer_batch, pair_batch, unlike_order
from srm_core.training.rows import make_rows

SYSTEM = "You reason about sums."


@pytest.fixture(scope="module")
def tokenizer(small_base: Path) -> Any:
    return load_tokenizer(small_base)


def _attempt(tokenizer: Any, problem: Problem, text: str, correct: bool | None, index: int = 0) -> Attempt:
    ids, own = encode_completion(tokenizer, text)
    return Attempt(
        parents=(problem.id,),
        problem=problem.id,
        model="student",
        arm="dpo",
        sampling=Sampling(),
        index=index,
        completion=Completion(text=text, finished=True, tokens=len(ids), token_ids=tuple(ids), mask=tuple(own)),
        evidence=problem.evidence,
        verdict=Verdict(correct=correct),
        rewards=() if correct is None else (Reward(name="correct", value=float(correct)),),
    )


def _answers(tokenizer: Any, problems: Sequence[Problem], attempts: Sequence[Attempt], max_tokens: int = 2000) -> Any:
    by_id = {problem.id: problem for problem in problems}
    return make_answers(attempts, by_id, system=SYSTEM, tokenizer=tokenizer, max_tokens=max_tokens)


def test_an_answer_has_the_ids_and_the_mask_of_a_supervised_row(tokenizer: Any, sums: list[Problem]) -> None:
    attempt = _attempt(tokenizer, sums[1], "By hand.\nAnswer: <<140-104=36>> mg", True)
    (answer,), dropped = _answers(tokenizer, sums, [attempt])
    (row,), _ = make_rows([attempt], {sums[1].id: sums[1]}, system=SYSTEM, tokenizer=tokenizer, max_tokens=2000)
    assert not dropped
    assert (*answer.prompt, *answer.ids) == row.ids
    assert (*(False for _ in answer.prompt), *answer.mask) == row.mask
    assert list(answer.prompt) == encode_prompt(tokenizer, conversation(SYSTEM, sums[1], sums[1].evidence))
    assert tokenizer.decode([i for i, own in zip(answer.ids, answer.mask, strict=True) if own]).endswith(
        "<<140-104= mg<|im_end|>"
    )


def test_each_attempt_becomes_a_row_or_is_counted(tokenizer: Any, sums: list[Problem]) -> None:
    said = [
        (0, "a", True), (0, "b", False), (0, "c", False), (0, "a", True),  # one pair, one odd, one twice
        (1, "a", True), (1, "b", True),
        (2, "a", False),
        (3, "a", None), (3, "long " * 90, False), (3, "b", True),
    ]  # fmt: skip
    attempts = [_attempt(tokenizer, sums[n], text, right, k) for k, (n, text, right) in enumerate(said)]
    limit = max(len(encode_prompt(tokenizer, conversation(SYSTEM, p, p.evidence))) for p in sums[:4]) + 60
    answers, dropped = _answers(tokenizer, sums, attempts, limit)
    assert dropped == {SAID_BEFORE: 1, UNSCORED: 1, TOO_LONG: 1}
    pairs, unpaired = make_pairs(answers)
    assert unpaired == {ODD: 1, ALWAYS: 2 + 1, NEVER: 1}
    (pair,) = pairs
    assert (pair.chosen.attempt, pair.rejected.attempt) == (attempts[0].id, attempts[1].id)
    assert pair.chosen.prompt == pair.rejected.prompt
    assert pair.parents == (pair.chosen.id, pair.rejected.id)
    assert 2 * len(pairs) + dropped.total() + unpaired.total() == len(attempts)


def _made_up(problem: int, right: bool, number: int) -> Answer:
    return Answer(
        attempt=f"attempt-{number}",
        problem=f"problem-{problem}",
        right=right,
        prompt=(1, 10 + problem),
        ids=(100 + number,) * (1 + number % 3),
        mask=(True,) * (1 + number % 3),
    )


JUDGED = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30)


@given(JUDGED)
def test_pairs_are_of_one_problem_and_nothing_is_used_twice_or_lost(judged: list[tuple[int, bool]]) -> None:
    answers = [_made_up(problem, right, n) for n, (problem, right) in enumerate(judged)]
    pairs, dropped = make_pairs(answers)
    used = [answer for pair in pairs for answer in (pair.chosen, pair.rejected)]
    assert len({a.id for a in used}) == len(used) == len(answers) - dropped.total()
    assert all(p.chosen.right and not p.rejected.right and p.chosen.problem == p.rejected.problem for p in pairs)


def test_a_batch_of_pairs_holds_the_chosen_first_and_counts_own_tokens_only() -> None:
    chosen = Answer(attempt="a", problem="p", right=True, prompt=(1, 2), ids=(5, 6, 7), mask=(True, False, True))
    rejected = Answer(attempt="b", problem="p", right=False, prompt=(1, 2), ids=(8,), mask=(True,))
    (pair,), _ = make_pairs([chosen, rejected])
    batch = pair_batch([pair], padding=0)
    assert batch["input_ids"].tolist() == [[1, 2, 5, 6, 7], [1, 2, 8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1] * 5, [1, 1, 1, 0, 0]]
    assert batch["completion_mask"].tolist() == [[0, 0, 1, 0, 1], [0, 0, 1, 0, 0]]


def test_a_batch_of_answers_puts_each_to_the_next_other_problem() -> None:
    answers = [_made_up(0, True, 0), _made_up(0, False, 1), _made_up(1, True, 2)]
    batch = answer_batch(answers, padding=0)
    assert batch["label"].tolist() == [True, False, True]
    assert batch["input_ids"].tolist() == [[1, 10, 100, 0, 0], [1, 10, 101, 101, 0], [1, 11, 102, 102, 102]]
    assert batch["KL_input_ids"].tolist() == [[1, 10, 102, 102, 102], [1, 10, 102, 102, 102], [1, 11, 100, 0, 0]]
    assert batch["KL_completion_mask"].tolist() == [[0, 0, 1, 1, 1], [0, 0, 1, 1, 1], [0, 0, 1, 0, 0]]
    alone = answer_batch(answers[:2], padding=0)
    assert alone["KL_input_ids"].tolist() == [[1, 10, 101, 101], [1, 10, 100, 0]]


@given(JUDGED, st.integers(2, 6), st.floats(0.1, 2.5), st.integers(0, 3))
def test_the_order_of_answers_has_whole_batches_and_no_answer_much_more_often(
    judged: list[tuple[int, bool]], batch: int, epochs: float, seed: int
) -> None:
    answers = [_made_up(problem, right, n) for n, (problem, right) in enumerate(judged)]
    order = unlike_order(answers, batch, epochs, seed)
    assert len(order) % batch == 0
    assert len(order) == batch * max(1, round(epochs * len(answers) / batch))
    times = [order.count(n) for n in range(len(answers))]
    assert max(times) - min(times) <= 1
    assert order == unlike_order(answers, batch, epochs, seed)


def test_neighbours_are_of_different_problems_where_there_are_as_many_answers_to_each() -> None:
    answers = [_made_up(n % 5, True, n) for n in range(20)]
    order = unlike_order(answers, 4, 1.0, seed=3)
    for start in range(0, 20, 4):
        problems = [answers[n].problem for n in order[start : start + 4]]
        batch = answer_batch([answers[n] for n in order[start : start + 4]], padding=0)
        assert len(set(problems)) >= 3
        assert not torch.equal(batch["input_ids"], batch["KL_input_ids"])
    assert unlike_order(answers, 4, 1.0, seed=4) != order
