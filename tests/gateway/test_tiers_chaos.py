"""Every fault at once, with many requests in flight: nothing is lost, and no answer reaches another's caller."""

from __future__ import annotations

import asyncio
import json
import random
import re
from pathlib import Path

from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.core.upstream import Call
from sparing.errors import UpstreamError
from sparing.gateway.upstreams import make_upstreams
from sparing.settings import ResilienceSettings, RoutingSettings, Settings, TierSettings, UpstreamSettings

_REQUESTS, _AT_ONCE, _WORDS = 400, 40, 12
_ID = re.compile(r"id-\d+-")


class Chaos:
    """A provider that does something else each time."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    async def __call__(self, seen: Seen, out: Out) -> None:
        named = _ID.findall(seen.body.decode())[0]
        words = [f"{named}{at} " for at in range(_WORDS)]
        fault = self._rng.random()
        if fault < 0.05:
            out.close()
        elif fault < 0.10:
            await out.json({"error": {"message": "busy"}}, 429)
        elif fault < 0.13:
            await out.json({"error": {"message": "broken"}}, 500)
        elif fault < 0.16:
            await out.json({"error": {"message": "inside"}}, 200)
        elif json.loads(seen.body).get("stream"):
            await self._stream(words, fault, out)
        else:
            await asyncio.sleep(0.05 if fault < 0.25 else 0.001)
            message = {"role": "assistant", "content": "".join(words)}
            await out.json({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    async def _stream(self, words: list[str], fault: float, out: Out) -> None:
        await out.start_events()
        for at, word in enumerate(words):
            if fault < 0.22 and at == 6:
                out.close()  # half way: the caller has to be told
                return
            if fault < 0.25 and at == 3:
                await asyncio.sleep(0.1)
            await out.event({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
        await out.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        await out.event("[DONE]")
        await out.end()


async def test_nothing_is_lost_or_crossed(tmp_path: Path) -> None:
    """Each request ends in its own whole answer, in an error, or in its own answer cut short by one."""
    with ScriptedUpstream() as small, ScriptedUpstream() as large:
        small.script, large.script = Chaos(1), Chaos(2)
        settings = Settings(
            tiers=(TierSettings("small", small.url, "s"), TierSettings("large", large.url, "l")),
            upstream=UpstreamSettings(idle_timeout_s=20.0),
            resilience=ResilienceSettings(retry_wait_s=0.2, hedge_percent=5.0, breaker_open_s=0.2),
            routing=RoutingSettings(choose="cascade"),
        )
        upstream = make_upstreams(settings, tmp_path)["openai.chat"]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def ask(number: int) -> str:
            named = f"id-{number}-"
            stream = number % 2 == 0
            body = {"messages": [{"role": "user", "content": f"Say {named}"}], "stream": stream}
            tier = ("cascade", "router", "small", "large")[number % 4]
            call = Call(
                "openai.chat", "POST", "/v1/chat/completions", {"x-sparing-tier": tier}, json.dumps(body).encode(), stream=stream
            )  # fmt: skip
            async with gate, asyncio.timeout(30):
                return await read(call, named)

        async def read(call: Call, named: str) -> str:
            got = b""
            try:
                answer = await upstream.send(call)
                try:
                    async for chunk in answer.chunks():
                        got += chunk
                finally:
                    await answer.aclose()
            except UpstreamError:
                assert set(_ID.findall(got.decode())) <= {named}
                return "cut short" if got else "error"
            if answer.status != 200 or b'"error"' in got:
                assert not _ID.findall(got.decode())
                return "error"
            assert _ID.findall(got.decode()) == [named] * _WORDS
            return "whole"

        ends = await asyncio.gather(*map(ask, range(_REQUESTS)))
        await upstream.aclose()
    assert len(ends) == _REQUESTS
    assert ends.count("whole") > 0.9 * _REQUESTS
    assert ends.count("error") < 0.02 * _REQUESTS
