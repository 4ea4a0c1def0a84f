"""The cascade behind a running gateway: a policy's own terms, what counts against a quota, what outlasts a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from fake_reduce import FakeReduce
from raw_client import chat
from running_gateway import RunningGateway
from scripted_upstream import OPENAI_USAGE
from tenants_gateway import ask, tenant

from sparing.core.upstream import Call, Spent
from sparing.core.usage import Usage
from sparing.gateway.meter import Meter
from sparing.gateway.tiers import make_tiers
from sparing.generate.cascade import Cascade, Terms
from sparing.generate.confidence import Confidence
from sparing.generate.signals import NAMES
from sparing.generate.traffic import Classes
from sparing.plan.quota.memory import MemoryQuota
from sparing.prices.lookup import prices_for
from sparing.settings import RoutingSettings, Settings, TierSettings
from sparing.settings.policies import NamedPolicy
from sparing.testing.models import FakeModel

Start = Callable[..., RunningGateway]
TIERS = (
    TierSettings("small", "http://127.0.0.1:9", "gpt-5-nano", wires=("openai.chat",)),
    TierSettings("large", "http://127.0.0.1:9", "gpt-5", wires=("openai.chat",)),
)


def cascade_of(settings: Settings, tmp_path: Path) -> Cascade:
    made = make_tiers(settings, tmp_path, (), tmp_path / "learned")["openai.chat"]
    found = made._ways["cascade"]  # type: ignore[attr-defined]
    assert isinstance(found, Cascade)
    return found


def test_a_policy_has_terms_of_its_own(tmp_path: Path) -> None:
    """What it does not say is as the settings have it; the price is the price table's."""
    routing = RoutingSettings(draft="auto", samples=3, good_enough_percent=80)
    policies = {"legal": NamedPolicy(good_enough_percent=98, draft="never"), "chat": NamedPolicy()}
    cascade = cascade_of(Settings(tiers=TIERS, routing=routing, policies=policies), tmp_path)
    terms, legal = cascade._terms, cascade._own_terms["legal"]
    assert (terms.good_enough, terms.draft, terms.samples, terms.early) == (0.8, "auto", 3, True)
    assert (legal.good_enough, legal.draft, legal.samples, legal.early) == (0.98, "never", 3, True)
    assert "chat" not in cascade._own_terms
    small, large = prices_for("gpt-5-nano"), prices_for("gpt-5")
    assert small is not None
    assert large is not None
    assert terms.output_price == large.output_usd / large.input_usd
    assert terms.price < 0.1


def test_policies_are_learned_of_apart(start: Start) -> None:
    """What one of them finds good enough says nothing of another's requests."""
    seen: list[Confidence] = []

    def new() -> Confidence:
        seen.append(Confidence(len(NAMES), 0.9, 0.1))
        return seen[-1]

    made = Cascade(FakeModel("It was Ada."), FakeModel("Grace."), Terms(), lambda _: Usage(), new)
    gateway = start(reduce=FakeReduce(), upstreams={"openai.chat": made}, toml="[policies.a]\n[policies.b]\n")
    for name in ("a", "b", "a"):
        assert ask(gateway, body=chat(), **{"x-sparing-policy": name}).status == 200
    assert len(seen) == 4  # whole answers and beginnings, of two classes


def test_tries_that_fail_count_against_the_quota(start: Start) -> None:
    """As much as they used, beside the answer."""
    usage = Usage(OPENAI_USAGE["prompt_tokens"], OPENAI_USAGE["completion_tokens"])
    made = Cascade(FakeModel("I'm sorry, I cannot."), FakeModel("Grace."), Terms(), lambda _: usage)
    quota = MemoryQuota()
    toml = tenant("tokens_per_minute = 20000")
    gateway = start(reduce=FakeReduce(), upstreams={"openai.chat": made}, toml=toml, quota=quota)
    left = []
    for _ in range(2):
        reply = ask(gateway, body=chat(max_tokens=100))
        gateway.recorder.wait_for(len(left) + 1)
        left.append(int(reply.header("x-ratelimit-remaining-tokens") or 0))
    (receipt, _) = gateway.recorder.receipts
    assert [one.usage for one in receipt.spent] == [usage]
    answered = receipt.usage_input_tokens + receipt.usage_output_tokens
    set_aside = 20_000 - left[0]
    assert 20_000 - left[1] == set_aside + answered + usage.input_tokens + usage.output_tokens


def test_what_was_spent_is_priced_as_its_own_model() -> None:
    """A cheap try costs what the cheap model costs; one that has no price costs nothing that could be told."""
    meter = Meter("gpt-5", "openai", "", must_price=True)
    million = Usage(1_000_000, 0)
    nano = prices_for("gpt-5-nano")
    assert nano is not None
    assert meter.spent_nusd(Spent("gpt-5-nano", "openai", million)) == round(nano.input_usd * 1e9)
    assert meter.spent_nusd(Spent("nobody-knows", "", million)) == 0


def test_what_was_learned_is_written_down_when_the_gateway_closes(tmp_path: Path) -> None:
    """And there when it starts again."""
    file = tmp_path / "learned"

    async def run() -> None:
        made = Cascade(
            FakeModel("It was Ada."), FakeModel("It was Ada."), Terms(), lambda _: Usage(), classes=Classes(file, NAMES)
        )
        for number in range(30):
            body = msgspec.json.encode({"messages": [{"role": "user", "content": f"Who is {number}?"}]})
            answer = await made.send(Call("openai.chat", "POST", "/v1/chat/completions", {}, body))
            async for _ in answer.chunks():
                pass
        await made.aclose()

    asyncio.run(run())
    kept = Classes(file, NAMES).of("openai.chat text 0", lambda: Confidence(len(NAMES), 0.9, 0.1))
    assert 20 <= kept.whole.num_compared <= 30
