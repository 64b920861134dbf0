"""Batched generation says what the model alone would say, whatever stands beside it in the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from scipy.stats import chisquare

from srm_core import calculator
from srm_core.errors import ModelError
from srm_core.inference.architecture import Architecture
from srm_core.inference.choosing import choose
from srm_core.inference.engines import TIERS, VARIABLE, Engine, engine_for
from srm_core.inference.kernels.batch import Batch
from srm_core.inference.padded import PaddedEngine
from srm_core.inference.paged import PagedEngine
from srm_core.inference.tokens import encode_completion, encode_prompt, encode_text
from srm_core.records import Completion, Message, Sampling

SHAPE = Architecture(
    layers=1,
    hidden=16,
    heads=1,
    kv_heads=1,
    head_width=16,
    inner=16,
    vocabulary=0,
    context=1000,
    epsilon=1e-5,
    activation="silu",
    embedding_scale=1.0,
    norm_offset=0.0,
    windows=(0,),
    rotates=(True,),
)
SAID = "the anion gap is the sodium minus chloride and bicarbonate in a patient whose potassium 4=10 fell"
TIE = 1e-4  # logits nearer than this may be ordered either way


def _prompt(tokenizer: Any, number: int) -> list[int]:
    """Return the ``number``-th of many prompts of different lengths; every third has no system turn."""
    said = f"{SAID[3 * number : 3 * number + 1 + (37 * number) % 90]} {number * number}?"
    turns = [Message(role="system", content="You answer questions.")] if number % 3 else []
    return encode_prompt(tokenizer, [*turns, Message(role="user", content=said)])


@pytest.fixture(scope="module")
def model(small_model: Any) -> Any:
    return small_model.model


@pytest.fixture(scope="module")
def tokenizer(small_model: Any) -> Any:
    return small_model.tokenizer


@pytest.fixture(scope="module", params=TIERS)
def engine(request: pytest.FixtureRequest, model: Any, tokenizer: Any) -> Engine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, request.param)
        made = engine_for("small", model, tokenizer)
    assert isinstance(made, PaddedEngine if request.param == "transformers" else PagedEngine)
    return made


@pytest.fixture(scope="module")
def prompts(tokenizer: Any) -> list[list[int]]:
    return [_prompt(tokenizer, number) for number in range(30)]


@pytest.fixture(scope="module")
def greedy(engine: Engine, prompts: list[list[int]]) -> list[Completion]:
    return [c for (c,) in engine.generate(prompts, Sampling(max_tokens=24, calculator=False))]


def _logprobs(model: Any, completion: Completion, temperature: float = 1.0) -> torch.Tensor:
    """Return the log-probabilities [tokens, vocabulary] of one pass over prompt and completion."""
    ids = torch.tensor([[*completion.prompt_ids, *completion.token_ids]])
    with torch.no_grad():
        logits = model(ids).logits[0, len(completion.prompt_ids) - 1 : -1]
    return (logits / temperature).log_softmax(-1)


def _same(one: Sequence[Completion], other: Sequence[Completion]) -> None:
    for a, b in zip(one, other, strict=True):
        assert (a.text, a.token_ids, a.mask, a.finished) == (b.text, b.token_ids, b.mask, b.finished)
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)


def test_greedy_tokens_are_those_of_transformers(
    model: Any, prompts: list[list[int]], greedy: list[Completion]
) -> None:
    ties = []
    for number, (prompt, ours) in enumerate(zip(prompts, greedy, strict=True)):
        theirs = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=24,
            return_dict_in_generate=True,
            output_logits=True,
        )
        tokens = theirs.sequences[0, len(prompt) :].tolist()
        if tokens == list(ours.token_ids):
            continue
        step = next(i for i, (a, b) in enumerate(zip(tokens, ours.token_ids, strict=False)) if a != b)
        margin = float(theirs.logits[step][0, tokens[step]] - theirs.logits[step][0, ours.token_ids[step]])
        assert margin < TIE, f"prompt {number}, step {step}: {tokens[step]} is better by {margin}"
        ties.append(number)
    assert len(ties) <= 1
    assert len({c.token_ids for c in greedy}) == 30  # different prompts are answered differently


def test_a_prompt_is_answered_alone_as_in_a_batch(
    engine: Engine, prompts: list[list[int]], greedy: list[Completion]
) -> None:
    alone = [engine.generate([prompt], Sampling(max_tokens=24, calculator=False))[0][0] for prompt in prompts]
    _same(alone, greedy)
    small = [c for (c,) in engine.generate(prompts, Sampling(max_tokens=24, calculator=False), rows=4)]
    _same(small, greedy)


def test_the_same_seed_draws_the_same_and_another_seed_something_else(engine: Engine, prompts: Any) -> None:
    settings = Sampling(n=2, max_tokens=12, temperature=1.0, seed=1)
    once, again = (engine.generate(prompts[:4], settings) for _ in range(2))
    assert once == again
    other = engine.generate(prompts[:4], settings.model_copy(update={"seed": 2}))
    assert all(
        a.token_ids != b.token_ids for one, two in zip(once, other, strict=True) for a, b in zip(one, two, strict=True)
    )


def test_what_a_row_draws_does_not_depend_on_its_neighbours_or_their_number(engine: Engine, prompts: Any) -> None:
    settings = Sampling(n=3, max_tokens=12, temperature=1.0, seed=3)
    together = engine.generate(prompts[:6], settings, rows=48)
    backwards = engine.generate(prompts[5::-1], settings, rows=6)
    for one, other in zip(together, reversed(backwards), strict=True):
        _same(one, other)
    fewer = engine.generate(prompts[:6], settings.model_copy(update={"n": 2}))
    for one, other in zip(together, fewer, strict=True):
        _same(one[:2], other)


def test_sampled_frequencies_are_the_model_s_probabilities(engine: Engine, model: Any, prompts: Any) -> None:
    settings = Sampling(n=4000, max_tokens=1, temperature=0.8, seed=11, calculator=False)
    (completions,) = engine.generate([prompts[0]], settings)
    expected = _logprobs(model, completions[0], temperature=0.8)[0].exp().double()
    likely = expected.argsort(descending=True)[:20].tolist()
    drawn = Counter(c.token_ids[0] for c in completions)
    seen = [drawn[token] for token in likely]
    wanted = [float(expected[token]) * 4000 for token in likely]
    assert sum(seen) < 4000
    assert chisquare([*seen, 4000 - sum(seen)], [*wanted, 4000 - sum(wanted)]).pvalue > 0.001


def test_top_p_keeps_the_smallest_set_that_reaches_it_and_its_proportions(
    engine: Engine, model: Any, prompts: Any
) -> None:
    settings = Sampling(n=3000, max_tokens=1, temperature=1.0, top_p=0.4, seed=7, calculator=False)
    (completions,) = engine.generate([prompts[1]], settings)
    probabilities, order = _logprobs(model, completions[0])[0].exp().double().sort(descending=True)
    size = int((probabilities.cumsum(0) < 0.4).sum()) + 1
    assert size > 2
    drawn = Counter(c.token_ids[0] for c in completions)
    assert set(drawn) <= set(order[:size].tolist())
    inside = probabilities[:size] / probabilities[:size].sum() * 3000
    assert chisquare([drawn[token] for token in order[:size].tolist()], inside.numpy()).pvalue > 0.001


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_log_probabilities_are_those_of_one_pass_over_the_whole_text(
    engine: Engine, model: Any, prompts: Any, temperature: float
) -> None:
    settings = Sampling(n=2, max_tokens=16, temperature=temperature, seed=4)
    for completion in (c for cs in engine.generate(prompts[:6], settings) for c in cs):
        whole = _logprobs(model, completion, temperature or 1.0)
        picked = whole.gather(1, torch.tensor(completion.token_ids)[:, None])[:, 0].tolist()
        assert completion.logprobs == pytest.approx(picked, abs=1e-4)
        assert all(completion.mask)
        if temperature == 0:
            assert whole.argmax(-1).tolist() == list(completion.token_ids)


def test_a_stop_string_ends_a_completion_and_is_no_part_of_its_text(engine: Engine, prompts: Any, greedy: Any) -> None:
    letters = [c for c in greedy[0].text if c.isascii() and c.isprintable()]
    stop = letters[len(letters) // 2]
    (completion,) = engine.generate(prompts[:1], Sampling(max_tokens=24, stop=(stop, "never said")))[0]
    assert completion.text == greedy[0].text.partition(stop)[0]
    assert completion.finished
    assert completion.tokens < 24
    assert completion.token_ids == greedy[0].token_ids[: completion.tokens]


def test_a_stop_string_may_be_a_character_of_several_tokens(tokenizer: Any) -> None:
    assert len(encode_text(tokenizer, "é")) == 2
    completion = _says_text(tokenizer, "caf\u00e9 noir", stop=("é",))
    assert (completion.text, completion.finished, completion.tokens) == ("caf", True, 5)
    assert _says_text(tokenizer, "東京 <<1+1=2>>", stop=("é",)).text == "東京 <<1+1=2>>"


def test_without_an_end_a_completion_has_max_tokens_and_is_not_finished(greedy: list[Completion]) -> None:
    assert {(c.tokens, c.finished) for c in greedy if not c.finished} == {(24, False)}
    assert all(len(c.token_ids) == len(c.logprobs) == len(c.mask) == c.tokens for c in greedy)


def test_more_than_the_context_holds_is_refused_with_both_numbers(engine: Engine, model: Any) -> None:
    limit = model.config.max_position_embeddings
    with pytest.raises(ModelError, match=f"a prompt of {limit - 3} tokens and 4 more exceed the context of {limit}"):
        engine.generate([[5], [5] * (limit - 3)], Sampling(max_tokens=4))


def test_a_prompt_of_one_token_is_answered(engine: Engine, model: Any) -> None:
    (one,), (two,) = engine.generate([[70], [70, 71]], Sampling(max_tokens=5))
    expected = model.generate(
        torch.tensor([[70]]), attention_mask=torch.ones(1, 1, dtype=torch.long), do_sample=False, max_new_tokens=5
    )
    assert list(one.token_ids) == expected[0, 1:].tolist()
    assert one.token_ids != two.token_ids


def test_nothing_asked_is_nothing_answered(engine: Engine) -> None:
    assert engine.generate([], Sampling()) == []


# ---- the calculator inside decoding: a "model" that says what it is told to


class Scripted(torch.nn.Module):
    """Prefers the ``n``-th token of a script at the ``n``-th position after a prompt of one token."""

    def __init__(self, script: Sequence[int], vocabulary: int) -> None:
        super().__init__()
        self.script = script
        self.vocabulary = vocabulary
        self.weight = torch.nn.Parameter(torch.zeros(1))
        text = SimpleNamespace(max_position_embeddings=1000, num_hidden_layers=1)
        self.config = SimpleNamespace(get_text_config=lambda: text)

    def forward(self, input_ids: Any, position_ids: Any, past_key_values: Any, **_: Any) -> Any:
        states = torch.zeros(*input_ids.shape, 1)[:, None]
        past_key_values.update(states, states, 0)
        wanted = torch.tensor([self.script[min(int(p), len(self.script) - 1)] for p in position_ids[:, -1]])
        return SimpleNamespace(logits=torch.nn.functional.one_hot(wanted, self.vocabulary)[:, None].float() * 9)


class ScriptedDecoder:
    """The same for the paged engine."""

    def __init__(self, script: Sequence[int], shape: Any) -> None:
        self.script = script
        self.shape = shape
        self.choose = choose

    def forward(self, batch: Batch, slabs: list[torch.Tensor]) -> torch.Tensor:
        places = batch.positions[batch.outputs]
        wanted = torch.tensor([self.script[min(int(p), len(self.script) - 1)] for p in places])
        return torch.nn.functional.one_hot(wanted, self.shape.vocabulary).float() * 9


def _says(tokenizer: Any, script: Sequence[str], **settings: Any) -> Completion:
    """Return what is generated by a model that wants to say the tokens ``script`` and then to end."""
    ids = [tokenizer.convert_tokens_to_ids(piece.replace(" ", "Ġ")) for piece in script]
    assert all(i is not None and tokenizer.decode([i]) == p for i, p in zip(ids, script, strict=True))
    return _says_ids(tokenizer, ids, **settings)


def _says_text(tokenizer: Any, text: str, **settings: Any) -> Completion:
    return _says_ids(tokenizer, encode_text(tokenizer, text), **settings)


def _says_ids(tokenizer: Any, ids: Sequence[int], **settings: Any) -> Completion:
    script = [*ids, tokenizer.eos_token_id]
    sampling = Sampling(**{"max_tokens": 80} | settings)
    shape = replace(SHAPE, vocabulary=len(tokenizer))
    ours = PagedEngine(ScriptedDecoder(script, shape), tokenizer).generate([[70]], sampling)[0][0]
    theirs = PaddedEngine(Scripted(script, len(tokenizer)), tokenizer).generate([[70]], sampling)[0][0]
    assert ours == theirs
    return ours


WAITING = ["x"] * 3  # what the model would say where the calculator writes


def test_the_calculator_writes_the_value_and_closes_the_bracket(tokenizer: Any) -> None:
    said = ["<<", *"140-104", "=", *WAITING, " ", "m", "g"]
    completion = _says(tokenizer, said)
    assert completion.text == "<<140-104=36>> mg"
    tokens = [tokenizer.decode([i]) for i in completion.token_ids]
    assert tokens == ["<<", *"140-104", "=", "3", "6", ">>", " ", "m", "g", "<|im_end|>"]
    assert [t for t, own in zip(tokens, completion.mask, strict=True) if not own] == ["3", "6", ">>"]
    assert [p for p, own in zip(completion.logprobs, completion.mask, strict=True) if not own] == [0.0, 0.0, 0.0]
    assert all(p < 0 for p, own in zip(completion.logprobs, completion.mask, strict=True) if own)
    assert completion.finished


@pytest.mark.parametrize(
    ("script", "text", "forced"),
    [
        (["<<", *"10", "-", *"14", "=-", *WAITING], "<<10-14=-4>>", ["=", "-", "4", ">>"]),
        (["<<", *"2*1", "4=", *WAITING, "x"], "<<2*14=28>>", ["4", "=", "2", "8", ">>"]),
        (["<<", "a", "=", *"xx"], "<<a=?>>", ["?", ">>"]),
        (["<<", *"1/0", "=", *"xx"], "<<1/0=?>>", ["?", ">>"]),
        (["<<", "=", *"xx"], "<<=?>>", ["?", ">>"]),
        (["<", "<", *"1+1", "=", *"xx"], "<<1+1=2>>", ["2", ">>"]),
        ([" <<", *"1+1", "=", *"xx"], " <<1+1=2>>", ["2", ">>"]),
        (["<<", *"1+1", "=", "x", "x", "<<", *"2+2", "=", *"xx"], "<<1+1=2>><<2+2=4>>", ["2", ">>", "4", ">>"]),
        (["a", "=", "b", "<<", *"7", ">>", "=", "c"], "a=b<<7>>=c", []),
    ],
)
def test_what_is_computed_and_what_is_left_to_the_model(
    tokenizer: Any, script: list[str], text: str, forced: list[str]
) -> None:
    completion = _says(tokenizer, script)
    assert completion.text == text
    assert calculator.recompute(text) == text
    written = [tokenizer.decode([i]) for i in completion.token_ids]
    assert [t for t, own in zip(written, completion.mask, strict=True) if not own] == forced
    assert completion.finished


@pytest.mark.parametrize("last", ["=", "=-", "4="])
def test_a_generated_call_encodes_to_the_ids_it_was_generated_as(tokenizer: Any, last: str) -> None:
    expression = ["<<", "10", "-", "1"] + ([] if last == "4=" else ["4"])
    completion = _says(tokenizer, [*expression, last, *"xxxxx"][: len(expression) + 4 + (last == "4=")])
    assert completion.text == "<<10-14=-4>>"
    ids, own = encode_completion(tokenizer, completion.text)
    assert list(completion.token_ids) == ids
    if last == "=":
        assert list(completion.mask) == own


def test_a_trained_text_that_is_said_again_has_the_ids_and_the_mask_of_its_row(tokenizer: Any) -> None:
    text = "Both are given [1].\nAnswer: <<101+7=108>> mg\n\n<<10-14=-4>>"
    completion = _says_text(tokenizer, text)
    assert completion.text == text
    again, own = encode_completion(tokenizer, completion.text)
    assert list(completion.token_ids) == again
    assert list(completion.mask) == own


def test_without_the_calculator_the_model_writes_its_own_value(tokenizer: Any) -> None:
    completion = _says(tokenizer, ["<<", *"1+1", "=", "3", ">>"], calculator=False)
    assert completion.text == "<<1+1=3>>"
    assert all(completion.mask)


def test_the_token_limit_ends_a_computed_value_too(tokenizer: Any) -> None:
    completion = _says(tokenizer, ["<<", *"9*9*9", "="], max_tokens=8)
    assert completion.text == "<<9*9*9=7"
    assert not completion.finished
    assert completion.mask[-1] is False
