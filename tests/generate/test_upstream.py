"""Calling a provider over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from sparing.core.upstream import Call
from sparing.errors import UpstreamTimeout, UpstreamUnreachable
from sparing.generate.upstream import HttpUpstream

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def call(**options: object) -> Call:
    return Call(**{"wire": "openai.chat", "method": "POST", "path": "/v1/x", "headers": {}, "body": b"{}", **options})  # type: ignore[arg-type]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that gives each connection to `handler`."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def closing(upstream: HttpUpstream) -> AsyncIterator[HttpUpstream]:
    try:
        yield upstream
    finally:
        await upstream.aclose()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


async def read_all(upstream: HttpUpstream, sent: Call) -> bytes:
    answer = await upstream.send(sent)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        await answer.aclose()


async def test_what_is_sent() -> None:
    """Method, path, headers and body go out as given; nothing is added that the caller did not say."""
    seen = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read_request(reader))
        writer.write(OK)

    async with serving(keep) as url, closing(HttpUpstream(url + "/v1/")) as upstream:
        assert await read_all(upstream, call(headers={"x-a": "é"}, path="/v1/y?q=%2F", body=b"body")) == b"ok"
    assert seen[0].startswith(b"POST /v1/y?q=%2F HTTP/1.1\r\n")
    assert seen[0].endswith(b"\r\n\r\nbody")
    names = {line.partition(b":")[0].lower() for line in seen[0].split(b"\r\n")[1:-2]}
    assert names == {b"host", b"x-a", b"content-length"}
    assert "x-a: é".encode() in seen[0]


async def test_connections_are_reused() -> None:
    """Calls that were read to the end share a connection."""
    connections = []

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while await read_request(reader):
            writer.write(OK)

    async with serving(keep_alive) as url, closing(HttpUpstream(url)) as upstream:
        for _ in range(3):
            await read_all(upstream, call())
    assert len(connections) == 1


async def test_a_connection_that_went_stale_in_the_pool() -> None:
    """When the server hung up on an idle connection the call is made again on a new one, also for a POST."""
    requests = []

    async def once_then_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(OK)
        if len(requests) == 1:
            await reader.readexactly(1)  # the second request is on its way when the connection closes

    async with serving(once_then_hang_up) as url, closing(HttpUpstream(url)) as upstream:
        assert await read_all(upstream, call()) == b"ok"
        assert await read_all(upstream, call(body=b"second")) == b"ok"
    assert [request[-6:] for request in requests] == [b"\r\n\r\n{}", b"second"]


async def test_a_call_that_broke_is_not_repeated() -> None:
    """On a new connection the server may have acted on the call before it hung up."""
    requests = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))

    async with serving(hang_up) as url, closing(HttpUpstream(url)) as upstream:
        with pytest.raises(UpstreamUnreachable) as caught:
            await upstream.send(call())
    assert caught.value.status_code == 502
    assert len(requests) == 1


async def test_nobody_there() -> None:
    """No connection is an error that names the address."""
    async with closing(HttpUpstream("http://127.0.0.1:9")) as upstream:
        with pytest.raises(UpstreamUnreachable, match=r"127\.0\.0\.1:9 cannot be reached"):
            await upstream.send(call())


@pytest.mark.parametrize(
    "head",
    [b"content-length: 100\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n4\r\n"],
    ids=["content-length", "chunked"],
)
async def test_everything_before_a_break_arrives(head: bytes) -> None:
    """Half an answer is yielded, then the break is raised; bytes that came with the break are not lost."""

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"half")

    async with serving(half) as url, closing(HttpUpstream(url)) as upstream:
        answer = await upstream.send(call())
        await asyncio.sleep(0.1)  # the break is known before the first byte is asked for
        chunks = answer.chunks()
        assert await anext(chunks) == b"half"
        with pytest.raises(UpstreamUnreachable):
            await anext(chunks)
        await answer.aclose()


async def test_silence() -> None:
    """A server that says nothing for too long, before or within an answer, is a timeout."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if b"within" in await read_request(reader):
            writer.write(OK.replace(b": 2", b": 9"))
        await reader.read()

    async with serving(silent) as url, closing(HttpUpstream(url, idle_timeout_s=0.2)) as upstream:
        with pytest.raises(UpstreamTimeout) as caught:
            await upstream.send(call())
        assert caught.value.status_code == 504
        with pytest.raises(UpstreamTimeout):
            await read_all(upstream, call(body=b"within"))


async def test_closing_early_cancels() -> None:
    """An answer that is closed before its end closes the connection, and the server notices."""
    noticed = asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK.replace(b": 2", b": 99"))
        assert await reader.read() == b""
        noticed.set()

    async with serving(endless) as url, closing(HttpUpstream(url)) as upstream:
        answer = await upstream.send(call())
        assert await anext(answer.chunks()) == b"ok"
        await answer.aclose()
        async with asyncio.timeout(10):
            await noticed.wait()


async def test_cookies_are_not_kept() -> None:
    """One caller's cookie is not sent with another's call."""
    seen = []

    async def with_cookie(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader):
            seen.append(request)
            writer.write(OK.replace(b"\r\n\r\n", b"\r\nset-cookie: who=one\r\n\r\n"))

    async with serving(with_cookie) as url, closing(HttpUpstream(url)) as upstream:
        for _ in range(2):
            await read_all(upstream, call())
    assert b"who=one" not in seen[1]


async def test_an_upload_of_many_megabytes() -> None:
    """A large body arrives whole, on a reused connection too."""
    body = bytes(range(256)) * 4096 * 5
    seen = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader):
            seen.append(request.endswith(b"\r\n\r\n" + body))
            writer.write(OK)

    async with serving(take) as url, closing(HttpUpstream(url)) as upstream:
        for _ in range(2):
            await read_all(upstream, call(body=body))
    assert seen == [True, True]


async def test_it_can_be_used_again_after_closing() -> None:
    """Closing lets the pool go; the next call makes a new one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(OK)

    async with serving(answer) as url, closing(HttpUpstream(url)) as upstream:
        await read_all(upstream, call())
        await upstream.aclose()
        assert await read_all(upstream, call()) == b"ok"


async def test_what_is_no_http_ends_the_answer_at_once() -> None:
    """A chunk that is none, half way: what came before it arrives, and then that the answer broke off."""

    async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"3\r\n, y\r\nzz\r\nno chunk\r\n")
        await reader.read()

    async with serving(garbled) as url, closing(HttpUpstream(url)) as upstream:
        answer = await upstream.send(call())
        chunks = answer.chunks()
        assert await anext(chunks) + await anext(chunks) == b"hello, y"
        with pytest.raises(UpstreamUnreachable):
            await asyncio.wait_for(anext(chunks), 5)
        await answer.aclose()
