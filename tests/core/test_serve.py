"""The server speaks OpenAI's interface to the real clients, and nothing a client sends makes it fall."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from srm_core.inference.engines import decoder_for
from srm_core.inference.paged import PagedEngine
from srm_core.inference.tokens import encode_prompt, encode_text
from srm_core.records import Message, Sampling
from srm_core.serving.app import Limits, Service
from srm_core.serving.worker import Ticket, Worker, held_back

openai = pytest.importorskip("openai")
SYSTEM = "You answer."
LIMITS = Limits(body_bytes=20_000, body_seconds=1.0, prompt_tokens=300, new_tokens=200, default_tokens=12)
ASKED = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Which one?"}]


class Running:
    """A server on a free port of this machine."""

    def __init__(self, small_model: Any, most_waiting: int = 8, limits: Limits = LIMITS, **settings: Any) -> None:
        self.engine = PagedEngine(decoder_for(small_model.model), small_model.tokenizer)
        self.service = Service("small", Worker(self.engine, most_waiting), system=SYSTEM, limits=limits)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(self.service.app(), port=self.port, log_level="error", **settings))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Running:
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    def post(self, body: Any, path: str = "/v1/chat/completions") -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=60, trust_env=False)

    def settles(self) -> bool:
        """Whether everything that was begun is over soon, and every page given back."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.service.worker.open == 0 and self.engine.idle and self.engine.pool.used == 0:
                return True
            time.sleep(0.02)
        return False


@pytest.fixture(scope="module")
def running(small_model: Any) -> Iterator[Running]:
    with Running(small_model) as server:
        yield server


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[Any]:
    with httpx.Client(trust_env=False) as direct:
        yield openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0, http_client=direct)


def chat(**changes: Any) -> dict[str, Any]:
    return {"model": "small", "messages": ASKED, **changes}


# ---- what clients get


def test_a_chat_is_what_the_engine_says(client: Any, small_model: Any) -> None:
    said = client.chat.completions.create(model="small", messages=ASKED, max_tokens=20)
    turns = [Message(role=turn["role"], content=turn["content"]) for turn in ASKED]
    ((ours,),) = small_model.generate([turns], Sampling(max_tokens=20))
    assert said.choices[0].message.content == ours.text
    assert said.choices[0].finish_reason == ("stop" if ours.finished else "length")
    assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (len(ours.prompt_ids), ours.tokens)
    assert said.model == "small"


def test_a_conversation_without_a_system_turn_gets_the_pack_s(client: Any, small_model: Any) -> None:
    said = client.chat.completions.create(model="small", messages=ASKED[1:], max_tokens=9)
    turns = [Message(role="system", content=SYSTEM), Message(role="user", content=ASKED[1]["content"])]
    assert said.usage.prompt_tokens == len(encode_prompt(small_model.tokenizer, turns))
    assert said.choices[0].message.content == small_model.generate([turns], Sampling(max_tokens=9))[0][0].text


def test_a_stream_adds_up_to_the_whole(client: Any) -> None:
    settings = {"model": "small", "messages": ASKED, "max_tokens": 40, "temperature": 1.0, "seed": 4, "n": 3}
    whole = client.chat.completions.create(**settings)
    texts = dict.fromkeys(range(3), "")
    reasons: dict[int, str] = {}
    usage = None
    events = 0
    for event in client.chat.completions.create(**settings, stream=True, stream_options={"include_usage": True}):
        events += 1
        usage = event.usage or usage
        for choice in event.choices:
            texts[choice.index] += choice.delta.content or ""
            reasons |= {choice.index: choice.finish_reason} if choice.finish_reason else {}
    assert texts == {choice.index: choice.message.content for choice in whole.choices}
    assert reasons == {choice.index: choice.finish_reason for choice in whole.choices}
    assert usage == whole.usage
    assert events > 20
    assert len(set(texts.values())) == 3


def test_a_stop_string_is_never_streamed_not_even_its_beginning(client: Any) -> None:
    free = client.chat.completions.create(model="small", messages=ASKED, max_tokens=60).choices[0].message.content
    stop = free[20:23]
    pieces = client.chat.completions.create(model="small", messages=ASKED, max_tokens=60, stop=stop, stream=True)
    said = "".join(event.choices[0].delta.content or "" for event in pieces if event.choices)
    assert said == free.partition(stop)[0]


