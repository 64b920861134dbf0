"""The HTTP side: routes, limits, streams."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ..errors import MissingExtra, ModelError
from ..inference.sequences import check_fits
from ..inference.tokens import encode_prompt, encode_text
from ..records import Message
from . import wire
from .worker import Busy, News, Ticket, Worker


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    body_bytes: int = 1 << 20
    body_seconds: float = 20.0
    prompt_tokens: int = 4096
    new_tokens: int = 1024
    default_tokens: int = 256


class Service:
    """One model behind the interface. ``system`` is put before a conversation that brings no system message."""

    def __init__(self, name: str, worker: Worker, *, system: str = "", limits: Limits | None = None) -> None:
        self.name = name
        self.worker = worker
        self.system = system
        self.limits = limits or Limits()
        self.tokenizer = worker.engine.writer.tokenizer
        self.answered: Counter[int] = Counter()  # replies by status

    def app(self) -> Starlette:
        """Return the application; its worker runs while it does."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            self.worker.start()
            yield
            await asyncio.to_thread(self.worker.stop)

        routes = [
            Route("/v1/chat/completions", self._guarded(self.chat), methods=["POST"]),
            Route("/v1/completions", self._guarded(self.text), methods=["POST"]),
            Route("/v1/models", self._guarded(self.models), methods=["GET"]),
            Route("/health", self._guarded(self.health), methods=["GET"]),
            Route("/metrics", self._guarded(self.metrics), methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def health(self, _: Request) -> Response:
        """Say that the model is loaded."""
        return JSONResponse({"status": "ok", "model": self.name})

    async def models(self, _: Request) -> Response:
        """List the one model."""
        return JSONResponse({"object": "list", "data": [{"id": self.name, "object": "model", "owned_by": "srm"}]})

    async def metrics(self, _: Request) -> Response:
        """Return counts in Prometheus' text format."""
        pool = self.worker.engine.pool
        lines = [f'srm_replies_total{{status="{status}"}} {n}' for status, n in sorted(self.answered.items())]
        lines += [
            f"srm_open_requests {self.worker.open}",
            f"srm_generated_tokens_total {self.worker.tokens}",
            f"srm_cache_pages_used {pool.used}",
            f"srm_cache_bytes {pool.size}",
        ]
        return PlainTextResponse("\n".join(lines) + "\n")

    async def chat(self, request: Request) -> Response:
        """Answer a conversation."""
        asked = wire.parsed(wire.ChatRequest, await self._json(request))
        turns = [turn.message for turn in asked.messages]
        if self.system and all(turn.role != "system" for turn in turns):
            turns.insert(0, Message(role="system", content=self.system))
        return await self._answer(request, asked, encode_prompt(self.tokenizer, turns), chat=True)

    async def text(self, request: Request) -> Response:
        """Continue a text."""
        asked = wire.parsed(wire.TextRequest, await self._json(request))
        if not asked.text:
            raise wire.Refusal(400, "prompt: it is empty", "prompt")
        return await self._answer(request, asked, encode_text(self.tokenizer, asked.text), chat=False)

    async def _answer(self, request: Request, asked: wire.Asked, prompt: Sequence[int], *, chat: bool) -> Response:
        ticket, news = self._submit(asked, prompt)
        reply = wire.Reply(self.name, chat=chat, stream=bool(asked.stream), weighed=asked.top is not None)
        if asked.stream:
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            events = self._events(ticket, news, reply, usage)
            return StreamingResponse(events, media_type="text/event-stream")
        ended = await self._whole(request, ticket, news)
        return JSONResponse(reply.whole(ended.done or (), ended.told))

    def _submit(self, asked: wire.Asked, prompt: Sequence[int]) -> tuple[Ticket, asyncio.Queue[News]]:
        if asked.model != self.name:
            raise wire.Refusal(404, f"model {asked.model!r} is not served here; there is {self.name!r}", "model")
        sampling = asked.sampling(self.limits.default_tokens)
        for what, given, most in (
            ("the prompt", len(prompt), self.limits.prompt_tokens),
            ("max_tokens", sampling.max_tokens, self.limits.new_tokens),
        ):
            if given > most:
                raise wire.Refusal(400, f"{what}: {given} tokens are more than the {most} this server takes")
        try:
            check_fits([prompt], sampling, self.worker.engine.decoder.shape.context)
            if sampling.grammar:
                self.worker.engine.writer.grammars.matcher(sampling.grammar)
        except (ModelError, MissingExtra) as error:
            raise wire.Refusal(400, str(error)) from None
        news: asyncio.Queue[News] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(item: News) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(news.put_nowait, item)

        ticket = Ticket(prompt, sampling, tell, streams=bool(asked.stream), top=asked.top)
        try:
            self.worker.submit(ticket)
        except Busy:
            most = self.worker.most_waiting
            raise wire.Refusal(503, f"{most} requests are open, and no more may wait; try again later") from None
        return ticket, news

    async def _whole(self, request: Request, ticket: Ticket, news: asyncio.Queue[News]) -> News:
        while True:
            try:
                item = await asyncio.wait_for(news.get(), timeout=0.5)
            except TimeoutError:
                if await request.is_disconnected():
                    self.worker.cancel(ticket)
                    raise wire.Refusal(499, "the client has gone") from None
                continue
            if item.failure:
                raise wire.Refusal(503, item.failure)
            if item.done is not None:
                return item

    async def _events(
        self, ticket: Ticket, news: asyncio.Queue[News], reply: wire.Reply, usage: bool
    ) -> AsyncIterator[str]:
        begun: set[int] = set()
        try:
            while True:
                item = await news.get()
                if item.failure:
                    yield _event(wire.Refusal(503, item.failure).body)
                    return
                if item.done is not None:
                    if usage:
                        yield _event(reply.last(item.done))
                    yield "data: [DONE]\n\n"
                    return
                first = item.index not in begun
                begun.add(item.index)
                if item.text or item.tokens or first:
                    yield _event(reply.piece(item.index, item.text, item.tokens, first=first))
                if item.ended is not None:
                    yield _event(reply.piece(item.index, "", reason=wire.finish(item.ended)))
        finally:
            self.worker.cancel(ticket)  # the client may have gone

    async def _json(self, request: Request) -> Any:
        try:
            body = await asyncio.wait_for(self._body(request), self.limits.body_seconds)
        except TimeoutError:
            raise wire.Refusal(408, f"the body took longer than {self.limits.body_seconds:g} seconds") from None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise wire.Refusal(400, "the body is not valid JSON") from None

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self.limits.body_bytes:
                raise wire.Refusal(413, f"the body is larger than {self.limits.body_bytes} bytes")
        return bytes(body)

    def _guarded(self, endpoint: Any) -> Any:
        async def guarded(request: Request) -> Response:
            try:
                response: Response = await endpoint(request)
            except wire.Refusal as refusal:
                headers = {"Retry-After": "1"} if refusal.status == 503 else {}
                response = JSONResponse(refusal.body, refusal.status, headers)
            except ClientDisconnect:
                response = Response(status_code=499)
            self.answered[response.status_code] += 1
            return response

        return guarded


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
