"""What a request may use in all of its calls: set aside before each is made, settled with what they took, at any race."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from fake_reduce import FakeReduce
from raw_client import chat
from running_gateway import RunningGateway
from tenants_gateway import ask, tenant

from sparing.core.upstream import Call, Spent
from sparing.core.usage import Usage
from sparing.errors import QuotaExceeded, UpstreamUnreachable
from sparing.gateway.allowance import Allowance
from sparing.gateway.counts import Counts
from sparing.gateway.exchange import Exchange
from sparing.gateway.meter import Meter
from sparing.gateway.stopwatch import Stopwatch
from sparing.gateway.usage import UsageReader
from sparing.generate.cascade import Cascade, Terms
from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.sqlite import SqliteQuota
from sparing.plan.quota.store import Ask, Bounds, Granted, QuotaStore, Refused, Scope
from sparing.testing.models import CannedAnswer

Start = Callable[..., RunningGateway]
LIMIT = 1000
SCOPES = (Scope("tenant acme", Bounds(tokens_per_minute=LIMIT, requests_per_minute=1, streams=1)),)
METER = Meter("gpt-5", "openai", "", must_price=False)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> QuotaStore:
    return MemoryQuota(lambda: 1_790_000_000.0) if request.param == "memory" else SqliteQuota(tmp_path / "q.sqlite")


async def room(counts: Counts) -> int:
    """Tokens that are left, found by asking, behind all that was to be settled before."""
    free = Scope("tenant acme", Bounds(tokens_per_minute=LIMIT))
    for tokens in range(LIMIT, 0, -10):
        got = await counts.reserve((free,), Ask(tokens), Stopwatch())
        if isinstance(got, Granted):
            counts.settle(got.reservation, 0, 0)
            return tokens
    return 0


def test_more_is_set_aside_until_nothing_is_left(store: QuotaStore) -> None:
    """It is no further request and nothing more that is open; what was not used is there again afterwards."""

    async def run() -> None:
        exchange, counts = Exchange("openai.chat"), Counts(store)
        allowance = Allowance(counts, SCOPES, METER, exchange)
        assert isinstance(await allowance.let_in(100, 200), Granted)
        assert await room(counts) == 700
        assert await allowance.more()
        assert await room(counts) == 400
        assert await allowance.more(added_bytes=400)
        assert await room(counts) == 0
        assert not await allowance.more()
        assert isinstance(allowance.why(), QuotaExceeded)
        assert "tokens per minute of tenant acme" in str(allowance.why())
        exchange.status, exchange.usage = 200, Usage(100, 20)
        allowance.used(Spent("gpt-5", "openai", Usage(100, 180)))
        allowance.lost()
        assert allowance.settle() == (500, METER.nusd(Usage(100, 20)) + METER.nusd(Usage(100, 180)) + METER.nusd(Usage(100, 0)))  # fmt: skip
        assert await room(counts) == 500
        assert not await allowance.beside(10, 0)
        assert await room(counts) == 500
        again = Allowance(counts, SCOPES, METER, Exchange("openai.chat"))
        assert isinstance(refused := await again.let_in(10, 10), Refused)
        assert refused.limit == "requests per minute of tenant acme"
        counts.close()

    asyncio.run(run())


def test_what_a_request_spends_before_it_is_refused_counts(store: QuotaStore) -> None:
    """A summary was asked for, then the limit stood against the request itself."""

    async def run() -> None:
        counts = Counts(store)
        allowance = Allowance(counts, SCOPES, METER, Exchange("openai.chat"))
        assert await allowance.beside(50, 50)
        allowance.used(Spent("gpt-5", "openai", Usage(50, 10)))
        assert isinstance(await allowance.let_in(900, 200), Refused)
        assert allowance.settle()[0] == 60
        assert await room(counts) == LIMIT - 60
        counts.close()

    asyncio.run(run())


@dataclass
class Greedy:
    """Takes all that was set aside for a call: a token per byte of its body, and its whole answer."""

    text: str
    told: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def send(self, call: Call) -> CannedAnswer:
        if not self.text:
            raise UpstreamUnreachable("it closed the connection")
        most = msgspec.json.decode(call.body)["max_tokens"]
        with self.lock:
            self.told.append(len(call.body) + most)
        await asyncio.sleep(0)
        usage = {"prompt_tokens": len(call.body), "completion_tokens": most}
        message = {"role": "assistant", "content": self.text}
        body = msgspec.json.encode({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})
        return CannedAnswer(200, {"content-type": "application/json"}, (body,))

    async def aclose(self) -> None:
        """Nothing to give back."""


def usage_of(body: bytes) -> Usage:
    reader = UsageReader()
    reader.see(body)
    return reader.usage()


def limited(start: Start, made: Cascade, tokens_per_minute: int, quota: QuotaStore | None = None) -> RunningGateway:
    """A gateway with one tenant, who may have so much."""
    toml = tenant(f"tokens_per_minute = {tokens_per_minute}")
    return start(reduce=FakeReduce(), upstreams={"openai.chat": made}, toml=toml, quota=quota or MemoryQuota())


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_64_racing_callers_of_a_cascade_use_no_token_too_many(start: Start, tmp_path: Path, kind: str) -> None:
    """Each would be answered by two models, which take all that they may: together never more than the limit, and
    with what is left no further request could be answered."""
    weak, strong = Greedy("I'm sorry, I cannot."), Greedy("Grace.")
    made = Cascade(weak, strong, Terms(price=0.001), usage_of)
    body = chat(max_tokens=50)
    one = len(msgspec.json.encode(body)) + 50
    limit = 21 * one
    quota = MemoryQuota() if kind == "memory" else SqliteQuota(tmp_path / "q.sqlite")
    gateway = limited(start, made, limit, quota)
    with ThreadPoolExecutor(64) as pool:
        statuses = list(pool.map(lambda _: ask(gateway, body=body).status, range(64)))
    assert set(statuses) == {200, 429}
    assert weak.told
    assert limit - one - 2 * 21 < sum(weak.told) + sum(strong.told) <= limit


def test_without_room_for_a_try_the_large_model_is_asked_at_once(start: Start) -> None:
    """What is given way first is what is had beside the answer, not the answer."""
    weak, strong = Greedy("I'm sorry, I cannot."), Greedy("Grace.")
    made = Cascade(weak, strong, Terms(), usage_of)
    body = chat(max_tokens=50)
    gateway = limited(start, made, 300)
    assert ask(gateway, body=body).status == 200
    assert (len(weak.told), len(strong.told)) == (0, 1)


def test_a_try_counts_though_the_answer_never_came(start: Start) -> None:
    """The large model's failure does not make the small one's answer free."""
    weak, body = Greedy("I'm sorry, I cannot."), chat(max_tokens=50)
    made = Cascade(weak, Greedy(""), Terms(), usage_of)
    gateway = limited(start, made, 5000)
    assert ask(gateway, body=body).status == 502
    gateway.recorder.wait_for(1)
    left = int(ask(gateway, body=body).header("x-ratelimit-remaining-tokens") or 0)
    assert left == 5000 - sum(weak.told[:1]) - weak.told[0]
