"""The fallback engine reads a shared beginning once and drops rows that are done."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from srm_core.inference import padded
from srm_core.inference.padded import PaddedEngine
from srm_core.records import Sampling

from .test_engine import _prompt as prompt_of
from .test_engine import _same as same


@pytest.fixture(scope="module")
def engine(small_model: Any) -> PaddedEngine:
    return PaddedEngine(small_model.model, small_model.tokenizer)


@pytest.fixture(scope="module")
def prompts(small_model: Any) -> list[list[int]]:
    return [prompt_of(small_model.tokenizer, number) for number in range(30)]


def test_a_shared_beginning_is_read_once_and_changes_nothing(
    engine: PaddedEngine, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    same_beginning = [prompts[i] for i in (1, 2, 4, 5, 7)]
    shared = padded._common_prefix(same_beginning)
    assert shared >= 20
    shapes = _watch_shapes(engine, monkeypatch)
    together = engine.generate(same_beginning, Sampling(max_tokens=8))
    assert shapes[:2] == [(1, shared), (5, max(map(len, same_beginning)) - shared)]
    monkeypatch.setattr(padded, "_common_prefix", lambda prompts: 0)
    apart = engine.generate(same_beginning, Sampling(max_tokens=8))
    assert shapes[9] == (5, max(map(len, same_beginning)))
    same([c for (c,) in together], [c for (c,) in apart])


def test_prompts_that_are_prefixes_of_each_other_keep_a_token_of_their_own(engine: PaddedEngine, prompts: Any) -> None:
    whole = prompts[2]
    nested = [whole[:20], whole[:30], whole, whole]
    assert padded._common_prefix(nested) == 19
    same(
        [c for (c,) in engine.generate(nested, Sampling(max_tokens=6))],
        [engine.generate([p], Sampling(max_tokens=6))[0][0] for p in nested],
    )


def test_rows_that_are_done_leave_the_batch_and_the_others_go_on_unchanged(
    engine: PaddedEngine, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = engine.generate(prompts[:8], Sampling(n=3, max_tokens=24, temperature=1.0, seed=5))
    letters = Counter(letter for cs in free for c in cs for letter in set(c.text) if letter.isalnum())
    stop = tuple(letter for letter, _ in letters.most_common(4))
    settings = Sampling(n=3, max_tokens=24, temperature=1.0, stop=stop, seed=5)
    shapes = _watch_shapes(engine, monkeypatch)
    batch = engine.generate(prompts[:8], settings)
    sizes = [rows for rows, tokens in shapes if tokens == 1]
    assert sizes[0] == 24
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) >= 4
    assert len({c.tokens for cs in batch for c in cs}) > 5
    for prompt, completions in zip(prompts, batch, strict=False):
        same(engine.generate([prompt], settings)[0], completions)


def _watch_shapes(engine: PaddedEngine, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    shapes: list[tuple[int, ...]] = []
    usual = engine._forward

    def watched(ids: torch.Tensor, *rest: Any) -> torch.Tensor:
        shapes.append(tuple(ids.shape))
        return usual(ids, *rest)

    monkeypatch.setattr(engine, "_forward", watched)
    return shapes


def test_the_samples_of_a_prompt_share_one_reading_and_differ(
    engine: PaddedEngine, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = _watch_shapes(engine, monkeypatch)
    (completions,) = engine.generate([prompts[3]], Sampling(n=6, max_tokens=12, temperature=1.0))
    assert shapes[0] == (1, len(prompts[3]))
    assert shapes[1] == (6, 1)
    assert len({c.token_ids for c in completions}) == 6
