"""Log-probabilities over the wire: the model's own numbers, in the shapes that the real client reads."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import torch

from srm_core.inference.alternatives import Weighed, weighed
from srm_core.inference.paged import PagedEngine
from srm_core.inference.sequences import Writer
from srm_core.inference.tokens import encode_prompt, encode_text
from srm_core.records import Message, Sampling
from srm_core.serving.likelihoods import Spelling, Telling, text_shape

from .test_serve import ASKED, Running, chat, openai


@pytest.fixture(scope="module")
def running(small_model: Any) -> Iterator[Running]:
    with Running(small_model) as server:
        yield server


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[Any]:
    with httpx.Client(trust_env=False) as direct:
        yield openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0, http_client=direct)


def own(small_model: Any, prompt: list[int], said: list[int]) -> torch.Tensor:
    """Return the model's own log-probabilities [tokens, vocabulary], by one pass of transformers over the whole."""
    with torch.no_grad():
        logits = small_model.model(torch.tensor([[*prompt, *said]])).logits[0, len(prompt) - 1 : -1]
    return logits.float().log_softmax(-1)


def prompt_ids(small_model: Any) -> list[int]:
    return encode_prompt(small_model.tokenizer, [Message(role=t["role"], content=t["content"]) for t in ASKED])


def same_prompt(small_model: Any, **sampling: Any) -> Any:
    (completion,) = small_model.engine.generate([prompt_ids(small_model)], Sampling(**sampling))[0]
    return completion


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_a_chat_s_log_probabilities_are_the_model_s(client: Any, small_model: Any, temperature: float) -> None:
    settings = {"max_tokens": 24, "temperature": temperature, "seed": 3}
    said = client.chat.completions.create(model="small", messages=ASKED, logprobs=True, top_logprobs=4, **settings)
    ours = same_prompt(small_model, **settings)
    choice = said.choices[0]
    assert choice.message.content == ours.text
    logprobs_TV = own(small_model, list(ours.prompt_ids), list(ours.token_ids))
    spelled = Spelling(small_model.tokenizer)
    content = choice.logprobs.content
    assert len(content) == ours.tokens - ours.finished  # the end token is no part of the text
    for token, logprobs_V, given in zip(ours.token_ids, logprobs_TV, content, strict=False):
        assert given.token == spelled.piece(token).text
        assert given.logprob == pytest.approx(float(logprobs_V[token]), abs=1e-4)
        values, tokens = logprobs_V.topk(4)
        assert [top.logprob for top in given.top_logprobs] == pytest.approx(values.tolist(), abs=1e-4)
        assert [top.token for top in given.top_logprobs] == [spelled.piece(t).text for t in tokens.tolist()]
    data = b"".join(bytes(given.bytes) for given in content)
    assert data.decode(errors="replace") == choice.message.content


def test_likelihoods_change_nothing_that_is_said(client: Any) -> None:
    settings = {"model": "small", "messages": ASKED, "max_tokens": 30, "temperature": 1.0, "seed": 8, "n": 2}
    plain = client.chat.completions.create(**settings)
    told = client.chat.completions.create(**settings, logprobs=True)
    assert [c.message.content for c in told.choices] == [c.message.content for c in plain.choices]
    assert [c.logprobs for c in plain.choices] == [None, None]
    assert all(token.top_logprobs == [] for c in told.choices for token in c.logprobs.content)


def test_a_stream_tells_each_token_once_and_beside_its_text(client: Any) -> None:
    settings = {"model": "small", "messages": ASKED, "max_tokens": 40, "temperature": 1.0, "seed": 4, "n": 2}
    whole = client.chat.completions.create(**settings, logprobs=True, top_logprobs=2)
    tokens: dict[int, list[Any]] = {0: [], 1: []}
    texts = {0: "", 1: ""}
    for event in client.chat.completions.create(**settings, logprobs=True, top_logprobs=2, stream=True):
        for choice in event.choices:
            texts[choice.index] += choice.delta.content or ""
            tokens[choice.index] += choice.logprobs.content if choice.logprobs else []
            said = b"".join(bytes(token.bytes) for token in tokens[choice.index]).decode(errors="ignore")
            assert len(said) <= len(texts[choice.index]) + 8  # a token is not told long before its text
    assert texts == {c.index: c.message.content for c in whole.choices}
    assert tokens == {c.index: c.logprobs.content for c in whole.choices}


