"""What a policy's goals make of a request: the tier, the effort, the answer; and who waits for whom."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raw_client import CHAT, Reply, request, wait_until
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import Out, ScriptedUpstream, Seen, answer

from sparing.gateway.upstreams import make_upstreams
from sparing.generate.line import Line
from sparing.settings.load import resolve

GOALS = """
[policies.chat]
first_token_s = 0.4
tiers = ["small", "large"]
gives_way = ["usd", "loss", "latency"]

[policies.careful]
first_token_s = 0.4
gives_way = ["usd", "latency", "loss"]

[policies.cheap]
loss = 0.2

[policies.small_only]
tiers = ["small"]
loss = 0.5

[policies.urgent]
priority = "interactive"

[policies.patient]
priority = "batch"
"""


class Both:
    """A small and a large tier behind a gateway with policies."""

    def __init__(self, small: ScriptedUpstream, large: ScriptedUpstream, folder: Path, toml: str, limits: str) -> None:
        self.small, self.large = small, large
        written = f"""
[[tiers]]
name = "small"
provider = "{small.url}"
model = "gpt-5-nano"
key = "k"
expected_loss = 0.1
{limits}
[[tiers]]
name = "large"
provider = "{large.url}"
model = "gpt-5"
key = "k"
{limits}
{toml}
"""
        file = folder / "sparing.toml"
        file.write_text(written)
        upstreams = make_upstreams(resolve(file, env={}).settings, folder)
        self.gateway: RunningGateway = run_gateway(small, upstreams=upstreams, toml=written)

    def ask(self, policy: str, *, text: str = "Say hello.", stream: bool = True, **headers: str) -> Reply:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], "stream": stream}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(self.gateway.url, CHAT, body, {"x-sparing-policy": policy, **named})


Start = Callable[..., Both]


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Start]:
    with ScriptedUpstream() as small, ScriptedUpstream() as large:
        made: list[Both] = []

        def start(toml: str = GOALS, limits: str = "") -> Both:
            made.append(Both(small, large, tmp_path, toml, limits))
            return made[-1]

        yield start
        for one in made:
            one.gateway.stop()


async def slow(seen: Seen, out: Out) -> None:
    await asyncio.sleep(0.8)
    await answer(seen, out)


def tier(reply: Reply) -> str | None:
    return reply.header("x-sparing-tier")


def test_an_allowed_loss_buys_the_cheaper_tier(both: Start) -> None:
    """Without one the best tier answers; with one that covers its loss the small tier does, and the answer says so."""
    two = both()
    assert tier(two.ask("urgent")) == "large"
    reply = two.ask("cheap")
    assert tier(reply) == "small"
    assert "tier small" in (reply.header("x-sparing-decision") or "")
    assert "USD" in (reply.header("x-sparing-decision") or "")


def test_a_tier_that_becomes_slow_is_left_for_a_faster_one(both: Start) -> None:
    """Where quality may give way to time; where it may not, time does, and the answer says which."""
    two = both()
    two.large.script = slow
    for _ in range(12):
        last = two.ask("chat")
    assert tier(last) == "small"
    assert "gave way: loss" in (last.header("x-sparing-decision") or "")
    for _ in range(6):
        last = two.ask("careful")
    assert tier(last) == "large"
    assert "gave way: latency" in (last.header("x-sparing-decision") or "")


def test_whole_answers_teach_as_well(both: Start) -> None:
    """A slow tier is found out without a stream."""
    two = both()
    two.large.script = slow
    for _ in range(16):
        last = two.ask("chat", stream=False)
    assert tier(last) == "small"


def test_a_policy_without_goals_decides_nothing(both: Start) -> None:
    """No header, the default tier."""
    two = both()
    reply = two.ask("urgent")
    assert reply.header("x-sparing-decision") is None


def test_the_caller_may_choose_among_the_tiers_of_its_policy(both: Start) -> None:
    """Another one is a refusal in its own format."""
    two = both()
    assert tier(two.ask("cheap", x_sparing_tier="large")) == "large"
    reply = two.ask("small_only", x_sparing_tier="large")
    assert reply.status == 403
    assert "small" in json.loads(reply.body)["error"]["message"]


def test_decisions_are_in_the_receipt(both: Start) -> None:
    """With what was expected of them."""
    two = both()
    two.ask("cheap")
    assert two.gateway.recorder.wait_for(1)[0].decided.startswith("tier small; effort")


def test_the_urgent_do_not_wait_for_the_patient(both: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time: of those in line the urgent one is sent next, though it came last."""
    entered: list[int] = []
    enter = Line.enter

    def counted(line: Line[Any], item: Any, rank: int, now_s: float) -> Any:
        result = enter(line, item, rank, now_s)
        entered.append(rank)
        return result

    monkeypatch.setattr(Line, "enter", counted)
    two = both(limits="at_once = 1")
    order: list[str] = []
    free = threading.Event()

    async def one_by_one(seen: Seen, out: Out) -> None:
        order.append(seen.json["messages"][-1]["content"])
        await asyncio.to_thread(free.wait, 10)
        await answer(seen, out)

    two.large.script = one_by_one
    asked: list[threading.Thread] = []

    def ask(policy: str, text: str) -> None:
        asked.append(threading.Thread(target=two.ask, args=(policy,), kwargs={"text": text}))
        asked[-1].start()

    ask("patient", "first")
    wait_until(lambda: order == ["first"])
    for n in range(3):
        ask("patient", f"patient {n}")
    wait_until(lambda: len(entered) == 4)
    ask("urgent", "urgent")
    wait_until(lambda: len(entered) == 5)
    free.set()
    for thread in asked:
        thread.join(20)
    assert order[:2] == ["first", "urgent"]
    assert len(order) == 5


def test_a_full_line_refuses_the_least_urgent(both: Start) -> None:
    """Without a place in line a patient request is refused, in its format, with when to ask again."""
    two = both(limits='at_once = 1\nmost_waiting = 0\nfallback = ["none"]')
    free, begun = threading.Event(), threading.Event()

    async def held(seen: Seen, out: Out) -> None:
        begun.set()
        await asyncio.to_thread(free.wait, 10)
        await answer(seen, out)

    two.large.script = held
    first = threading.Thread(target=two.ask, args=("patient",))
    first.start()
    assert begun.wait(10)
    reply = two.ask("patient")
    free.set()
    first.join(10)
    assert reply.status == 503
    assert reply.header("retry-after") == "5"
    assert two.ask("patient").status == 200
