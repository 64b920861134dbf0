"""A grammar is followed by every text, whatever the model would rather say."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import Any

import pytest
import torch

pytest.importorskip("llguidance", reason="needs llguidance: pip install 'srm-sdk[constrained]'")

from srm_core.errors import MissingExtra, ModelError
from srm_core.inference.constraints import restrict
from srm_core.inference.engines import VARIABLE, engine_for
from srm_core.inference.paged import PagedEngine
from srm_core.inference.tokens import encode_text
from srm_core.records import Grammar, Sampling

DOSE = {
    "type": "object",
    "properties": {"drug": {"enum": ["aspirin", "warfarin"]}, "mg": {"type": "integer", "minimum": 1, "maximum": 99}},
    "required": ["drug", "mg"],
    "additionalProperties": False,
}
CODE = Grammar(form="regex", text=r"[A-Z]\d\d\.\d")


@pytest.fixture(scope="module", params=["native", "transformers"])
def engine(request: pytest.FixtureRequest, small_model: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, request.param)
        return engine_for("small", small_model.model, small_model.tokenizer)


@pytest.fixture(scope="module")
def prompt(small_model: Any) -> list[int]:
    return encode_text(small_model.tokenizer, "Which code is it?")


def said(engine: Any, prompt: list[int], grammar: Grammar, **more: Any) -> list[Any]:
    (group,) = engine.generate([prompt], Sampling(grammar=grammar, **{"max_tokens": 60, **more}))
    return list(group)


def test_a_regular_expression_is_matched_in_full(engine: Any, prompt: list[int]) -> None:
    for completion in said(engine, prompt, CODE, n=8, temperature=1.5, seed=3):
        assert re.fullmatch(CODE.text, completion.text)
        assert completion.finished


def test_json_follows_its_schema(engine: Any, prompt: list[int]) -> None:
    grammar = Grammar(form="json_schema", text=json.dumps(DOSE))
    drugs = Counter()
    for completion in said(engine, prompt, grammar, n=12, temperature=1.0):
        answer = json.loads(completion.text)
        assert set(answer) == {"drug", "mg"}
        assert 1 <= answer["mg"] <= 99
        drugs[answer["drug"]] += 1
    assert set(drugs) == {"aspirin", "warfarin"}  # what is open is the model's to choose


def test_a_lark_grammar_is_followed(engine: Any, prompt: list[int]) -> None:
    grammar = Grammar(form="lark", text='start: "yes" | "no" reason?\nreason: " because " /[a-z]{3}/')
    for completion in said(engine, prompt, grammar, n=6, temperature=1.0):
        assert re.fullmatch(r"yes|no( because [a-z]{3})?", completion.text)


def test_tokens_without_alternative_are_written_and_not_chosen(engine: Any, prompt: list[int]) -> None:
    (completion,) = said(engine, prompt, Grammar(form="regex", text="the anion gap is (high|low)"))
    assert completion.text in ("the anion gap is high", "the anion gap is low")
    chosen = sum(completion.mask)
    assert 1 <= chosen < len(completion.token_ids)
    assert all(logprob == 0 for logprob, own in zip(completion.logprobs, completion.mask, strict=True) if not own)


def test_log_probabilities_are_those_of_the_restricted_distribution(small_model: Any, prompt: list[int]) -> None:
    engine = engine_for("small", small_model.model, small_model.tokenizer)
    (completion,) = said(engine, prompt, Grammar(form="regex", text="[ab]"))
    with torch.no_grad():
        logits = small_model.model(torch.tensor([prompt])).logits[0, -1]
    a, b = (encode_text(small_model.tokenizer, letter)[0] for letter in "ab")
    expected = torch.log_softmax(logits[[a, b]].float(), dim=0)
    index = {a: 0, b: 1}[completion.token_ids[0]]
    assert index == int(expected.argmax())
    assert completion.logprobs[0] == pytest.approx(float(expected[index]), abs=1e-4)


def test_neighbours_without_a_grammar_say_what_they_always_say(small_model: Any, prompt: list[int]) -> None:
    engine = engine_for("small", small_model.model, small_model.tokenizer)
    assert isinstance(engine, PagedEngine)
    plain = Sampling(max_tokens=20)
    ((alone,),) = engine.generate([prompt], plain)
    jobs = [engine.submit(prompt, plain), engine.submit(prompt, Sampling(max_tokens=20, grammar=CODE))]
    while not engine.idle:
        engine.step()
    (beside,), (constrained,) = (engine.completions(job) for job in jobs)
    assert (beside.token_ids, beside.logprobs) == (alone.token_ids, alone.logprobs)
    assert re.fullmatch(CODE.text, constrained.text)


def test_the_calculator_does_not_write_into_a_grammar(engine: Any, prompt: list[int]) -> None:
    (completion,) = said(engine, prompt, Grammar(form="regex", text="<<1\\+1=7>>"))
    assert completion.text == "<<1+1=7>>"


def test_a_text_cut_by_the_limit_is_not_finished(engine: Any, prompt: list[int]) -> None:
    (completion,) = said(engine, prompt, Grammar(form="regex", text="[a-c]{40}"), max_tokens=5)
    assert (len(completion.token_ids), completion.finished) == (5, False)


@pytest.mark.parametrize(
    ("grammar", "said_so"),
    [
        (Grammar(form="regex", text="(unclosed"), "the regex cannot be followed: .*unclosed"),
        (Grammar(form="json_schema", text="{not json"), "the json_schema cannot be followed"),
        (Grammar(form="json_schema", text='{"type": "octopus"}'), "the json_schema cannot be followed"),
        (Grammar(form="lark", text="start: missing"), "the lark cannot be followed"),
    ],
)
def test_a_grammar_that_is_none_is_refused_before_anything_is_said(
    small_model: Any, prompt: list[int], grammar: Grammar, said_so: str
) -> None:
    engine = engine_for("small", small_model.model, small_model.tokenizer)
    with pytest.raises(ModelError, match=f"(?s){said_so}"):
        said(engine, prompt, grammar)
    assert engine.idle


def test_without_llguidance_the_extra_is_named(
    small_model: Any, prompt: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "llguidance", None)
    engine = engine_for("small", small_model.model, small_model.tokenizer)
    with pytest.raises(MissingExtra, match=r"srm-sdk\[constrained\]"):
        said(engine, prompt, CODE)


def test_nothing_is_copied_where_nothing_is_restricted() -> None:
    logits = torch.zeros(2, 4)
    assert restrict(logits, [None, None]) is logits
