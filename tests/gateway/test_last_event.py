"""Callers that hang up at the last event of a stream: they have their answer."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from raw_client import CHAT, MESSAGES, open_socket, wait_until
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
SAID = [{"role": "user", "content": "Hello"}]
USAGE = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
STREAMS: dict[str, list[Any]] = {
    CHAT: [
        {**CHUNK, "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]},
        {**CHUNK, "choices": [], "usage": USAGE},
        "[DONE]",
    ],
    MESSAGES: [{"type": "message_delta", "delta": {}, "usage": {"output_tokens": 1}}, {"type": "message_stop"}],
    "/v1/responses": [{"type": "response.output_text.delta", "delta": "Hi"}, {"type": "response.completed"}],
}


def hang_up_after(gateway: RunningGateway, path: str, seen: bytes) -> None:
    """Read a stream until this has come, and go."""
    body = json.dumps({"model": "m", "stream": True, "max_tokens": 9, "messages": SAID, "input": "x"}).encode()
    with open_socket(gateway.url) as caller:
        caller.sendall(b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path.encode(), len(body)) + body)
        read = b""
        while seen not in read:
            more = caller.recv(65536)
            assert more, read
            read += more


def script(events: list[Any], ended: asyncio.Event) -> Any:
    async def run(_seen: Seen, out: Out) -> None:
        await out.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for event in events:
            await out.event(event, "" if isinstance(event, str) else event.get("type", ""))
        await asyncio.sleep(0.3)  # providers close a little later
        await out.end()
        ended.set()

    return run


@pytest.mark.parametrize("path", STREAMS)
def test_the_last_event_is_the_end(gateway: RunningGateway, upstream: ScriptedUpstream, path: str) -> None:
    """The receipt has no error, and the upstream is heard to its end."""
    ended = asyncio.Event()
    upstream.script = script(STREAMS[path], ended)
    last = STREAMS[path][-1]
    hang_up_after(gateway, path, (last if isinstance(last, str) else last["type"]).encode())
    receipt = gateway.recorder.wait_for(1)[0]
    assert (receipt.status, receipt.error) == (200, "")
    wait_until(ended.is_set)


def test_before_it_the_caller_is_gone(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Half an answer is not taken for a whole one."""
    upstream.script = script(STREAMS[CHAT][:1], asyncio.Event())
    hang_up_after(gateway, CHAT, b"Hi")
    assert gateway.recorder.wait_for(1)[0].error == "the caller disconnected"
