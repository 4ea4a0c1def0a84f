"""Streams: whole, in order, no faster than they are read, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from fake_reduce import FILLER, FakeReduce
from raw_client import CHAT, MESSAGES, chat, open_socket, request, wait_until
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

NUM_CLIENTS = 512
NUM_EVENTS = 16


def test_512_streams_lose_and_reorder_nothing(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """Every one of many simultaneous callers gets its own numbered events, all of them, in order."""
    arrived = asyncio.Event()

    async def numbered(seen: Seen, out: Out) -> None:
        if len(upstream.seen) == NUM_CLIENTS:
            arrived.set()
        await arrived.wait()  # nobody is answered before everybody is waiting
        caller = seen.json["user"]
        await out.start_events()
        for number in range(NUM_EVENTS):
            await out.event({"caller": caller, "number": number})
            await asyncio.sleep(0)
        await out.end()

    upstream.script = numbered
    gateway = start(reduce=FakeReduce())

    async def run() -> list[list[dict[str, int]]]:
        return await asyncio.gather(*(_stream(gateway.url, caller) for caller in range(NUM_CLIENTS)))

    streams = asyncio.run(run())
    assert streams == [
        [{"caller": caller, "number": number} for number in range(NUM_EVENTS)] for caller in range(NUM_CLIENTS)
    ]
    assert len(gateway.recorder.wait_for(NUM_CLIENTS)) == NUM_CLIENTS


async def _stream(url: str, caller: int) -> list[dict[str, int]]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(chat("hello" + FILLER, stream=True, user=caller)).encode()
    writer.write(b"POST %b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" % CHAT.encode())
    writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert data.endswith(b"0\r\n\r\n")
    return [json.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]


def test_events_are_not_held_back(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Each event reaches the caller before the provider sends the next."""
    allowed = threading.Event()

    async def one_by_one(_seen: Seen, out: Out) -> None:
        await out.start_events()
        for number in range(3):
            await out.event({"number": number})
            await asyncio.to_thread(allowed.wait, 10)
            allowed.clear()
        await out.end()

    upstream.script = one_by_one
    with _call(gateway.url, CHAT, chat(stream=True)) as caller:
        seen = b""
        for number in range(3):
            wanted = b'data: {"number": %d}\n\n' % number
            while wanted not in seen:
                part = caller.recv(65536)
                assert part, "the answer ended early"
                seen += part
            assert b'"number": %d' % (number + 1) not in seen
            allowed.set()


def test_a_slow_caller_slows_the_upstream(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """What a caller does not read is not read from the provider either; nothing piles up in between."""
    sent_bytes = [0]
    block = b"data: " + b"x" * 65_528 + b"\n\n"

    async def flood(_seen: Seen, out: Out) -> None:
        await out.start_events()
        for _ in range(1600):
            await out.chunk(block)
            sent_bytes[0] += len(block)
        await out.end()

    upstream.script = flood
    with _call(gateway.url, CHAT, chat(stream=True), receive_buffer_bytes=65_536):
        wait_until(lambda: sent_bytes[0] > 0)
        stalled = -1
        while stalled != sent_bytes[0]:
            stalled = sent_bytes[0]
            time.sleep(0.5)
    assert 0 < stalled < 20_000_000, "of more than 100 MB; the rest waits in the kernel's buffers"


def test_the_partial_event_of_a_comment_passes(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A provider's keep-alive comment reaches the caller although no event is complete."""
    received = threading.Event()

    async def keep_alive(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.chunk(b": still here\n")
        await asyncio.to_thread(received.wait, 10)
        await out.end()

    upstream.script = keep_alive
    with _call(gateway.url, MESSAGES, chat(stream=True)) as caller:
        seen = b""
        while b": still here\n" not in seen:
            seen += caller.recv(65536)
        received.set()


def test_memory_does_not_grow(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """A thousand more requests of every kind leave nothing behind."""
    fake = FakeReduce()
    gateway = start(reduce=fake)

    def some(num: int) -> None:
        for _ in range(num):
            request(gateway.url, CHAT, chat("hello" + FILLER, stream=True))
            request(gateway.url, MESSAGES, chat())
            request(gateway.url, CHAT, b"{", {"x-sparing-budget": "no"})
            _call(gateway.url, CHAT, chat(stream=True)).close()
            upstream.seen.clear()
            gateway.recorder.receipts.clear()
            fake.calls.clear()

    def settled_bytes() -> int:
        wait_until(lambda: b"sparing_open_requests 0.0" in request(gateway.url, "/metrics", method="GET").body)
        wait_until(lambda: not gateway.server.server_state.connections)  # of callers who left at once, too
        forget_names()  # the interpreter remembers up to 4,096 names that C code looked attributes up by
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    forget_names = getattr(sys, "_clear_internal_caches", sys._clear_type_cache)
    some(50)
    tracemalloc.start()
    try:
        some(25)
        before = settled_bytes()
        for _ in range(3):  # what leaks does so every time; a list that happened to be made longer does not
            some(250)
            after = settled_bytes()
            grown, before = after - before, after
            if grown < 250 * 100:
                break
    finally:
        tracemalloc.stop()
    assert grown < 250 * 100, "bytes, for 1,000 requests; one leaked request object would be more"


def _call(url: str, path: str, body: Any, *, receive_buffer_bytes: int = 0) -> socket.socket:
    """Send a request and leave the answer unread."""
    data = json.dumps(body).encode()
    caller = open_socket(url)
    if receive_buffer_bytes:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
    caller.sendall(b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path.encode(), len(data)) + data)
    return caller
