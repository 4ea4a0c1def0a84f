"""Tiers behind a running gateway, and everything that can go wrong with one of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import OPENAI_USAGE, Out, ScriptedUpstream, Seen, answer

from sparing.gateway.upstreams import make_upstreams, sellers
from sparing.settings import ResilienceSettings, Settings, TierSettings, UpstreamSettings

WIRES = ("openai.chat", "anthropic.messages", "gemini")
BUSY = {"error": {"message": "busy"}}
PATHS = {
    "openai.chat": "/v1/chat/completions",
    "anthropic.messages": "/v1/messages",
    "gemini": "/v1beta/models/whatever:generateContent",
}


class Two:
    """A small and a large tier, each a server of its own, and a gateway in front."""

    def __init__(self, small: ScriptedUpstream, large: ScriptedUpstream, folder: Path, **resilience: float) -> None:
        self.small, self.large = small, large
        self.settings = Settings(
            tiers=(
                TierSettings("small", small.url, "s-1", key="small-key", wires=WIRES),
                TierSettings("large", large.url, "l-1", key="large-key", wires=WIRES),
            ),
            upstream=UpstreamSettings(idle_timeout_s=2.0),
            resilience=ResilienceSettings(retry_wait_s=0.2, **resilience),  # type: ignore[arg-type]
        )
        self.gateway: RunningGateway = run_gateway(
            small, upstreams=make_upstreams(self.settings, folder), policy={"mode": "on"}
        )

    def ask(self, wire: str = "openai.chat", *, stream: bool = False, **headers: str) -> tuple[int, Any, bytes]:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}], "stream": stream}
        if wire == "anthropic.messages":
            body["max_tokens"] = 10
        if wire == "gemini":
            body = {"contents": [{"parts": [{"text": "Say hello."}]}]}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(
            self.gateway.url + PATHS[wire], json.dumps(body).encode(), {"content-type": "application/json", **named}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()


@pytest.fixture
def servers() -> Iterator[tuple[ScriptedUpstream, ScriptedUpstream]]:
    with ScriptedUpstream() as small, ScriptedUpstream() as large:
        yield small, large


@pytest.fixture
def two(servers: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path: Path) -> Iterator[Two]:
    made = Two(*servers, tmp_path)
    yield made
    made.gateway.stop()


async def drop(_seen: Seen, out: Out) -> None:
    out.close()


async def too_many(_seen: Seen, out: Out) -> None:
    await out.json(BUSY, 429)


async def error_inside(_seen: Seen, out: Out) -> None:
    await out.start_events()
    await out.event(BUSY)
    await out.end()


async def stall_first(_seen: Seen, out: Out) -> None:
    await out.start_events()
    await out.gone(5)


async def drop_after_the_head(_seen: Seen, out: Out) -> None:
    await out.start_events()
    out.close()


FAULTS = {
    "dropped": drop,
    "429 without retry-after": too_many,
    "error inside a 200": error_inside,
    "silent before its first byte": stall_first,
    "dropped after its headers": drop_after_the_head,
}


@pytest.mark.parametrize("wire", WIRES)
def test_each_wire_format_asks_for_the_tiers_model_with_the_tiers_key(two: Two, wire: str) -> None:
    """And the answer, its headers and the receipt say which tier it was."""
    status, headers, _ = two.ask(wire, x_sparing_tier="small", authorization="Bearer callers-own")
    assert (status, headers["x-sparing-tier"], headers["x-sparing-tries"]) == (200, "small", "1")
    seen = two.small.seen[0]
    assert (json.loads(seen.body).get("model") or seen.path.split("/")[-1].split(":")[0]) == "s-1"
    assert "callers-own" not in str(seen.headers)
    assert "small-key" in str(seen.headers)
    receipt = two.gateway.recorder.wait_for(1)[0]
    assert (receipt.tier, receipt.tries, receipt.model) == ("small", 1, "s-1")
    assert receipt.usage_input_tokens > 0
    assert not two.large.seen


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_when_a_tier_fails_the_next_answers(two: Two, fault: Any, stream: bool) -> None:
    """The caller notices nothing but a header."""
    two.large.script = fault
    status, headers, body = two.ask(stream=stream)
    assert (status, headers["x-sparing-tier"]) == (200, "small")
    assert int(headers["x-sparing-tries"]) >= 2
    assert b"scripted" in body
    assert b"busy" not in body


def test_a_fault_that_passes_is_tried_again(two: Two) -> None:
    """On the same tier."""

    async def once(seen: Seen, out: Out) -> None:
        await (too_many if len(two.large.seen) == 1 else answer)(seen, out)

    two.large.script = once
    _, headers, _ = two.ask()
    assert (headers["x-sparing-tier"], headers["x-sparing-tries"]) == ("large", "2")


def test_a_stall_within_a_stream_is_told_within_the_stream(two: Two) -> None:
    """Bytes were passed on: nothing is asked again, and what came is whole."""

    async def stall(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.event({"choices": [{"delta": {"content": "half"}}]})
        await out.gone(5)

    two.large.script = stall
    status, headers, body = two.ask(stream=True)
    assert (status, headers["x-sparing-tier"]) == (200, "large")
    events = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert events[0]["choices"][0]["delta"]["content"] == "half"
    assert events[1]["error"]["code"] == "upstream_timeout"
    assert len(two.large.seen) == 1
    assert not two.small.seen


def test_events_that_are_none_are_passed_on(two: Two) -> None:
    """What an upstream says that is no event is its own: not judged, not lost."""

    async def garbage(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.chunk(b"data: {not json\n\nda")
        await out.chunk(b"ta: \xff\xfe\n\n")
        await out.end()

    two.large.script = garbage
    status, _, body = two.ask(stream=True)
    assert (status, body) == (200, b"data: {not json\n\ndata: \xff\xfe\n\n")


def test_when_all_fail_the_last_failure_is_told(two: Two) -> None:
    """In the caller's wire format."""
    two.small.script = two.large.script = drop
    status, _, body = two.ask("anthropic.messages")
    assert (status, json.loads(body)["type"]) == (502, "error")