def test_what_a_stop_string_takes_back_is_not_told(client: Any) -> None:
    free = client.chat.completions.create(model="small", messages=ASKED, max_tokens=60).choices[0].message.content
    settings = {"model": "small", "messages": ASKED, "max_tokens": 60, "stop": free[20:23], "logprobs": True}
    whole = client.chat.completions.create(**settings).choices[0]
    assert whole.message.content == free.partition(free[20:23])[0]
    data = b"".join(bytes(token.bytes) for token in whole.logprobs.content)
    said = data.decode(errors="replace")
    assert said.startswith(whole.message.content)
    last = bytes(whole.logprobs.content[-1].bytes)
    assert len(data[: -len(last)].decode(errors="replace")) <= len(whole.message.content)
    streamed: list[Any] = []
    for event in client.chat.completions.create(**settings, stream=True):
        streamed += event.choices[0].logprobs.content if event.choices[0].logprobs else []
    assert streamed == whole.logprobs.content


def test_a_text_s_log_probabilities_have_the_older_shape(client: Any, small_model: Any) -> None:
    said = client.completions.create(model="small", prompt="Once upon", max_tokens=15, logprobs=3)
    ids = encode_text(small_model.tokenizer, "Once upon")
    (ours,) = small_model.engine.generate([ids], Sampling(max_tokens=15))[0]
    told = said.choices[0].logprobs
    logprobs_TV = own(small_model, ids, list(ours.token_ids))
    picked = [float(row[token]) for token, row in zip(ours.token_ids, logprobs_TV, strict=True)]
    assert told.token_logprobs == pytest.approx(picked[: len(told.tokens)], abs=1e-4)
    assert told.text_offset[0] == 0
    assert told.text_offset == sorted(told.text_offset)
    for token, logprob, top in zip(told.tokens, told.token_logprobs, told.top_logprobs, strict=True):
        assert top[token] == logprob
        assert max(top.values()) == pytest.approx(logprob, abs=1e-6)  # greedy
        assert 3 <= len(top) <= 4
    streamed: dict[str, list[Any]] = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for event in client.completions.create(model="small", prompt="Once upon", max_tokens=15, logprobs=3, stream=True):
        for name in streamed if event.choices[0].logprobs else ():
            streamed[name] += getattr(event.choices[0].logprobs, name)
    assert streamed == {name: getattr(told, name) for name in streamed}
    bare = client.completions.create(model="small", prompt="Once upon", max_tokens=2, logprobs=0).choices[0].logprobs
    assert [list(top) for top in bare.top_logprobs] == [[token] for token in bare.tokens]