def test_a_text_is_continued(client: Any, small_model: Any) -> None:
    said = client.completions.create(model="small", prompt="Once upon", max_tokens=15)
    ids = encode_text(small_model.tokenizer, "Once upon")
    assert said.choices[0].text == small_model.engine.generate([ids], Sampling(max_tokens=15))[0][0].text


def test_langchain_s_chat_model_is_answered(running: Running) -> None:
    chat_openai = pytest.importorskip("langchain_openai").ChatOpenAI
    with httpx.Client(trust_env=False) as direct:
        model = chat_openai(
            base_url=f"{running.url}/v1",
            api_key="none",
            model="small",
            max_tokens=10,
            temperature=0,
            http_client=direct,
        )
        whole = model.invoke("Which one?").content
        assert whole
        assert "".join(piece.content for piece in model.stream("Which one?")) == whole


def test_models_health_and_metrics(running: Running, client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["small"]
    assert httpx.get(f"{running.url}/health", trust_env=False).json() == {"status": "ok", "model": "small"}
    assert running.post(chat(max_tokens=3)).status_code == 200
    lines = dict(line.rsplit(" ", 1) for line in httpx.get(f"{running.url}/metrics", trust_env=False).text.splitlines())
    assert int(lines['srm_replies_total{status="200"}']) >= 3
    assert int(lines["srm_generated_tokens_total"]) >= 3
    assert lines["srm_open_requests"] == "0"


def test_many_at_once_get_what_each_would_get_alone(running: Running) -> None:
    bodies = [chat(messages=[{"role": "user", "content": f"Number {n}?"}], max_tokens=25) for n in range(6)]
    alone = [running.post(body).json()["choices"] for body in bodies]
    together: dict[int, Any] = {}

    def ask(n: int) -> None:
        together[n] = running.post(bodies[n]).json()["choices"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[n] for n in range(6)] == alone


# ---- what is refused


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (chat(model="other"), 404, "model 'other' is not served here; there is 'small'"),
        (chat(messages=[]), 400, "messages: List should have at least 1 item"),
        (chat(messages=[{"role": "tool", "content": "x"}]), 400, "messages.0.role: Input should be"),
        (chat(temperature=3), 400, "temperature: Input should be less than or equal to 2"),
        (chat(frequency_penalty=0.5), 400, "frequency_penalty is not supported"),
        (chat(tools=[{"type": "function"}]), 400, "tools is not supported"),
        (chat(temprature=0), 400, "temprature: Extra inputs are not permitted"),
        (chat(max_tokens=201), 400, "max_tokens: 201 tokens are more than the 200 this server takes"),
        (chat(messages=[{"role": "user", "content": "x" * 400}]), 400, "are more than the 300 this server takes"),
        (chat(messages=[{"role": "user", "content": "\ud800"}]), 400, "half of a surrogate pair"),
        ([1, 2], 400, "Input should be a valid dictionary"),
    ],
)
def test_a_wrong_request_gets_one_sentence(running: Running, body: Any, status: int, said: str) -> None:
    reply = httpx.post(f"{running.url}/v1/chat/completions", content=json.dumps(body), trust_env=False)
    assert reply.status_code == status
    assert said in reply.json()["error"]["message"]


def test_parameters_without_effect_are_let_through(running: Running) -> None:
    assert running.post(chat(max_tokens=2, frequency_penalty=0, user="me", response_format={"type": "text"})).is_success


def test_a_body_that_is_no_json_too_large_or_too_slow_is_refused(running: Running) -> None:
    url = f"{running.url}/v1/chat/completions"
    assert httpx.post(url, content=b"{", trust_env=False).status_code == 400
    assert httpx.post(url, content=b"[" * 15_000, trust_env=False).status_code == 400
    assert httpx.post(url, content=b" " * 20_001, trust_env=False).status_code == 413

    def slowly() -> Iterator[bytes]:
        yield b"{"
        time.sleep(1.5)
        yield b"}"

    assert httpx.post(url, content=slowly(), timeout=10, trust_env=False).status_code == 408
    assert httpx.get(url, trust_env=False).status_code == 405
    assert httpx.get(f"{running.url}/v2", trust_env=False).status_code == 404


