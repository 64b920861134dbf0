"""Pages of keys and values are counted, shared and given back; memory follows what is alive."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from srm_core.inference.architecture import architecture_of
from srm_core.inference.engines import decoder_for
from srm_core.inference.paged import PagedEngine
from srm_core.inference.pages import BLOCK, SLAB_PAGES, PagePool, page_keys
from srm_core.records import Sampling


@pytest.fixture
def pool(small_model: Any) -> PagePool:
    return PagePool(architecture_of(small_model.model))


@pytest.fixture
def engine(small_model: Any) -> PagedEngine:
    return PagedEngine(decoder_for(small_model.model), small_model.tokenizer)


def test_a_page_is_free_again_when_its_last_user_gives_it_back(pool: PagePool) -> None:
    page = pool.take()
    pool.share(page)
    pool.give_back([page])
    assert pool.used == 1
    pool.give_back([page])
    assert pool.used == 0
    assert pool.take() == page


def test_memory_grows_by_slabs_and_idle_pages_are_used_before_a_new_one(pool: PagePool) -> None:
    assert pool.size == 0
    pages = [pool.take() for _ in range(SLAB_PAGES)]
    one = pool.size
    pool.remember(pages[0], b"key")
    pool.give_back(pages[:1])
    assert pool.find(b"key") == pages[0]
    assert pool.take() == pages[0]  # idle, so taken
    assert pool.find(b"key") is None
    assert pool.size == one
    pool.take()
    assert pool.size == 2 * one


def test_a_copy_is_another_page_with_the_same_contents(pool: PagePool) -> None:
    page = pool.take()
    pool.slabs[0][:, page] = torch.randn_like(pool.slabs[0][:, page])
    copy = pool.copy(page)
    assert copy != page
    assert torch.equal(pool.slabs[0][:, copy], pool.slabs[0][:, page])


def test_a_key_names_a_page_and_all_before_it() -> None:
    ids = list(range(3 * BLOCK + 5))
    keys = page_keys(ids)
    assert len(keys) == len(set(keys)) == 3
    assert page_keys([*ids[:BLOCK], 99, *ids[BLOCK + 1 :]])[0] == keys[0]
    assert not set(page_keys([99, *ids[1:]])) & set(keys)
    assert page_keys(ids[: BLOCK - 1]) == []


def test_when_everything_is_said_no_page_is_in_use(engine: PagedEngine) -> None:
    prompts = [list(range(5, 5 + n)) for n in (1, 15, 16, 17, 40, 40)]
    engine.generate(prompts, Sampling(n=3, max_tokens=20, temperature=1.0), rows=4)
    engine.score(prompts, [[7, 8]] * len(prompts))
    assert engine.pool.used == 0


def test_the_samples_of_a_prompt_share_its_pages(engine: PagedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    forward = engine.decoder.forward

    def watched(batch: Any, slabs: Any) -> Any:
        nonlocal most
        most = max(most, engine.pool.used)
        return forward(batch, slabs)

    monkeypatch.setattr(engine.decoder, "forward", watched)
    prompt = [20 + n % 40 for n in range(20 * BLOCK)]
    engine.generate([prompt], Sampling(n=8, max_tokens=4, temperature=1.0))
    assert 20 <= most <= 20 + 8


def test_new_weights_make_earlier_prompts_forgotten(engine: PagedEngine) -> None:
    prompt = list(range(5, 5 + 3 * BLOCK))
    engine.generate([prompt], Sampling(max_tokens=1))
    assert engine.pool.find(page_keys(prompt)[0]) is not None
    engine.update(set())
    assert engine.pool.find(page_keys(prompt)[0]) is None


def test_a_prompt_longer_than_one_pass_is_read_in_pieces(engine: PagedEngine, small_model: Any) -> None:
    prompt = [5 + 7 * n % 200 for n in range(1100)]
    (completion,) = engine.generate([prompt], Sampling(max_tokens=3, calculator=False))[0]
    with torch.no_grad():
        logprobs = small_model.model(torch.tensor([[*prompt, *completion.token_ids]])).logits[0].log_softmax(-1)
    expected = [float(logprobs[len(prompt) - 1 + i, token]) for i, token in enumerate(completion.token_ids)]
    assert completion.logprobs == pytest.approx(expected, abs=1e-4)
    assert engine.score([prompt], [[*completion.token_ids]])[0] == pytest.approx(expected, abs=1e-4)
