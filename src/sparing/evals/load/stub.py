"""A provider that costs next to nothing and does what each request asks it to: timing, length, faults.

``python -m sparing.evals.load.stub PORT`` prints its URL and answers until it is killed. Every event with text carries
the tag of the request that it answers, the number of the call, its place and when it was sent, so a caller can tell
whether anything was lost, swapped or mixed up, and how long it took to arrive.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import OrderedDict
from itertools import count
from typing import Final, cast

import httptools
import uvloop

from sparing.evals.load.ask import Ask, read_ask
from sparing.evals.load.faults import BEFORE, MID_STREAM

_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_MOST_TRIES_KEPT: Final = 100_000
_BACKLOG: Final = 4096
_CALLS = count()
_PROCESS: Final = f"{os.getpid():x}"


def chunk(tag: int, delta: str, finish: str = "null", *, more: str = "") -> bytes:
    """One event of OpenAI's Chat Completions, as it goes over the wire."""
    choice = f'{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}'
    return wrapped(
        f'data: {{"id":"chatcmpl-{tag}","object":"chat.completion.chunk","created":1,"model":"stub","service_tier":'
        f'"default","system_fingerprint":"fp_1","choices":[{choice}]{more}}}\n\n'.encode()
    )


def wrapped(data: bytes) -> bytes:
    """A chunk of HTTP's chunked coding."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Stub(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, tries: OrderedDict[int, int]) -> None:
        self._tries = tries
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        ask = read_ask(self._body)
        if ask is None:
            self._transport.write(_plain(404, '{"error":{"message":"no ask","type":"x","param":null,"code":null}}'))
            return
        before = self._tries.pop(ask.tag, 0)
        self._tries[ask.tag] = before + 1
        if len(self._tries) > _MOST_TRIES_KEPT:
            self._tries.popitem(last=False)
        _Answering(self._transport, ask, ask.fault if before < ask.faulty_tries else "")


class _Answering:
    """The answer to one request, an event at a time."""

    __slots__ = ("_ask", "_call", "_fault", "_later", "_place", "_transport")

    def __init__(self, transport: asyncio.Transport, ask: Ask, fault: str) -> None:
        self._transport, self._ask, self._fault = transport, ask, fault
        self._call = f"{_PROCESS}x{next(_CALLS)}"
        self._place = 0
        self._later = asyncio.get_running_loop().call_later
        first = self._refuse if fault in BEFORE else self._begin
        self._later(ask.first_s, first) if ask.first_s else first()

    def _refuse(self) -> None:
        if not self._transport.is_closing():
            BEFORE[self._fault](self._transport)

    def _begin(self) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_HEAD + chunk(self._ask.tag, '{"role":"assistant","content":"","refusal":null}'))
        self._next()

    def _next(self) -> None:
        ask = self._ask
        if self._fault in MID_STREAM and self._place == ask.num_tokens // 2:
            if not self._transport.is_closing():
                MID_STREAM[self._fault](self._transport)
            return
        while self._place < ask.num_tokens:
            if self._transport.is_closing():
                return
            text = f"{ask.tag}.{self._call}.{self._place}.{time.monotonic_ns()} "
            self._transport.write(chunk(ask.tag, f'{{"content":"{text}"}}'))
            self._place += 1
            if ask.gap_s:
                self._later(ask.gap_s * (0.5 + random.random()), self._next)
                return
        self._end()

    def _end(self) -> None:
        if self._transport.is_closing():
            return
        ask = self._ask
        usage = f'"prompt_tokens":300,"completion_tokens":{ask.num_tokens},"total_tokens":{300 + ask.num_tokens}'
        last = chunk(ask.tag, "{}", '"stop"', more=f',"usage":{{{usage}}}')
        self._transport.write(last + wrapped(b"data: [DONE]\n\n") + b"0\r\n\r\n")


def _plain(status: int, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
    )


async def _serve(port: int) -> None:
    tries: OrderedDict[int, int] = OrderedDict()
    server = await asyncio.get_running_loop().create_server(
        lambda: Stub(tries), "127.0.0.1", port, backlog=_BACKLOG, reuse_address=True
    )
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
