"""A provider over HTTP, by aiohttp: bytes out, bytes back, as they come."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
from yarl import URL

from sparing.core.upstream import Call
from sparing.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from sparing.generate.silence import Silence

_READ_BUFFER_BYTES = 64 * 1024  # per answer; aiohttp stops reading the socket at twice this, which is our back-pressure
_WRITE_AT_ONCE_BYTES = 1 << 20  # larger bodies go out in pieces, so that one upload does not hold the event loop
_KEEP_ALIVE_S = 30.0
_OURS_TO_LEAVE_OUT = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_CALLER_KEYS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_NO_HTTP = "what followed was no HTTP"
_KEY_IN_QUERY = re.compile(r"[?&]key=")  # Gemini's other way


class HttpUpstream:
    """Sends calls to one base URL over a shared pool of connections.

    Redirects are not followed: the caller's key must not reach another host. Cookies are not kept: callers share the
    pool, not a session. Statuses of every kind are answers, not errors.

    Args:
        base_url: Without ``/v1``; the path of each call is appended.
        key: Sent when the caller sends none.
        provider: Names the upstream in errors.
        key_header: Carries the key; ``authorization`` as a bearer token.
        connect_timeout_s: To open a connection, name look-up included.
        idle_timeout_s: Longest silence before and within an answer.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str = "",
        provider: str = "openai",
        key_header: str = "authorization",
        connect_timeout_s: float = 10.0,
        idle_timeout_s: float = 300.0,
    ) -> None:
        self.base_url = base_url.rstrip("/").removesuffix("/v1")
        self.provider = provider
        self._key = {key_header: f"Bearer {key}" if key_header == "authorization" else key} if key else {}
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout_s)
        self._idle_s = idle_timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call) -> HttpAnswer:
        """Start a call.

        A connection that was idle in the pool may have been closed by the server a moment ago; the call is then sent
        once more on a new one, because the server cannot have seen it.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: Before any answer.
        """
        reused = SimpleNamespace(connection=False)
        with _typed_errors(self.provider, self.base_url):
            try:
                return await self._send(call, reused)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not reused.connection:
                    raise
                return await self._send(call, SimpleNamespace())

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(self, call: Call, reused: SimpleNamespace) -> HttpAnswer:
        async with asyncio.timeout(self._idle_s):
            response = await self._pool().request(
                call.method,
                URL(self.base_url + call.path, encoded=True),
                headers=self._headers(call),
                data=_payload(call),
                allow_redirects=False,
                trace_request_ctx=reused,
            )
        return HttpAnswer(response, self.provider, self.base_url, self._idle_s)

    def _headers(self, call: Call) -> Mapping[str, str]:
        headers = call.headers
        if not self._key or any(name in headers for name in _CALLER_KEYS) or _KEY_IN_QUERY.search(call.path):
            return headers
        return {**headers, **self._key}

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                # The limit on open calls is the callers', not the pool's: a queue in here would look like a slow model.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S, ttl_dns_cache=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                auto_decompress=False,
                skip_auto_headers=_OURS_TO_LEAVE_OUT,
                read_bufsize=_READ_BUFFER_BYTES,
                trace_configs=[_note_reuse()],
            )
        return self._session


class HttpAnswer:
    """An answer that has begun.

    Args:
        where: It is from, for errors.
        idle_s: Longest silence within it.
    """

    def __init__(self, response: aiohttp.ClientResponse, provider: str, where: str, idle_s: float) -> None:
        self._response = response
        self._provider = provider
        self._where = where
        self._idle_s = idle_s

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """As they came; `items` repeats a name that came more than once."""
        return self._response.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """Whatever has arrived, as it arrives.

        Raises:
            UpstreamUnreachable, UpstreamTimeout: After everything that did arrive was yielded.
        """
        reader = self._response.content
        silence = Silence(self._idle_s, lambda: reader.set_exception(TimeoutError()))
        with _typed_errors(self._provider, self._where), _end_of(self._response), silence:
            try:
                while chunk := await reader.readany():
                    silence.ends()
                    yield chunk
                    silence.begins()
            except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError) as error:
                if rest := _unread(reader):
                    yield rest
                if isinstance(error, RuntimeError):  # aiohttp's, where the reader comes after the end
                    raise aiohttp.ClientPayloadError(_NO_HTTP) from error
                raise

    async def aclose(self) -> None:
        """Hand the connection back when the answer was read to its end; else close it, which cancels the call."""
        self._response.close() if not self._response.content.at_eof() else self._response.release()


def _payload(call: Call) -> bytes | io.BytesIO | None:
    if not call.body and call.method in ("GET", "HEAD"):
        return None
    return call.body if len(call.body) < _WRITE_AT_ONCE_BYTES else io.BytesIO(call.body)


@contextmanager
def _end_of(response: aiohttp.ClientResponse) -> Iterator[None]:
    """See to it that whoever reads the answer hears of the end of its connection.

    aiohttp closes a connection on which something came that is no HTTP, and leaves the reader of the body waiting.
    """
    reader, connection = response.content, response.connection
    closed = connection.protocol.closed if connection is not None and connection.protocol is not None else None
    if closed is None:  # all of the answer is here
        yield
        return

    def tell(gone: asyncio.Future[None]) -> None:
        gone.cancelled() or gone.exception()  # it is told by the reader, once
        if not reader.is_eof() and reader.exception() is None:
            reader.set_exception(aiohttp.ClientPayloadError(_NO_HTTP))

    closed.add_done_callback(tell)
    try:
        yield
    finally:
        closed.remove_done_callback(tell)


def _unread(reader: aiohttp.StreamReader) -> bytes:
    """What arrived before the connection broke. aiohttp raises the break first and has no public way to the rest."""
    buffered: Any = getattr(reader, "_buffer", ())
    data = b"".join(buffered)[getattr(reader, "_buffer_offset", 0) :]
    if data:
        buffered.clear()
    return data


def _note_reuse() -> aiohttp.TraceConfig:
    async def note(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.connection = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(note)
    return trace


@contextmanager
def _typed_errors(provider: str, where: str) -> Iterator[None]:
    try:
        yield
    except UpstreamError:
        raise
    except TimeoutError as error:
        raise UpstreamTimeout(
            f"{where} did not answer in time", hint="try again later", provider=provider, status_code=504
        ) from error
    except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
        raise UpstreamUnreachable(
            f"{where} cannot be reached", hint="is it running, and is the address right?", provider=provider
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise UpstreamUnreachable(
            f"{where} closed the connection before its answer was complete", provider=provider
        ) from error
