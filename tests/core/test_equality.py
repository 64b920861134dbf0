"""The engine says what transformers says: every prompt length up to the context, odd shapes, limits, early ends."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch

from srm_core.errors import ModelError
from srm_core.inference.engines import decoder_for
from srm_core.inference.padded import PaddedEngine
from srm_core.inference.paged import PagedEngine
from srm_core.records import Sampling

from .test_architectures import KINDS, model_of

CONTEXT = 40
NEW = 6
ODD: dict[str, tuple[str, dict[str, Any]]] = {
    "one layer, one head of width 2": ("Llama", {"hidden_size": 2, "num_attention_heads": 1, "num_key_value_heads": 1}),
    "heads narrower than the model": ("Llama", {"num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 6}),
    "heads wider than the model": ("Qwen3", {"num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 40}),
    "an inner width of one": ("Llama", {"intermediate_size": 1}),
    "tied": ("Qwen2", {"tie_word_embeddings": True}),
    "untied": ("Mistral", {"tie_word_embeddings": False}),
    "a window of one": ("Mistral", {"sliding_window": 1}),
    "widths of no round number": ("Llama", {"hidden_size": 66, "intermediate_size": 37, "num_attention_heads": 11}),
}
ODD["one layer, one head of width 2"][1]["num_hidden_layers"] = 1
ODD["widths of no round number"][1]["num_key_value_heads"] = 11


def _script() -> Any:
    file = Path(__file__).resolve().parents[2] / "benchmarks" / "equality.py"
    spec = importlib.util.spec_from_file_location("equality", file)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "equality", made)
        spec.loader.exec_module(made)
    return made


equality = _script()


@pytest.fixture
def odd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, small_model: Any) -> Any:
    """Return a random model of a shape in `ODD` or `KINDS`, with a context of `CONTEXT` tokens."""
    kind, settings = {**KINDS, **ODD}[request.param]
    small = {"max_position_embeddings": CONTEXT, "vocab_size": len(small_model.tokenizer)}
    monkeypatch.setitem(KINDS, "odd", (kind, settings | small))
    return model_of("odd")


def prompts_of(lengths: Any, vocabulary: int) -> list[list[int]]:
    draw = torch.Generator().manual_seed(5)
    return [torch.randint(vocabulary, (n,), generator=draw).tolist() for n in lengths]


def engine_of(model: Any, tokenizer: Any, tier: str = "native") -> Any:
    made = (
        PaddedEngine(model, tokenizer) if tier == "transformers" else PagedEngine(decoder_for(model, tier), tokenizer)
    )
    made.writer.end = set()  # only the tests of ends end early
    return made


@pytest.mark.parametrize("odd", ODD, indirect=True)
def test_every_length_up_to_the_context_is_answered_as_transformers_answers(odd: Any, small_model: Any) -> None:
    engine = engine_of(odd, small_model.tokenizer)
    prompts = prompts_of(range(1, CONTEXT - NEW + 1), len(small_model.tokenizer))
    said = engine.generate(prompts, Sampling(max_tokens=NEW, calculator=False))
    found = equality.summary([equality.agreement(odd, completion) for (completion,) in said])
    assert found["tokens"] == NEW * (CONTEXT - NEW)
    assert found["prompt_tokens"] == {"least": 1, "most": CONTEXT - NEW}
    assert found["wrong"] == 0
    assert found["ties"] <= 1
    assert found["largest_difference_nats"] < equality.BOUND


@pytest.mark.parametrize("odd", ["one layer, one head of width 2", "gemma", "qwen3"], indirect=True)
@pytest.mark.parametrize("tier", ["portable", "reference", "transformers"])
def test_the_other_tiers_answer_as_transformers_does_too(odd: Any, small_model: Any, tier: str) -> None:
    engine = engine_of(odd, small_model.tokenizer, tier)
    prompts = prompts_of((1, 2, 15, 16, 17, 31, 33, CONTEXT - NEW), len(small_model.tokenizer))
    said = engine.generate(prompts, Sampling(max_tokens=NEW, calculator=False))
    found = equality.summary([equality.agreement(odd, completion) for (completion,) in said])
    assert found["wrong"] == 0
    assert found["largest_difference_nats"] < equality.BOUND


@pytest.mark.parametrize("tier", ["native", "transformers"])
@pytest.mark.parametrize("odd", ["llama"], indirect=True)
def test_a_prompt_at_the_limit_gets_one_token_and_one_beyond_is_refused(odd: Any, small_model: Any, tier: str) -> None:
    engine = engine_of(odd, small_model.tokenizer, tier)
    (full,) = prompts_of([CONTEXT - 1], len(small_model.tokenizer))
    (completion,) = engine.generate([full], Sampling(max_tokens=1))[0]
    assert equality.agreement(odd, completion).wrong == 0
    for longer, more in ((full, 2), ([*full, 7], 1)):
        with pytest.raises(ModelError, match=f"a prompt of {len(longer)} tokens and {more} more exceed the context"):
            engine.generate([longer], Sampling(max_tokens=more))
    scores = engine.score([full], [[9]])[0]
    with torch.no_grad():
        theirs = odd(torch.tensor([full])).logits[0, -1].log_softmax(-1)[9]
    assert scores == pytest.approx([float(theirs)], abs=1e-4)
    with pytest.raises(ModelError, match=f"a prompt and its answer are {CONTEXT + 1} tokens, more than the context"):
        engine.score([[1], full], [[2], [9, 9]])


@pytest.mark.parametrize("tier", ["native", "reference", "transformers"])
@pytest.mark.parametrize("odd", ["llama"], indirect=True)
def test_an_empty_prompt_is_refused_and_harms_nobody(odd: Any, small_model: Any, tier: str) -> None:
    engine = engine_of(odd, small_model.tokenizer, tier)
    before = engine.generate([[5, 6]], Sampling(max_tokens=3))
    for ask in (lambda: engine.generate([[5, 6], []], Sampling()), lambda: engine.score([[]], [[5]])):
        with pytest.raises(ModelError, match="a prompt is empty: a model needs at least one token"):
            ask()
    assert engine.generate([[5, 6]], Sampling(max_tokens=3)) == before


@pytest.mark.parametrize("tier", ["native", "reference", "transformers"])
@pytest.mark.parametrize("odd", ["llama-no-groups"], indirect=True)
def test_an_early_end_ends_where_transformers_ends(odd: Any, small_model: Any, tier: str) -> None:
    engine = engine_of(odd, small_model.tokenizer, tier)
    prompts = prompts_of((3, 9, 17), len(small_model.tokenizer))
    free = [c for (c,) in engine.generate(prompts, Sampling(max_tokens=NEW, calculator=False))]
    for prompt, whole in zip(prompts, free, strict=True):
        engine.writer.end = {whole.token_ids[2]}
        (ended,) = engine.generate([prompt], Sampling(max_tokens=NEW, calculator=False))[0]
        theirs = odd.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=NEW,
            eos_token_id=whole.token_ids[2],
            pad_token_id=0,
        )
        assert list(ended.token_ids) == theirs[0, len(prompt) :].tolist()
        assert ended.finished
        assert ended.tokens <= 3


def test_a_model_s_room_beyond_the_tokenizer_harms_nobody(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beyond = len(small_model.tokenizer) + 200
    monkeypatch.setitem(KINDS, "roomy", ("Llama", {"vocab_size": beyond}))
    engine = engine_of(model_of("roomy"), small_model.tokenizer)
    (many,) = engine.generate([[5, 6, 7]], Sampling(n=20, max_tokens=12, temperature=1.0))
    assert max(max(c.token_ids) for c in many) >= len(small_model.tokenizer)
    assert all(c.tokens == 12 for c in many)


def test_a_comparison_in_groups_covers_every_prompt_or_those_there_is_time_for(small_model: Any) -> None:
    prompts = prompts_of(range(1, 27), len(small_model.tokenizer))
    found = equality.compared(small_model.engine, small_model.model, prompts, 60.0)
    assert sorted(a.prompt for a in found) == list(range(1, 27))
    assert equality.summary(found)["wrong"] == 0
    few = equality.compared(small_model.engine, small_model.model, prompts, 0.0)
    assert [a.prompt for a in few] == [1, 13, 25]


def test_the_comparison_counts_ties_and_wrong_tokens(small_model: Any) -> None:
    (right,) = small_model.engine.generate([[70, 71]], Sampling(max_tokens=5, calculator=False))[0]
    assert equality.agreement(small_model.model, right).wrong == 0
    changed = right.model_copy(update={"token_ids": (*right.token_ids[:2], 75, *right.token_ids[3:])})
    found = equality.agreement(small_model.model, changed)
    assert found.wrong >= 1
    assert found.margin > equality.TIE
    assert found.off > equality.BOUND
    kept = equality.summary([equality.agreement(small_model.model, right), found])
    assert (kept["prompts"], kept["prompts_with_a_wrong_token"], kept["within_bound"]) == (2, 1, 1)
