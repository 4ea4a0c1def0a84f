"""A provider that costs next to nothing: streams numbered OpenAI chunks. Used by `benchmarks/gateway.py`.

python benchmarks/stub_upstream.py --chunks 64 --gap-ms 0

Prints its URL, then answers until it is killed. Every chunk names the request that it belongs to (the body's "user"
field) and its number, so that a client can tell whether anything was lost, swapped or mixed up.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from typing import cast

import uvloop

_USER = re.compile(rb'"user"\s*:\s*"([^"]*)"')
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def event(user: bytes, number: int, num_chunks: int) -> bytes:
    """One chunk of the answer as it goes over the wire; the last one carries the usage."""
    usage = b'{"prompt_tokens":300,"completion_tokens":64}' if number == num_chunks - 1 else b"null"
    data = (
        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"stub","choices":[{"index":0,"delta":'
        b'{"content":"token "},"finish_reason":null}],"user":"%b","number":%d,"usage":%b}\n\n' % (user, number, usage)
    )
    return b"%x\r\n%b\r\n" % (len(data), data)


class Stub(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self, num_chunks: int, gap_s: float, hold: bool) -> None:
        self._num_chunks, self._gap_s, self._hold = num_chunks, gap_s, hold
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, blank, body = self._data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not blank or (length and len(body) < int(length[1])):
            return
        self._data = b""
        found = _USER.search(body)
        self._answer(found[1] if found else b"")

    def _answer(self, user: bytes) -> None:
        self._transport.write(_HEAD)
        if self._hold:  # an open, silent stream
            self._transport.write(event(user, 0, self._num_chunks))
        elif self._gap_s:
            self._paced(user, 0)
        else:
            for number in range(self._num_chunks):
                self._transport.write(event(user, number, self._num_chunks))
            self._end()

    def _paced(self, user: bytes, number: int) -> None:
        if self._transport.is_closing():
            return
        if number == self._num_chunks:
            self._end()
            return
        self._transport.write(event(user, number, self._num_chunks))
        asyncio.get_running_loop().call_later(self._gap_s, self._paced, user, number + 1)

    def _end(self) -> None:
        done = b"data: [DONE]\n\n"
        self._transport.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(done), done))


async def serve(num_chunks: int, gap_s: float, hold: bool) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Stub(num_chunks, gap_s, hold), "127.0.0.1", 0, backlog=2048
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=64)
    parser.add_argument("--gap-ms", type=float, default=0.0)
    parser.add_argument("--hold", action="store_true", help="send one chunk and leave the stream open")
    options = parser.parse_args()
    uvloop.run(serve(options.chunks, options.gap_ms / 1000, options.hold))
