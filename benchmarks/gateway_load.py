"""Small chats, a caller that streams, and a check that nothing was lost. Used by `benchmarks/gateway.py`."""

from __future__ import annotations

import asyncio
import json
import random
import re
from dataclasses import dataclass

NUM_CHUNKS = 64

_NUMBER = re.compile(rb'"user":"(\d+)","number":(\d+)')
_SENTENCE = "please compare the plan for the second quarter with what we said about travel and tell me what changed"
_WORDS = _SENTENCE.split()
_TURNS = 3


@dataclass(frozen=True)
class Load:
    """How much to send; `paced` sends a chunk every 4 ms, so that each is its own read and write."""

    name: str
    num_requests: int
    num_clients: int
    gap_ms: float
    fresh: bool = False


def small_chats(num: int, seed: int, *, fresh: bool = False) -> list[bytes]:
    """Conversations of three turns behind one system prompt, some 100 to 400 tokens; each turn repeats those before.

    Args:
        fresh: No text comes twice, not even the system prompt: nothing that was counted once helps again.
    """
    return [_chat(number, seed, fresh) for number in range(num)]


def _chat(number: int, seed: int, fresh: bool) -> bytes:
    conversation, turn = divmod(number, _TURNS)
    draw = random.Random(f"{seed} {number if fresh else conversation}")

    def words(num: int) -> str:
        return " ".join(draw.choices(_WORDS, k=num))

    system = words(60) if fresh else _SENTENCE * 3
    messages = [{"role": "system", "content": system}]
    roles = ("user", "assistant") * turn + ("user",)
    messages += [{"role": role, "content": words(50)} for role in roles]
    return json.dumps({"model": "gpt-4o", "stream": True, "user": str(number), "messages": messages}).encode()


class Caller:
    """One connection that is kept."""

    def __init__(self, url: str, mode: str | None) -> None:
        self._host, _, port = url.removeprefix("http://").rpartition(":")
        self._port = int(port)
        self._control = f"x-sparing-mode: {mode}\r\n".encode() if mode else b""

    async def __aenter__(self) -> Caller:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def ask(self, body: bytes) -> None:
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        self._writer.write(head + self._control + b"content-length: %d\r\n\r\n" % len(body) + body)

    async def first_event(self) -> bytes:
        """Everything up to and with the first event."""
        data = b""
        while b"data: {" not in data:
            part = await self._reader.read(65536)
            if not part:
                raise ConnectionError("the answer ended before its first event")
            data += part
        return data

    async def rest(self, data: bytes) -> bytes:
        parts = [data]
        while not parts[-1].endswith(b"0\r\n\r\n"):
            part = await self._reader.read(65536)
            if not part:
                raise ConnectionError("the answer was cut off")
            parts.append(part)
        return b"".join(parts)


def is_whole(answer: bytes, number: int) -> bool:
    """Whether an answer has every chunk of its own, in order, and nobody else's."""
    found = [(int(user), int(place)) for user, place in _NUMBER.findall(answer)]
    return found == [(number, place) for place in range(NUM_CHUNKS)]


async def send_all(url: str, mode: str | None, load: Load, seed: int) -> int:
    """Send a load; returns how many answers were not whole."""
    bodies = small_chats(load.num_requests, seed, fresh=load.fresh)
    pending = iter(range(load.num_requests))
    broken = 0

    async def client() -> None:
        nonlocal broken
        async with Caller(url, mode) as caller:
            for number in pending:
                await caller.ask(bodies[number])
                broken += not is_whole(await caller.rest(await caller.first_event()), number)

    await asyncio.gather(*(client() for _ in range(load.num_clients)))
    return broken