def test_a_tier_that_keeps_failing_is_left_alone(servers: Any, tmp_path: Path) -> None:
    """After a few failures requests go straight to the next."""
    two = Two(*servers, tmp_path, tries=1)
    two.large.script = drop
    try:
        for _ in range(10):
            assert two.ask()[1]["x-sparing-tier"] == "small"
        asked = len(two.large.seen)
        assert asked <= 12  # a connection that breaks when it is new is broken once per call, and 5 calls are enough
        two.ask()
        assert len(two.large.seen) == asked
    finally:
        two.gateway.stop()


def test_a_tier_ten_times_slower_is_hedged(servers: Any, tmp_path: Path) -> None:
    """The second request is answered; the first is cancelled."""
    import asyncio

    two = Two(*servers, tmp_path, hedge_percent=5.0)
    cancelled: list[bool] = []

    async def sometimes_stuck(seen: Seen, out: Out) -> None:
        # A stuck request that may not be sent twice (another was, of late) is answered after all, and a later one is stuck.
        if len(two.large.seen) > 30 and len(two.large.seen) % 30 == 1 and await out.gone(1.7):
            cancelled.append(True)
        else:
            await asyncio.sleep(0.001)
            await answer(seen, out)

    two.large.script = sometimes_stuck
    try:
        tries = [two.ask()[1]["x-sparing-tries"] for _ in range(31)]
        while not cancelled and len(tries) < 160:
            tries.append(two.ask()[1]["x-sparing-tries"])
        assert "2" in tries
        assert cancelled
    finally:
        two.gateway.stop()


@pytest.mark.parametrize("stream", [False, True])
def test_a_cascade_pays_for_both_tries(two: Two, stream: bool) -> None:
    """At first nothing is known of the small tier, so the large one answers; the receipt has the cost of both."""
    status, headers, _ = two.ask(x_sparing_tier="cascade", stream=stream)
    assert (status, headers["x-sparing-tier"], headers["x-sparing-tries"]) == (200, "large", "2")
    (spent,) = two.gateway.recorder.wait_for(1)[0].spent
    assert spent.model == "s-1"
    assert spent.usage.input_tokens == OPENAI_USAGE["prompt_tokens"]


def test_a_cascade_learns_to_leave_easy_requests_to_the_small_tier(two: Two) -> None:
    """Both always say the same here: after some comparisons the large one is hardly asked."""
    tiers = [two.ask(x_sparing_tier="cascade")[1]["x-sparing-tier"] for _ in range(60)]
    assert tiers[0] == "large"
    assert tiers[-15:].count("small") >= 10


def test_a_router_sends_each_question_to_one_tier(two: Two) -> None:
    """And only to that."""
    _, headers, _ = two.ask(x_sparing_tier="router")
    assert headers["x-sparing-tries"] == "1"
    assert len(two.small.seen) + len(two.large.seen) == 1


def test_a_caller_names_a_tier_that_there_is_not(two: Two) -> None:
    """The refusal names those that there are."""
    status, _, body = two.ask(x_sparing_tier="huge")
    assert status == 400
    assert b"small, large" in body


def test_without_tiers_nothing_is_said_of_them(servers: Any) -> None:
    """As before."""
    gateway = run_gateway(servers[0])
    try:
        request = urllib.request.Request(gateway.url + "/v1/models", headers={"x-sparing-tier": "small"})
        with urllib.request.urlopen(request, timeout=20) as response:
            assert "x-sparing-tier" not in response.headers
        assert "x-sparing-tier" not in servers[0].seen[0].headers
    finally:
        gateway.stop()


def test_other_wire_formats_go_where_they_went(tmp_path: Path) -> None:
    """A tier that speaks one of them leaves the others alone."""
    settings = Settings(
        tiers=(TierSettings("a", "http://127.0.0.1:9", wires=("openai.chat",)),),
        upstream=UpstreamSettings(anthropic_url="https://api.anthropic.com", gemini_url="none"),
    )
    made = make_upstreams(settings, tmp_path)
    assert set(made) == {"openai.chat", "openai.responses", "anthropic.messages"}
    assert type(made["openai.chat"]).__name__ == "Tiers"
    assert type(made["anthropic.messages"]).__name__ == "HttpUpstream"
    assert sellers(settings)["anthropic.messages"] == "anthropic"


def test_the_receipt_is_shown_with_its_tier(two: Two) -> None:
    """And what was spent beside it."""
    from sparing.cli.receipts import _tier

    two.ask(x_sparing_tier="cascade")
    shown = _tier(two.gateway.recorder.wait_for(1)[0])
    assert shown == "large, 2 tries, 5 tokens answered that were not good enough"
