"""A provider that does what a test tells it to, down to the byte: every wire format, over a raw socket."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from scripted_answers import WORDS, gemini, responses


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Out:
    """Writes an answer, and knows when the other end has gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int, headers: dict[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def json(self, value: object, status: int = 200, **headers: str) -> None:
        body = json.dumps(value).encode()
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        await self.head(status, {"content-type": "application/json", "content-length": str(len(body)), **named})
        await self.raw(body)

    async def start_events(self) -> None:
        await self.head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def event(self, value: object, name: str = "") -> None:
        data = value if isinstance(value, str) else json.dumps(value)
        await self.chunk((f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode())

    async def end(self) -> None:
        await self.chunk(b"")

    async def gone(self, timeout_s: float = 10.0) -> bool:
        """Whether the other end closes within the time."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._reader.read(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.writer.close()


Script = Callable[[Seen, Out], Awaitable[None]]


class ScriptedUpstream:
    """Runs in a thread of its own. `script` answers; `seen` is what arrived."""

    def __init__(self) -> None:
        self.script: Script = answer
        self.seen: list[Seen] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> ScriptedUpstream:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (seen := await _read(reader)) is not None and not writer.is_closing():
                self.seen.append(seen)
                await self.script(seen, Out(reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = b""
    if headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, path, headers, body)


async def answer(seen: Seen, out: Out) -> None:
    """A friendly provider: says what it was sent, streams when asked to, calls a tool when it is given one."""
    if seen.path.startswith("/v1beta/") or "x-goog-api-key" in seen.headers:
        await gemini(seen.path, _dict(seen), out)
    elif seen.path.startswith("/v1/models"):
        await out.json({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
    elif seen.path.startswith("/v1/responses/"):
        await out.json({"id": "resp_1", "object": "response", "status": "cancelled", "output": []})
    elif seen.method != "POST":
        await out.json({"error": {"message": "no", "type": "x", "param": None, "code": None}}, 405, allow="POST")
    elif seen.path.startswith("/v1/messages/count_tokens"):
        await out.json({"input_tokens": 42})
    elif seen.path.startswith("/v1/messages"):
        await _anthropic(_dict(seen), out)
    elif seen.path == "/v1/responses":
        await responses(_dict(seen), out)
    elif seen.path.startswith("/v1/chat/completions"):
        await _openai(_dict(seen), out)
    else:
        await out.json({"path": seen.path, "length": len(seen.body)})


def _dict(seen: Seen) -> dict[str, Any]:
    try:
        value = json.loads(seen.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


OPENAI_USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
ANTHROPIC_USAGE = {"input_tokens": 7, "cache_read_input_tokens": 4, "output_tokens": 5}


async def _openai(body: dict[str, Any], out: Out) -> None:
    base = {"id": "c1", "created": 1, "model": "scripted"}
    if not body.get("stream"):
        message: dict[str, Any] = {"role": "assistant", "content": "".join(WORDS)}
        finish = "stop"
        if body.get("tools"):
            call = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"at": "Paris"}'}}
            message, finish = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        await out.json({**base, "object": "chat.completion", "choices": [choice], "usage": OPENAI_USAGE})
        return
    await out.start_events()
    for word in WORDS:
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        await out.event({**base, "object": "chat.completion.chunk", "choices": [choice], "usage": None})
    await out.event({**base, "object": "chat.completion.chunk", "choices": [], "usage": OPENAI_USAGE})
    await out.event("[DONE]")
    await out.end()


async def _anthropic(body: dict[str, Any], out: Out) -> None:
    base: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant", "model": "scripted"}
    base |= {"stop_sequence": None, "stop_reason": "end_turn"}
    if not body.get("stream"):
        content: dict[str, Any] = {"type": "text", "text": "".join(WORDS)}
        if body.get("tools"):
            content = {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "Paris"}}
        await out.json({**base, "content": [content], "usage": ANTHROPIC_USAGE})
        return
    await out.start_events()
    start = {**base, "stop_reason": None, "content": [], "usage": {**ANTHROPIC_USAGE, "output_tokens": 1}}
    await out.event({"type": "message_start", "message": start}, "message_start")
    block = {"type": "text", "text": ""}
    await out.event({"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start")
    for word in WORDS:
        delta = {"type": "text_delta", "text": word}
        await out.event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")
    await out.event({"type": "content_block_stop", "index": 0}, "content_block_stop")
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    await out.event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}, "message_delta")
    await out.event({"type": "message_stop"}, "message_stop")
    await out.end()
