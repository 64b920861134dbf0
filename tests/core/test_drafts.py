"""Drafted tokens save passes and change nothing that is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srm_core.inference.drafts import LONGEST, drafted
from srm_core.inference.engines import decoder_for
from srm_core.inference.kernels.compiled import CompiledDecoder
from srm_core.inference.paged import PagedEngine
from srm_core.inference.tokens import encode_text
from srm_core.records import Completion, Sampling


class Counted(PagedEngine):
    """An engine that counts its forward passes."""

    passes = 0

    def _read(self, pieces: Any) -> Any:
        self.passes += 1
        return super()._read(pieces)


@pytest.fixture(scope="module", params=["native", "reference"])
def decoder(request: pytest.FixtureRequest, small_model: Any) -> Any:
    return decoder_for(small_model.model, request.param)


def both(decoder: Any, tokenizer: Any, prompts: Any, sampling: Sampling) -> tuple[Counted, Counted]:
    """Return an engine that drafts and one that does not, after both said the same."""
    drafting, plain = Counted(decoder, tokenizer, draft_rows=64), Counted(decoder, tokenizer, draft_rows=0)
    said: list[list[list[Completion]]] = [engine.generate(prompts, sampling) for engine in (drafting, plain)]
    for drafted_group, plain_group in zip(*said, strict=True):
        for one, other in zip(drafted_group, plain_group, strict=True):
            assert (one.token_ids, one.mask, one.text) == (other.token_ids, other.mask, other.text)
            exact = isinstance(decoder, CompiledDecoder)  # torch's own sums depend on how many rows there are
            assert one.logprobs == (other.logprobs if exact else pytest.approx(other.logprobs, abs=1e-4))
    assert drafting.pool.used == plain.pool.used == 0
    return drafting, plain


def test_the_longest_match_is_taken_where_it_stood_last() -> None:
    assert drafted([1, 2, 3, 9, 1, 2, 3, 8, 7, 1, 2, 3], 2) == [8, 7]
    assert drafted([5, 1, 2, 9, 4, 1, 2], 5) == [9, 4, 1, 2]
    assert drafted([4, 4, 4, 4, 4, 4], 3) == [4]
    assert drafted(list(range(20)), 5) == []
    assert drafted([1, 2, 3, 1, 2], 0) == []
    assert len(drafted([*range(30), 0, 1], 20)) == LONGEST


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 8))
def test_a_draft_is_what_followed_the_same_tokens(ids: list[int], most: int) -> None:
    draft = drafted(ids, most)
    assert len(draft) <= min(most, LONGEST)
    if draft:
        followed = any(
            ids[at : at + 2] == ids[-2:] and ids[at + 2 : at + 2 + len(draft)] == draft for at in range(len(ids) - 2)
        )
        assert followed


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0])
def test_what_is_said_is_the_same_with_drafts_and_without(decoder: Any, small_model: Any, temperature: float) -> None:
    tokenizer = small_model.tokenizer
    prompts = [encode_text(tokenizer, "potassium 4.1 potassium 4.1 chloride " * k) for k in range(1, 5)]
    sampling = Sampling(n=2 if temperature else 1, max_tokens=60, temperature=temperature, seed=5)
    drafting, plain = both(decoder, tokenizer, prompts, sampling)
    assert drafting.passes <= plain.passes


class Scripted:
    """A decoder whose one row always chooses the next token of a script."""

    def __init__(self, decoder: Any, script: list[int]) -> None:
        self.shape, self.forward = decoder.shape, decoder.forward
        self.script = script
        self.engine: Any = None

    def choose(self, logits: Any, asked: Any) -> tuple[list[int], list[float]]:
        said = len(self.engine._live[0][0].ids) if self.engine._live else 0
        tokens = (self.script * 2)[said : said + len(asked.forced)]
        return tokens, [-0.5] * len(tokens)


def scripted(decoder: Any, tokenizer: Any, script: list[int], draft_rows: int) -> Counted:
    stand_in = Scripted(decoder, script)
    stand_in.engine = Counted(stand_in, tokenizer, draft_rows=draft_rows)
    return stand_in.engine


def test_text_that_repeats_takes_fewer_passes(decoder: Any, small_model: Any) -> None:
    tokenizer = small_model.tokenizer
    script = encode_text(tokenizer, "sodium is 140 and chloride is 104 " * 5)
    prompt = encode_text(tokenizer, "sodium is 140 and chloride is 104 ")
    sampling = Sampling(max_tokens=len(script), calculator=False)
    plain, drafting = (scripted(decoder, tokenizer, script, rows) for rows in (0, 1))
    one, two = plain.generate([prompt], sampling), drafting.generate([prompt], sampling)
    assert one == two
    assert list(one[0][0].token_ids) == script
    assert plain.passes == len(script)
    assert drafting.passes < len(script) / 3


def test_a_draft_never_says_more_than_was_asked(decoder: Any, small_model: Any) -> None:
    prompts = [encode_text(small_model.tokenizer, "a b " * 12)]
    for most in (1, 2, 3, 7):
        drafting, _ = both(decoder, small_model.tokenizer, prompts, Sampling(max_tokens=most, calculator=False))
        assert len(drafting.generate(prompts, Sampling(max_tokens=most))[0][0].token_ids) <= most


def test_a_rejected_draft_leaves_no_page_that_others_would_find(decoder: Any, small_model: Any) -> None:
    tokenizer = small_model.tokenizer
    engine = PagedEngine(decoder, tokenizer, draft_rows=64)
    prompt = encode_text(tokenizer, "one two three four " * 8)
    (first,), (again,) = (engine.generate([prompt], Sampling(max_tokens=40, temperature=1.0)) for _ in range(2))
    assert first[0].token_ids == again[0].token_ids
    longer = [*prompt, *first[0].token_ids]
    ((fresh,),) = PagedEngine(decoder, tokenizer, draft_rows=0).generate([longer], Sampling(max_tokens=8))
    ((kept,),) = engine.generate([longer], Sampling(max_tokens=8))
    assert kept.token_ids == fresh.token_ids


def test_the_value_of_the_calculator_is_read_in_one_pass(decoder: Any, small_model: Any) -> None:
    tokenizer = small_model.tokenizer
    script = [token for piece in ("<<", "140-52", "=") for token in encode_text(tokenizer, piece)]
    engine = scripted(decoder, tokenizer, [*script, *encode_text(tokenizer, "88>> and no more")], draft_rows=0)
    ((completion,),) = engine.generate([encode_text(tokenizer, "x")], Sampling(max_tokens=len(script) + 8))
    assert completion.text.startswith("<<140-52=88>> and")
    forced = completion.mask.count(False)
    assert forced >= 2
    assert engine.passes == len(completion.token_ids) - forced
