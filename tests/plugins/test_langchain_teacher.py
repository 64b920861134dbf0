"""The teacher against langchain's own fakes and against an endpoint on this machine that misbehaves on purpose."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage
from srm_plugin_langchain import retry
from srm_plugin_langchain.hooks import srm_load_model
from srm_plugin_langchain.refs import open_model
from srm_plugin_langchain.teacher import ChatModelTeacher, completion_of

from srm_core.distillation.cache import CachedModel
from srm_core.errors import ConfigError, MissingExtra, ModelError
from srm_core.host import Host
from srm_core.preflight import is_light
from srm_core.records import Message, Sampling

Respond = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]


def talk(text: str) -> tuple[Message, ...]:
    return (Message(role="system", content="Answer."), Message(role="user", content=text))


def answer(text: str, reason: str = "stop") -> tuple[int, dict[str, str], bytes]:
    message = {"role": "assistant", "content": text}
    body = {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }
    return 200, {}, json.dumps(body).encode()


class Endpoint:
    """An OpenAI-compatible endpoint that answers by ``respond`` and remembers what it was asked."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.open_calls = 0
        self.most_open = 0
        self.lock = threading.Lock()
        self.url = ""

    def handle(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        request = json.loads(body)
        with self.lock:
            self.requests.append(request)
            self.paths.append(path)
            self.open_calls += 1
            self.most_open = max(self.most_open, self.open_calls)
        try:
            return self.respond(request)
        finally:
            with self.lock:
                self.open_calls -= 1


@contextmanager
def serving(respond: Respond) -> Iterator[Endpoint]:
    endpoint = Endpoint(respond)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, headers, body = endpoint.handle(self.path, self.rfile.read(int(self.headers["content-length"])))
            try:
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the client gave up waiting

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def failing_first(times: int, failure: tuple[int, dict[str, str], bytes]) -> Respond:
    left = [times]
    lock = threading.Lock()

    def respond(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        with lock:
            left[0] -= 1
            fails = left[0] >= 0
        return failure if fails else answer("Answer: yes")

    return respond


@pytest.fixture(autouse=True)
def _short_waits_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", 0.01)
    for name in ("OPENAI_API_KEY", "OPENAI_API_BASE", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_an_endpoint_answers_each_conversation_n_times_in_order_and_is_told_the_sampling() -> None:
    def respond(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        return answer(f"{request['messages'][-1]['content']} {request['seed']}")

    with serving(respond) as endpoint:
        teacher = open_model(f"openai:small@{endpoint.url}")
        sampling = Sampling(n=2, seed=7, temperature=0.5, top_p=0.9, max_tokens=33, stop=("END",))
        found = teacher.generate([talk("a"), talk("b")], sampling)
    assert [[completion.text for completion in row] for row in found] == [["a 7", "a 8"], ["b 7", "b 8"]]
    assert found[0][0].tokens == 7
    assert found[0][0].token_ids == ()
    assert found[0][0].logprobs == ()
    assert teacher.lacks == ()
    assert set(endpoint.paths) == {"/v1/chat/completions"}
    first = next(request for request in endpoint.requests if request["seed"] == 7)
    assert first["model"] == "small"
    assert (first["temperature"], first["top_p"], first["max_completion_tokens"], first["stop"]) == (
        0.5,
        0.9,
        33,
        ["END"],
    )
    assert [message["role"] for message in first["messages"]] == ["system", "user"]


def test_no_more_calls_are_open_at_once_than_the_ref_says() -> None:
    def respond(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.05)
        return answer("yes")

    with serving(respond) as endpoint:
        open_model(f"openai:m@{endpoint.url}?concurrency=3").generate([talk(str(n)) for n in range(9)], Sampling())
    assert len(endpoint.requests) == 9
    assert endpoint.most_open == 3


def test_the_wait_a_busy_endpoint_asks_for_is_obeyed() -> None:
    with serving(failing_first(1, (429, {"Retry-After": "1"}, b'{"error": {"message": "busy"}}'))) as endpoint:
        start = time.monotonic()
        found = open_model(f"openai:m@{endpoint.url}").generate([talk("a")], Sampling())
    assert found[0][0].text == "Answer: yes"
    assert len(endpoint.requests) == 2
    assert time.monotonic() - start >= 1.0


def test_an_endpoint_that_asks_to_wait_an_hour_is_a_failure_at_once() -> None:
    with serving(failing_first(9, (429, {"Retry-After": "3600"}, b'{"error": {"message": "quota"}}'))) as endpoint:
        with pytest.raises(ModelError, match="no answer after 1 of at most 5 tries"):
            open_model(f"openai:m@{endpoint.url}").generate([talk("a")], Sampling())
        assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        (500, {}, b"oops"),
        (503, {}, b'{"error": "loading"}'),
        (200, {}, b'{"choices": [{"mess'),
        (200, {}, b'{"choices": null}'),
        (200, {}, b'{"surprise": 1}'),
        (200, {"content-type": "text/html"}, b"<html>a proxy's page</html>"),
    ],
    ids=["500", "503", "half-json", "null-choices", "other-json", "html"],
)
def test_a_failure_that_may_pass_is_tried_again(failure: tuple[int, dict[str, str], bytes]) -> None:
    with serving(failing_first(2, failure)) as endpoint:
        found = open_model(f"openai:m@{endpoint.url}").generate([talk("a")], Sampling())
    assert found[0][0].text == "Answer: yes"
    assert len(endpoint.requests) == 3


def test_a_failure_that_lasts_is_reported_with_the_number_of_tries() -> None:
    with serving(failing_first(99, (500, {}, b"oops"))) as endpoint:
        with pytest.raises(
            ModelError, match=r"openai:m@http://127\.0\.0\.1:\d+/v1\?attempts=3 gave no answer after 3 of"
        ):
            open_model(f"openai:m@{endpoint.url}?attempts=3").generate([talk("a")], Sampling())
        assert len(endpoint.requests) == 3


def test_an_endpoint_that_hangs_is_given_up_after_the_timeout() -> None:
    release = threading.Event()

    def respond(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        release.wait(5)
        return answer("late")

    with serving(respond) as endpoint:
        start = time.monotonic()
        with pytest.raises(ModelError, match=r"2 of at most 2 tries: .*[Tt]imeout"):
            open_model(f"openai:m@{endpoint.url}?timeout=0.2&attempts=2").generate([talk("a")], Sampling())
        assert time.monotonic() - start < 4
        release.set()


def test_a_refused_request_is_not_tried_again() -> None:
    with serving(failing_first(99, (404, {}, b'{"error": {"message": "no such model"}}'))) as endpoint:
        with pytest.raises(ModelError, match=r"1 of at most 5 tries.*no such model"):
            open_model(f"openai:m@{endpoint.url}").generate([talk("a")], Sampling())
        assert len(endpoint.requests) == 1


def test_an_endpoint_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:9/v1.*gave no answer after 2"):
        open_model("openai:m@http://127.0.0.1:9/v1?attempts=2").generate([talk("a")], Sampling())


def test_calls_that_finished_before_a_failure_are_kept_and_not_asked_again(tmp_path: Any) -> None:
    healthy = threading.Event()

    def respond(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        asked = request["messages"][-1]["content"]
        if asked == "4" and not healthy.is_set():
            return 400, {}, b'{"error": {"message": "too long"}}'
        return answer(asked)

    talks = [talk(str(n)) for n in range(6)]
    with serving(respond) as endpoint:
        teacher = open_model(f"openai:m@{endpoint.url}?concurrency=1")
        with CachedModel(teacher, tmp_path / "calls") as model, pytest.raises(ModelError, match="too long"):
            model.generate(talks, Sampling())
        assert len(endpoint.requests) >= 5
        endpoint.requests.clear()
        healthy.set()
        with CachedModel(teacher, tmp_path / "calls") as model:
            found = model.generate(talks, Sampling())
            assert model.kept == 6 - model.asked
            assert model.kept >= 4
    asked = {request["messages"][-1]["content"] for request in endpoint.requests}
    assert asked <= {"4", "5"}
    assert [row[0].text for row in found] == ["0", "1", "2", "3", "4", "5"]


def test_a_text_cut_at_the_token_limit_is_not_finished() -> None:
    with serving(lambda request: answer("and so on", "length")) as endpoint:
        found = open_model(f"openai:m@{endpoint.url}").generate([talk("a")], Sampling())
    assert not found[0][0].finished


def test_stop_text_left_in_by_a_server_is_cut() -> None:
    completion = completion_of(AIMessage("Answer: yes\nEND more"), Sampling(stop=("END", "\n\n")))
    assert completion.text == "Answer: yes\n"


def test_computed_values_are_the_calculators_unless_it_is_off() -> None:
    message = AIMessage("<<140-104=35>> Answer: 36")
    assert completion_of(message, Sampling()).text == "<<140-104=36>> Answer: 36"
    assert completion_of(message, Sampling(calculator=False)).text == "<<140-104=35>> Answer: 36"


def test_a_model_without_settings_says_what_it_lacks_and_still_answers() -> None:
    teacher = ChatModelTeacher(FakeListChatModel(responses=["one", "two"]), "fake", concurrency=1)
    found = teacher.generate([talk("a"), talk("b")], Sampling())
    assert [row[0].text for row in found] == ["one", "two"]
    assert teacher.lacks == ("temperature", "top_p", "max_tokens", "seed")


def test_a_message_of_blocks_is_read_as_its_text() -> None:
    message = AIMessage(
        content=[{"type": "text", "text": "Answer: 4"}], response_metadata={"stop_reason": "max_tokens"}
    )
    teacher = ChatModelTeacher(GenericFakeChatModel(messages=iter([message])), "fake")
    completion = teacher.generate([talk("a")], Sampling())[0][0]
    assert completion.text == "Answer: 4"
    assert not completion.finished


def test_a_class_is_opened_by_its_import_path_with_the_refs_arguments() -> None:
    ref = 'langchain:langchain_core.language_models:FakeListChatModel?responses=["Answer: 1"]&concurrency=1'
    teacher = srm_load_model(ref)
    assert teacher is not None
    assert teacher.ref == ref
    assert teacher.generate([talk("a")], Sampling())[0][0].text == "Answer: 1"


def test_a_setting_in_the_ref_wins_over_the_builds() -> None:
    with serving(lambda request: answer("yes")) as endpoint:
        teacher = open_model(f"openai:m@{endpoint.url}?temperature=0.25")
        teacher.generate([talk("a")], Sampling(temperature=0.9))
    assert endpoint.requests[0]["temperature"] == 0.25
    assert teacher.lacks == ("temperature",)


def test_other_schemes_are_left_to_other_plugins() -> None:
    assert srm_load_model("hf:someone/model") is None


@pytest.mark.parametrize(
    ("ref", "error", "message"),
    [
        ("langchain:no_such_package.models:Chat", ModelError, "no_such_package.models' cannot be imported"),
        ("langchain:langchain_core.language_models:FakeListChat", ModelError, "Did you mean 'FakeListChatModel'"),
        ("langchain:langchain_core.language_models", ConfigError, "write langchain:MODULE:NAME"),
        ("langchain:json:dumps?obj=1", ModelError, "gives a str, not a langchain chat model"),
        ("langchain:langchain_core.language_models:FakeListChatModel", ModelError, "cannot be opened.*responses"),
        ("langchain:langchain_core.language_models:FakeListChatModel?respones=[]", ConfigError, "mean 'responses'"),
        ("openai:", ConfigError, "names no model"),
        ("openai:gpt-x", ConfigError, "OPENAI_API_KEY"),
        ("openai:m@http://example.org/v1", ConfigError, "OPENAI_API_KEY"),
        ("openai:m@http://me:pw@127.0.0.1/v1", ConfigError, "no user or password"),
        ("openai:m@ftp://127.0.0.1", ConfigError, "http or https"),
        ("openai:m@http://127.0.0.1/v1?api_key=abc", ConfigError, "environment variable"),
        ("openai:m@http://127.0.0.1/v1?timeot=3", ConfigError, "mean 'timeout'"),
        ("openai:m@http://127.0.0.1/v1?concurrency=0", ConfigError, "at least 1"),
    ],
)
def test_a_wrong_ref_is_one_clear_sentence(ref: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        open_model(ref)
    assert "abc" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_without_the_extra_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "langchain_openai", None)
    with pytest.raises(MissingExtra, match=r"pip install 'srm-sdk\[langchain-openai\]'"):
        open_model("openai:m@http://127.0.0.1:1/v1")


def test_a_build_opens_such_a_teacher_before_its_first_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "langchain_openai", None)
    host = Host()
    assert is_light("openai:m@http://127.0.0.1:1/v1", host)
    with pytest.raises(MissingExtra, match="langchain-openai"):
        host.load_model("openai:m@http://127.0.0.1:1/v1")
    assert not is_light("dir:/nowhere", host)  # weights are loaded when they are needed


def test_a_retry_date_is_read_as_seconds_from_now() -> None:
    class Response:
        headers = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}

    class RefusalError(Exception):
        response = Response()

    assert retry.retry_after_s(RefusalError()) == 0.0
    assert retry.retry_after_s(ValueError()) is None
