"""Loss lies on the answer's own tokens and its end token, and the order of the rows is a function of the settings."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srm_core.errors import TrainingError
from srm_core.inference.tokens import encode_completion, encode_prompt
from srm_core.models.load import load_tokenizer
from srm_core.prompts import conversation
from srm_core.records import Attempt, Problem
from srm_core.training.rows import batch_order, make_rows, mask_preview

SYSTEM = "You reason about sums."


@pytest.fixture(scope="module")
def tokenizer(small_base: Path) -> Any:
    return load_tokenizer(small_base)


def _rows(tokenizer: Any, attempts: list[Attempt], problems: list[Problem], max_tokens: int = 2000) -> Any:
    by_id = {problem.id: problem for problem in problems}
    return make_rows(attempts, by_id, system=SYSTEM, tokenizer=tokenizer, max_tokens=max_tokens)


def _saying(attempt: Attempt, text: str) -> Attempt:
    fields = attempt.model_dump(exclude={"id", "content"})
    return Attempt.model_validate(fields | {"completion": fields["completion"] | {"text": text}})


def test_a_row_is_the_prompt_without_loss_and_the_answer_with_it(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem]
) -> None:
    rows, dropped = _rows(tokenizer, accepted, sums)
    assert not dropped
    for row, attempt, problem in zip(rows, accepted, sums, strict=True):
        prompt = encode_prompt(tokenizer, conversation(SYSTEM, problem, attempt.evidence))
        answer, own = encode_completion(tokenizer, problem.solution)
        assert row.ids == (*prompt, *answer)
        assert row.mask == (*[False] * len(prompt), *own)
        assert (row.attempt, row.parents) == (attempt.id, (attempt.id,))
        assert row.mask[-1]
        assert row.ids[-1] == tokenizer.eos_token_id


def test_what_the_calculator_computes_carries_no_loss(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem]
) -> None:
    (row,), _ = _rows(tokenizer, [_saying(accepted[0], "By hand.\nAnswer: <<140-104=36>> mg")], sums)
    trained = tokenizer.decode([i for i, loss in zip(row.ids, row.mask, strict=True) if loss])
    assert trained == "By hand.\nAnswer: <<140-104= mg<|im_end|>"


def test_the_prompt_shows_the_evidence_of_the_attempt_not_of_the_problem(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem]
) -> None:
    fields = accepted[1].model_dump(exclude={"id", "content"}) | {"evidence": ()}
    (row,), _ = _rows(tokenizer, [Attempt.model_validate(fields)], sums)
    assert sums[1].evidence
    assert "The first number is" not in tokenizer.decode(row.ids)


@pytest.mark.parametrize("text", ["", "<<"[:0]])
def test_an_empty_completion_is_refused(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem], text: str
) -> None:
    empty = _saying(accepted[0], text)
    with pytest.raises(TrainingError, match=f"{empty.id} would train on its end token alone; its completion is empty"):
        _rows(tokenizer, [accepted[1], empty], sums)


def test_rows_that_are_too_long_are_dropped_and_counted(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem]
) -> None:
    everything, _ = _rows(tokenizer, accepted, sums)
    lengths = sorted(len(row.ids) for row in everything)
    limit = lengths[7]
    rows, dropped = _rows(tokenizer, accepted, sums, limit)
    assert dropped == {"longer than train.max_tokens": sum(length > limit for length in lengths)}
    assert dropped.total() + len(rows) == len(accepted)
    assert max(len(row.ids) for row in rows) == limit


def test_without_a_row_there_is_nothing_to_train_on(
    tokenizer: Any, accepted: list[Attempt], sums: list[Problem]
) -> None:
    with pytest.raises(TrainingError, match=r"nothing to train on.*longer than train.max_tokens': 12"):
        _rows(tokenizer, accepted, sums, 10)
    with pytest.raises(TrainingError, match="nothing to train on"):
        _rows(tokenizer, [], sums)


LENGTHS = st.lists(st.integers(1, 900), min_size=1, max_size=60)


@given(LENGTHS, st.integers(1, 9), st.integers(1, 3), st.integers(0, 5))
def test_every_pass_holds_every_row_once(lengths: list[int], batch: int, epochs: int, seed: int) -> None:
    order = batch_order(lengths, batch, epochs, seed)
    for start in range(0, len(order), len(lengths)):
        assert sorted(order[start : start + len(lengths)]) == list(range(len(lengths)))
    assert len(order) == epochs * len(lengths)
    assert order == batch_order(lengths, batch, float(epochs), seed)


@given(LENGTHS, st.integers(1, 9), st.floats(0.01, 2.9), st.integers(0, 5))
def test_a_part_of_a_pass_holds_rows_at_most_once_more_and_there_is_always_one(
    lengths: list[int], batch: int, epochs: float, seed: int
) -> None:
    order = batch_order(lengths, batch, epochs, seed)
    times = Counter(order)
    assert len(order) >= 1
    assert len(order) == pytest.approx(epochs * len(lengths), abs=1)
    assert set(times.values()) | {times[i] for i in range(len(lengths))} <= {int(epochs), int(epochs) + 1}


@pytest.mark.parametrize("rows", [40, 41, 45, 47])
def test_the_rows_of_a_batch_are_of_similar_length_in_every_pass(rows: int) -> None:
    lengths = [100 + 20 * (7 * n % rows) for n in range(rows)]
    order = batch_order(lengths, 4, 3, seed=1)
    padded = sum(max(lengths[i] for i in b) * len(b) for b in (order[i : i + 4] for i in range(0, len(order), 4)))
    assert padded <= 1.08 * 3 * sum(lengths)
    assert (
        order[:4] != sorted(range(rows), key=lengths.__getitem__)[:4]
    )  # not sorted by length: batches come in random order


def test_the_order_depends_on_the_seed_and_passes_differ() -> None:
    lengths = list(range(40))
    assert batch_order(lengths, 4, 1, 0) != batch_order(lengths, 4, 1, 1)
    order = batch_order(lengths, 4, 2, 0)
    assert order[:40] != order[40:]


def test_the_preview_of_the_mask_shows_prompt_computed_and_trained_parts(tokenizer: Any) -> None:
    shown = mask_preview(tokenizer)
    text = "".join(token for token, _ in shown)
    assert text.endswith("Subtract.\nAnswer: <<140-104=36>> mEq/L<|im_end|>")
    assert "".join(token for token, trained in shown if trained) == "Subtract.\nAnswer: <<140-104= mEq/L<|im_end|>"
