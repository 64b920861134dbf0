"""Connections that ask for nothing, or read nothing, are ended, so that a few slow clients cannot fill the server.

uvicorn itself ends connections between two requests, and `app` a body that takes too long. What is left: a client that
never finishes its first line or its headers, and one that does not take what is sent to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Watch:
    """Looks at one connection every ``seconds``; ends it if nothing happened between two looks, and it should have."""

    protocol: Any  # uvicorn's, of either parser
    seconds: float
    before: tuple[Any, ...] | None = None

    def look(self) -> None:
        """End the connection, or look again later."""
        connection = self.protocol.transport
        if connection is None or connection.is_closing():
            return
        cycle, full = self.protocol.cycle, self.protocol.flow.write_paused
        waiting = cycle is None or cycle.response_complete
        now = (cycle, waiting, full)
        if now == self.before and (waiting or full):
            connection.abort()
            return
        self.before = now
        self.protocol.loop.call_later(self.seconds, self.look)


def patient(seconds: float) -> Callable[..., asyncio.Protocol]:
    """Return what uvicorn makes its connections with (its setting ``http``), each under a `Watch`."""

    def make(**given: Any) -> asyncio.Protocol:
        from uvicorn.protocols.http.auto import AutoHTTPProtocol

        protocol: Any = AutoHTTPProtocol(**given)
        begin = protocol.connection_made

        def connection_made(transport: asyncio.Transport) -> None:
            begin(transport)
            protocol.loop.call_later(seconds, Watch(protocol, seconds).look)

        protocol.connection_made = connection_made
        return protocol  # type: ignore[no-any-return]

    return make