@pytest.mark.parametrize(
    ("path", "change", "said"),
    [
        ("chat/completions", {"top_logprobs": 2}, "top_logprobs needs logprobs: true"),
        (
            "chat/completions",
            {"logprobs": True, "top_logprobs": 21},
            "top_logprobs: Input should be less than or equal",
        ),
        ("chat/completions", {"logprobs": True, "top_logprobs": -1}, "top_logprobs: Input should be greater"),
        ("chat/completions", {"logprobs": 3}, "logprobs: Input should be a valid boolean"),
        ("completions", {"logprobs": 6}, "logprobs: Input should be less than or equal to 5"),
        ("completions", {"logprobs": True}, "logprobs: Input should be a valid integer"),
        ("completions", {"top_logprobs": 2}, "top_logprobs: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_told_is_refused(running: Running, path: str, change: dict[str, Any], said: str) -> None:
    body = chat(**change) if path.startswith("chat") else {"model": "small", "prompt": "x", **change}
    reply = running.post(body, f"/v1/{path}")
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]


def test_under_a_grammar_what_it_forbids_is_no_alternative(running: Running) -> None:
    pytest.importorskip("llguidance", reason="needs llguidance: pip install 'srm-sdk[constrained]'")
    schema = {"type": "object", "properties": {"a": {"enum": ["E11", "I10"]}}, "required": ["a"]}
    asked = {"type": "json_schema", "json_schema": {"schema": schema | {"additionalProperties": False}}}
    reply = running.post(chat(max_tokens=60, response_format=asked, logprobs=True, top_logprobs=5))
    content = reply.json()["choices"][0]["logprobs"]["content"]
    assert {token["token"] for token in content[0]["top_logprobs"]} <= {"{", '{"'}  # nothing else may begin
    choices = [token["top_logprobs"] for token in content if len(token["top_logprobs"]) > 1]
    assert all(top["logprob"] <= 0 for tops in choices for top in tops)


# ---- the parts, by hand


def test_a_token_is_weighed_against_the_whole_vocabulary() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0]).log()  # of weights 0, 1 and 2: shares 0, 1/3 and 2/3
    found = weighed(logits, 1, 3)
    assert found.logprob == pytest.approx(torch.tensor(1 / 3).log().item())
    assert [token for token, _ in found.top] == [2, 1]  # what has no probability is no alternative
    assert found.top[0][1] == pytest.approx(torch.tensor(2 / 3).log().item())
    assert weighed(logits, 2, 0).top == ()


def test_what_the_calculator_writes_has_no_alternatives(small_model: Any) -> None:
    writer = Writer(small_model.tokenizer)
    (row,) = writer.rows([70], Sampling(max_tokens=30), top=1)
    for token in (encode_text(small_model.tokenizer, piece)[0] for piece in ("<<", *"140-104=")):
        writer.write(row, token, -0.5, Weighed(-0.25, ((token, -0.25),)))
    assert row.text == "<<140-104=36>>"
    forced = [how for how, mine in zip(row.weighed, row.mask, strict=True) if not mine]
    assert forced == [Weighed()] * 3
    assert all(how.logprob == -0.25 for how, mine in zip(row.weighed, row.mask, strict=True) if mine)


def test_parts_of_a_character_are_spelled_in_bytes_and_begin_where_it_begins(small_model: Any) -> None:
    ids = encode_text(small_model.tokenizer, "aé!")
    row = SimpleNamespace(ids=ids, weighed=[Weighed()] * len(ids))
    telling = Telling(Spelling(small_model.tokenizer))
    first = telling.until(row, 1)  # type: ignore[arg-type]
    assert [(token.piece.text, token.start) for token in first] == [("a", 0)]
    rest = telling.until(row, 3)  # type: ignore[arg-type]
    assert [(token.piece.text, token.start) for token in rest] == [("bytes:\\xc3", 1), ("bytes:\\xa9", 1), ("!", 2)]
    assert b"".join(token.piece.data for token in rest) == "é!".encode()
    assert text_shape(rest)["text_offset"] == [1, 1, 2]


def test_drafted_tokens_are_weighed_as_others_are(small_model: Any) -> None:
    prompt = prompt_ids(small_model) * 3  # repeats itself, so drafts come
    found = []
    for draft_rows in (0, 4):
        engine = PagedEngine(small_model.engine.decoder, small_model.tokenizer, draft_rows=draft_rows)
        job = engine.submit(prompt, Sampling(max_tokens=40), top=2)
        while not job.done:
            engine.step()
        found.append((job.rows[0].ids, job.rows[0].weighed))
    assert found[0] == found[1]
    assert len(found[0][1]) == len(found[0][0])