def test_an_answer_follows_the_json_schema_of_the_request(running: Running) -> None:
    pytest.importorskip("llguidance", reason="needs llguidance: pip install 'srm-sdk[constrained]'")
    code = {"code": {"enum": ["E11", "I10"]}}
    schema = {"type": "object", "properties": code, "required": ["code"], "additionalProperties": False}
    asked = {"type": "json_schema", "json_schema": {"name": "code", "schema": schema, "strict": True}}
    reply = running.post(chat(max_tokens=60, response_format=asked))
    assert json.loads(reply.json()["choices"][0]["message"]["content"])["code"] in ("E11", "I10")
    assert running.post(chat(max_tokens=3, response_format={"type": "text"})).is_success
    for wrong, said in (
        ({"type": "json_schema"}, "json_schema goes with type json_schema"),
        ({"type": "xml"}, "response_format.type"),
        ({"type": "json_schema", "json_schema": {"schema": {"type": "octopus"}}}, "cannot be followed"),
    ):
        refused = running.post(chat(response_format=wrong))
        assert refused.status_code == 400
        assert said in refused.json()["error"]["message"]


def slowed(server: Running, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Makes each step take 20 ms at least; the list that comes back has one entry per step."""
    forward = server.engine.decoder.forward
    steps: list[None] = []

    def slowly(*given: Any) -> Any:
        steps.append(None)
        time.sleep(0.02)
        return forward(*given)

    monkeypatch.setattr(server.engine.decoder, "forward", slowly)
    return steps


def test_too_many_at_once_are_told_to_come_back(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Running(small_model, most_waiting=2) as server:
        slowed(server, monkeypatch)
        replies: list[httpx.Response] = []

        def ask(n: int) -> None:
            replies.append(server.post(chat(max_tokens=150, temperature=1.0, seed=n, stop="never said")))

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        codes = {reply.status_code for reply in replies}
        assert codes == {200, 503}
        busy = next(reply for reply in replies if reply.status_code == 503)
        assert busy.headers["Retry-After"] == "1"
        assert "2 requests are open" in busy.json()["error"]["message"]
        assert server.settles()


def test_a_client_that_goes_away_is_forgotten_and_the_others_go_on(
    small_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Running(small_model) as server:
        steps = slowed(server, monkeypatch)  # 200 tokens take four seconds at least: both leave in the middle
        body = chat(max_tokens=200, temperature=1.0, stop="never said")
        with httpx.stream(
            "POST", f"{server.url}/v1/chat/completions", json=body | {"stream": True}, trust_env=False
        ) as reply:
            next(reply.iter_lines())
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/v1/chat/completions", json=body, timeout=0.2, trust_env=False)
        assert server.post(chat(max_tokens=3)).is_success
        assert server.settles()
        assert len(steps) < 200  # neither answer was finished for nobody


def test_an_engine_that_fails_is_answered_with_503_and_goes_on(
    small_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Running(small_model) as server:
        forward = server.engine.decoder.forward
        failing = True

        def fails(*given: Any) -> Any:
            if failing:
                raise RuntimeError("out of luck")
            return forward(*given)

        monkeypatch.setattr(server.engine.decoder, "forward", fails)
        reply = server.post(chat())
        assert reply.status_code == 503
        assert "the engine failed: out of luck" in reply.json()["error"]["message"]
        failing = False
        assert server.post(chat()).is_success


def test_a_server_that_stops_tells_who_waits(small_model: Any) -> None:
    engine = PagedEngine(decoder_for(small_model.model), small_model.tokenizer)
    worker = Worker(engine, 4)
    worker.start()
    told: list[Any] = []
    worker.submit(Ticket([5, 6, 7], Sampling(max_tokens=2000, temperature=1.0), told.append, streams=False))
    worker.stop()
    assert [news.failure or bool(news.done) for news in told] in (["the server is shutting down"], [True])
    assert worker.open == 0


def test_what_may_still_be_taken_back_is_held() -> None:
    assert held_back("so far", ("\nQuestion:",)) == 0
    assert held_back("so far\nQues", ("\nQuestion:", "x")) == 5
    assert held_back("caf\ufffd", ()) == 1
    assert held_back("", ("abc",)) == 0
