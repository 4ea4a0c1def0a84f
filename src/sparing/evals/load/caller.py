"""Callers that cost little: thousands of open streams from one process, connections kept and used again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import cast

import httptools

from sparing.evals.load.stream import Stream


class Connection(asyncio.Protocol):
    """One connection; requests go one after the other."""

    def __init__(self) -> None:
        self.is_open = False
        self._stream: Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def ask(self, request: bytes, stream: Stream, *, leave_after: int = 0) -> asyncio.Future[None]:
        """Send a request; the future is done when its answer is over, whole or not.

        Args:
            leave_after: Hang up after so many events with text; 0: stay.
        """
        self._stream, self._leave_after = stream, leave_after
        self._parser = httptools.HttpResponseParser(self)
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._over

    def data_received(self, data: bytes) -> None:
        self._now_ns = time.monotonic_ns()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.hang_up()

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_open = False
        self._end()

    def on_headers_complete(self) -> None:
        if self._stream is not None:
            self._stream.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        stream = self._stream
        if stream is None or stream.status != 200:
            return
        stream.feed(data, self._now_ns)
        if self._leave_after and stream.num_seen >= self._leave_after:
            self.hang_up()

    def on_message_complete(self) -> None:
        self._end()

    def hang_up(self) -> None:
        """Close at once."""
        self.is_open = False
        self._transport.abort()

    def _end(self) -> None:
        if self._stream is not None:
            self._stream = None
            if not self._over.done():
                self._over.set_result(None)


class Callers:
    """Connections to one server, as many as there are requests open at once.

    Args:
        headers: Sent with every request.
    """

    def __init__(self, url: str, headers: Mapping[str, str] = {}) -> None:
        self._host, _, port = url.removeprefix("http://").rpartition(":")
        self._port = int(port)
        named = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{named}".encode()
        )
        self._idle: list[Connection] = []

    async def ask(
        self, body: bytes, stream: Stream, *, leave_after: int = 0, headers: bytes = b"", within_s: float = 600.0
    ) -> None:
        """Send one request and feed its answer to `stream` until it is over.

        Raises:
            OSError: Nobody listens.
            TimeoutError: The answer was not over in time; the connection is closed.
        """
        connection = await self._connection()
        over = connection.ask(
            b"%b%bcontent-length: %d\r\n\r\n%b" % (self._head, headers, len(body), body),
            stream,
            leave_after=leave_after,
        )
        try:
            async with asyncio.timeout(within_s):
                await over
        finally:
            if not over.done() or over.cancelled():
                connection.hang_up()
            elif connection.is_open:
                self._idle.append(connection)

    def close(self) -> None:
        """Hang up all that are idle."""
        for connection in self._idle:
            connection.hang_up()
        self._idle.clear()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open:
                return connection
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(Connection, self._host, self._port)
        return made
