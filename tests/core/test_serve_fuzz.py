"""Noise, lies, slowness and clients that go away: only 2xx, 4xx and 503, and honest requests are answered as alone."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from srm_core.serving.patience import Watch, patient

from .test_serve import LIMITS, Running, chat

ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    "",
    "\x00",
    "é" * 50,
    [],
    {},
    [[]],
    {"a": {}},
    "NaN",
    2**70,
    -0.0,
    "\ud83d",
    [None] * 9,
]
NAMES = (
    *(
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "n",
        "seed",
        "stop",
        "stream",
    ),
    *("prompt", "logprobs", "top_logprobs", "response_format", "stream_options", "tools", "unknown", "logit_bias", ""),
)
PATHS = (*["/v1/chat/completions"] * 3, "/v1/completions", "/v1/models", "/health", "/metrics", "/x")
FORMATS = [
    {"type": "json_schema", "json_schema": {"schema": {"type": "integer"}}},
    {"type": "json_schema", "json_schema": {"schema": {"type": "string", "pattern": "("}}},
    {"type": "json_schema", "json_schema": {"schema": {"$ref": "#/nowhere"}}},
    {"type": "json_object"},
    {"type": 4},
]
HONEST = [
    chat(max_tokens=6),
    chat(max_tokens=9, temperature=1.0, seed=5, n=2),
    chat(messages=[{"role": "user", "content": "Another one?"}], max_tokens=7, logprobs=True, top_logprobs=2),
]


class Attack:
    """One hostile client after the other; ``seen`` counts the statuses that came back (0: the connection was cut)."""

    def __init__(self, server: Running, seed: int) -> None:
        self.server = server
        self.draw = random.Random(seed)
        self.seen: Counter[int] = Counter()
        self.session = httpx.Client(timeout=60, trust_env=False)
        self.held: list[socket.socket] = []

    def run(self, count: int) -> None:
        kinds: list[Callable[[], int]] = [self.noise] * 12 + [self.huge, self.cancelled, self.cut, self.raw, self.lie]
        for _ in range(count):
            self.seen[self.draw.choice(kinds)()] += 1
            if self.draw.random() < 0.02:
                self.stall()
        for held in self.held:
            held.close()
        self.session.close()

    def post(self, raw: Any, path: str = "/v1/chat/completions", **headers: str) -> int:
        try:
            return self.session.post(self.server.url + path, content=raw, headers=headers).status_code
        except httpx.TransportError:
            return 0

    def body(self) -> dict[str, Any]:
        """Return a request that is right, or nearly so."""
        draw = self.draw
        body: Any = chat(max_tokens=draw.choice([1, 2, 5]), stream=draw.choice([None, False, True]))
        if draw.random() < 0.2:
            body = {"model": "small", "prompt": draw.choice(["x", "Once upon", ["y"]]), "max_tokens": 3}
        for _ in range(draw.randrange(4)):
            body[draw.choice(NAMES)] = draw.choice(ODD)
        if draw.random() < 0.2:
            body["messages"] = [{"role": draw.choice(["user", "assistant", "tool", 3]), "content": draw.choice(ODD)}]
        if draw.random() < 0.1:
            body["response_format"] = draw.choice(FORMATS)
        return dict(body)

    def noise(self) -> int:
        raw = json.dumps(self.body()).encode()
        draw = self.draw
        if draw.random() < 0.25:
            at = draw.randrange(len(raw))
            raw = (
                raw[:at] + bytes(draw.randrange(256) for _ in range(draw.randrange(6))) + raw[at + draw.randrange(9) :]
            )
        path = draw.choice(PATHS)
        return self.post(raw, path)

    def huge(self) -> int:
        """Send too much, whole or in pieces, or nested too deeply."""
        size = LIMITS.body_bytes
        pieces = iter([b'{"model": "'] + [b"x" * 5000] * 8)
        return self.post(self.draw.choice([b" " * (size + 1), b"[" * (size - 1), b'{"a":' * (size // 6), pieces]))

    def cancelled(self) -> int:
        """Open a stream and go away, at once or after its first events."""
        body = chat(max_tokens=100, stream=True, temperature=1.0, seed=self.draw.randrange(99), n=2)
        with self.session.stream("POST", f"{self.server.url}/v1/chat/completions", json=body) as reply:
            for _ in zip(range(self.draw.randrange(4)), reply.iter_lines(), strict=False):
                pass
            return reply.status_code

    def cut(self) -> int:
        """Send a part of a request and close."""
        raw = self.request(json.dumps(self.body()).encode())
        with self.connected() as client:
            client.sendall(raw[: self.draw.randrange(1, len(raw))])
        return 0

    def raw(self) -> int:
        """Send what is no HTTP."""
        lines = [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/models HTTP/9.9\r\n\r\n", b"\x00" * 300]
        return self.reply_to(self.draw.choice(lines) + b"\r\n\r\n")

    def lie(self) -> int:
        """Announce a length that is none, or another than is sent."""
        length = self.draw.choice([b"-5", b"abc", b"99999999999999999999", b"3"])
        return self.reply_to(self.request(b"{}", length))

    def stall(self) -> None:
        """Leave a connection open in the middle of its headers or its body."""
        client = self.connected()
        raw = self.request(b'{"model"', b"500")
        client.sendall(raw[: self.draw.choice([10, 40, len(raw)])])
        self.held.append(client)

    def request(self, body: bytes, length: bytes | None = None) -> bytes:
        size = str(len(body)).encode() if length is None else length
        return b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + b"\r\n\r\n" + body

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=5)

    def reply_to(self, raw: bytes) -> int:
        with self.connected() as client, contextlib.suppress(OSError):
            client.sendall(raw)
            client.shutdown(socket.SHUT_WR)
            first = client.recv(4096).split(b" ")
            return int(first[1]) if len(first) > 1 else 0
        return 0


def answer(server: Running, number: int) -> Any:
    """Return what an honest client is answered: texts, reasons, likelihoods; waits its turn while all places are taken."""
    for _ in range(2000):
        reply = server.post(HONEST[number])
        if reply.status_code != 503:
            assert reply.status_code == 200
            return reply.json()["choices"]
        time.sleep(0.01)
    raise AssertionError("an honest client was never let in")


def fuzz(server: Running, count: int, hostile: int = 3) -> Counter[int]:
    alone = [answer(server, number) for number in range(len(HONEST))]
    attacks = [Attack(server, seed) for seed in range(hostile)]
    threads = [threading.Thread(target=attack.run, args=(count // hostile,)) for attack in attacks]
    for thread in threads:
        thread.start()
    honest = 0
    while any(thread.is_alive() for thread in threads):
        assert answer(server, honest % len(HONEST)) == alone[honest % len(HONEST)]
        honest += 1
    for thread in threads:
        thread.join()
    seen = sum((attack.seen for attack in attacks), Counter[int]())
    assert sum(seen.values()) == hostile * (count // hostile)  # no hostile thread broke
    assert honest >= 3
    assert {code for code in seen if code >= 500} <= {503}
    assert {0, 200, 400, 404, 405, 413} <= set(seen)
    assert seen[0] < 0.25 * count  # cut connections are few: those the client cut, and no HTTP
    assert server.settles()
    assert [answer(server, number) for number in range(len(HONEST))] == alone
    return seen


@pytest.fixture
def server(small_model: Any) -> Iterator[Running]:
    with Running(small_model, http=patient(0.5)) as running:
        yield running


def test_two_hundred_hostile_requests_harm_nobody(server: Running) -> None:
    fuzz(server, 201)


@pytest.mark.slow
def test_five_thousand_hostile_requests_harm_nobody(server: Running) -> None:
    fuzz(server, 5001)


# ---- slow clients


def silent(client: socket.socket, seconds: float) -> bool:
    """Whether the server leaves the connection open for so long."""
    client.settimeout(seconds)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_who_never_finishes_the_headers_is_cut_off_and_who_is_answered_slowly_is_not(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = server.engine.decoder.forward

    def slowly(*given: Any) -> Any:
        time.sleep(0.05)
        return forward(*given)

    monkeypatch.setattr(server.engine.decoder, "forward", slowly)
    with (
        socket.create_connection(("127.0.0.1", server.port)) as mute,
        socket.create_connection(("127.0.0.1", server.port)) as begun,
    ):
        begun.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: ")
        body = chat(max_tokens=60, temperature=1.0, stop="never said")
        assert server.post(body).is_success  # 3 seconds of work, six times the server's patience
        assert not silent(mute, 0.1)
        assert not silent(begun, 0.1)


@pytest.mark.parametrize(
    ("looks", "cut"),
    [
        ([(None, False), (None, False)], True),  # two looks, and no request
        ([("first, done", False), ("second, done", False), ("second, done", False)], True),
        ([("first", False), ("first", False), ("first", False)], False),  # an answer is being worked on
        ([("first", True), ("first", True)], True),  # it is not read
        ([("first", True), ("first", False), ("first", True)], False),
    ],
)
def test_a_watch_cuts_what_stands_still(looks: list[tuple[str | None, bool]], cut: bool) -> None:
    aborted: list[bool] = []
    later: list[Callable[[], None]] = []
    made: dict[str, Any] = {}
    transport = SimpleNamespace(is_closing=lambda: bool(aborted), abort=lambda: aborted.append(True))
    loop = SimpleNamespace(call_later=lambda seconds, what: later.append(what))
    protocol = SimpleNamespace(transport=transport, loop=loop, cycle=None, flow=SimpleNamespace(write_paused=False))
    watch = Watch(protocol, 1.0)
    for name, full in looks:
        cycle = SimpleNamespace(name=name, response_complete=bool(name and name.endswith("done")))
        protocol.cycle = made.setdefault(name, cycle) if name else None
        protocol.flow.write_paused = full
        watch.look()
    assert aborted == [True] * cut
    assert len(later) == len(looks) - cut
