"""Quotas at the gateway: what counts, what gives way first, what is refused and how."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fake_reduce import FILLER, FakeReduce
from raw_client import CHAT, MESSAGES, chat, wait_until
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from tenants_gateway import GEMINI, KEY, PRICED, ask, tenant

from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.sqlite import SqliteQuota

Start = Callable[..., RunningGateway]


class Held(MemoryQuota):
    """Quotas at a time that a test sets."""

    def __init__(self) -> None:
        self.s = 1_790_000_000.0
        super().__init__(lambda: self.s)


@pytest.mark.parametrize(
    ("path", "words"), [(CHAT, "rate_limit_exceeded"), (MESSAGES, "rate_limit_error"), (GEMINI, "RESOURCE_EXHAUSTED")]
)
def test_a_used_up_quota_is_a_429_with_a_true_retry_after(start: Start, path: str, words: str) -> None:
    """A second before that time it is refused again, at that time it is let through."""
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("requests_per_minute = 2"), quota=quota)
    assert [ask(gateway, path).status for _ in range(3)] == [200, 200, 429]
    quota.s += 10
    refused = ask(gateway, path)
    assert words in refused.body.decode()
    assert "requests per minute of tenant acme" in refused.json["error"]["message"]
    wait_s = int(refused.header("retry-after") or 0)
    quota.s += wait_s - 1
    assert ask(gateway, path).status == 429
    quota.s += 1
    assert ask(gateway, path).status == 200


def test_limits_are_told_as_the_provider_would(start: Start) -> None:
    """OpenAI's clients and Anthropic's find them where they look; those of the upstream's own account are not theirs."""
    gateway = start(
        reduce=FakeReduce(), toml=tenant("requests_per_minute = 9\ntokens_per_minute = 50000"), quota=Held()
    )
    answer = ask(gateway, body=chat(max_tokens=100))
    limits = {name: value for name, value in answer.headers if name.startswith("x-ratelimit")}
    assert limits["x-ratelimit-limit-requests"] == "9"
    assert limits["x-ratelimit-remaining-requests"] == "8"
    assert limits["x-ratelimit-limit-tokens"] == "50000"
    assert int(limits["x-ratelimit-remaining-tokens"]) == 50_000 - len(json.dumps(chat(max_tokens=100))) - 100
    assert limits["x-ratelimit-reset-tokens"] == "61s"
    anthropic = ask(gateway, MESSAGES, chat(max_tokens=100))
    assert anthropic.header("anthropic-ratelimit-requests-remaining") == "7"
    assert (anthropic.header("anthropic-ratelimit-tokens-reset") or "").endswith("Z")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_what_was_really_used_counts(start: Start, path: str, stream: bool) -> None:
    """The provider's usage (11 in, 5 out) takes the place of what was set aside."""
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("tokens_per_minute = 2000"), quota=quota)
    for _ in range(2):
        body = chat(stream=stream, stream_options={"include_usage": True}) if path == CHAT else chat(stream=stream)
        assert ask(gateway, path, body).status == 200
    gateway.recorder.wait_for(2)
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    assert quota._spent["tenant acme"].tokens == 2 * (11 + 5)


def test_a_stream_without_usage_counts_by_its_events(start: Start, upstream: ScriptedUpstream) -> None:
    """OpenAI's streams say nothing of usage unless they are asked to."""

    async def quiet(_seen: Seen, out: Out) -> None:
        await out.start_events()
        for _ in range(7):
            await out.event({"choices": [{"delta": {"content": "a"}}]})
        await out.end()

    upstream.script = quiet
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("tokens_per_minute = 2000"), quota=quota)
    body = json.dumps(chat(stream=True)).encode()
    ask(gateway, body=body)
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    assert quota._spent["tenant acme"].tokens == len(body) + 7


@pytest.mark.parametrize("status", [400, 500])
def test_what_was_refused_upstream_costs_nothing(start: Start, upstream: ScriptedUpstream, status: int) -> None:
    """The request counts as one, its tokens are given back."""

    async def no(_seen: Seen, out: Out) -> None:
        await out.json({"error": {"message": "no"}}, status)

    upstream.script = no
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("tokens_per_minute = 2000\nstreams = 1"), quota=quota)
    assert [ask(gateway).status for _ in range(2)] == [status, status]
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    spent = quota._spent["tenant acme"]
    assert (spent.tokens, spent.requests) == (0, 2)


def test_a_caller_that_hangs_up_gives_back_what_it_had(start: Start, upstream: ScriptedUpstream) -> None:
    """Nothing stays set aside for an answer that nobody waits for."""
    asked = threading.Event()

    async def never(_seen: Seen, out: Out) -> None:
        asked.set()
        await out.gone()

    upstream.script = never
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("streams = 1\ntokens_per_minute = 2000"), quota=quota)
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=20)
    connection.request("POST", CHAT, json.dumps(chat()), {"authorization": f"Bearer {KEY}"})
    wait_until(asked.is_set)
    assert quota._spent["tenant acme"].streams == 1
    assert ask(gateway).status == 429
    connection.close()
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    assert quota._spent["tenant acme"].tokens == 0


def test_what_is_only_passed_on_counts_what_its_answer_says(start: Start, upstream: ScriptedUpstream) -> None:
    """A file is a request and no tokens, however large; so is counting; embeddings are billed by their usage."""

    async def other(seen: Seen, out: Out) -> None:
        used = {"usage": {"prompt_tokens": 40, "total_tokens": 40}} if seen.path.endswith("embeddings") else {}
        await out.json({"input_tokens": 42, **used})

    upstream.script = other
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=tenant("tokens_per_minute = 2000"), quota=quota)
    file = json.dumps({"purpose": "batch", "text": "x" * 50_000}).encode()
    assert ask(gateway, "/v1/files", file).status == 200
    assert ask(gateway, "/v1/messages/count_tokens").status == 200
    assert ask(gateway, "/v1/embeddings", {"model": "e", "input": "x" * 1000}).status == 200
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    assert (quota._spent["tenant acme"].tokens, quota._spent["tenant acme"].requests) == (40, 3)


def test_callers_at_the_same_time_share_what_is_there(start: Start, tmp_path: Path) -> None:
    """In a file as in memory: as many are let in as fit, whoever comes first."""
    body = chat(max_tokens=100, user="x" * 100)
    each = len(json.dumps(body)) + 100

    async def slow(_seen: Seen, out: Out) -> None:
        await asyncio.sleep(0.5)
        await out.json({"id": "x", "usage": {"prompt_tokens": each - 100, "completion_tokens": 100}})

    with ScriptedUpstream() as provider:
        provider.script = slow
        quota = SqliteQuota(tmp_path / "q.sqlite")
        toml = tenant(f"tokens_per_minute = {each * 7 + each // 2}")
        gateway = run_gateway(provider, reduce=FakeReduce(), toml=toml, quota=quota)
        try:
            with ThreadPoolExecutor(20) as pool:
                statuses = list(pool.map(lambda _: ask(gateway, body=body).status, range(20)))
        finally:
            gateway.stop()
    assert sorted(statuses) == [200] * 7 + [429] * 13


EASED = """
[policies.chat]
effort = "balanced"
[policies.chat.under_pressure]
begins = 0.5
effort = "max"
answer_tokens = 50
reasoning = "low"
"""


def test_near_a_limit_requests_are_made_smaller_first(start: Start, upstream: ScriptedUpstream) -> None:
    """More effort, a shorter answer, less thought; header and receipt say why. Then comes the refusal."""
    fake, quota = FakeReduce(), Held()
    gateway = start(reduce=fake, toml=EASED + tenant("tokens_per_minute = 1000", key='policy = "chat"'), quota=quota)
    body = chat(max_tokens=200, reasoning_effort="high")
    quota._of("tenant acme", int(quota.s)).take(int(quota.s), 600, 0)
    eased = ask(gateway, body=body)
    assert fake.calls[-1]["policy"].effort == "max"
    sent = upstream.seen[-1].json
    assert (sent["max_tokens"], sent["reasoning_effort"]) == (50, "low")
    assert eased.header("x-sparing-eased") == (
        "tokens per minute of tenant acme at 84%: effort max, answer of at most 50 tokens, reasoning at most low"
    )
    assert gateway.recorder.wait_for(1)[0].eased.startswith("tokens per minute of tenant acme at 84%")
    quota._of("tenant acme", int(quota.s)).take(int(quota.s), 350, 0)
    refused = ask(gateway, body=body)
    assert (refused.status, refused.header("x-sparing-eased"), refused.header("x-sparing-receipt")) == (429, None, None)
    assert len(gateway.recorder.receipts) == 1, "what never went out saved nothing"


def test_under_pressure_a_conversation_keeps_its_prefix(start: Start, upstream: ScriptedUpstream) -> None:
    """Once the model has answered, only what stands outside the prompt gives way: the effort stays."""
    fake, quota = FakeReduce(), Held()
    gateway = start(reduce=fake, toml=EASED + tenant("tokens_per_minute = 1000", key='policy = "chat"'), quota=quota)
    quota._of("tenant acme", int(quota.s)).take(int(quota.s), 600, 0)
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    ask(gateway, body=chat(max_tokens=200) | {"messages": turns})
    assert fake.calls[-1]["policy"].effort == "balanced"
    assert upstream.seen[-1].json["max_tokens"] == 50


def test_a_request_that_would_not_fit_is_asked_for_less(start: Start, upstream: ScriptedUpstream) -> None:
    """Even far from the limit, before it is refused its answer is made shorter."""
    quota = Held()
    toml = EASED.replace("begins = 0.5", "begins = 0.99") + tenant("tokens_per_minute = 600", key='policy = "chat"')
    gateway = start(reduce=FakeReduce(), toml=toml, quota=quota)
    answer = ask(gateway, body=chat(max_tokens=550))
    assert answer.status == 200
    assert upstream.seen[-1].json["max_tokens"] == 50
    assert "tokens per minute of tenant acme" in (answer.header("x-sparing-eased") or "")


def test_money_for_a_request_shortens_its_answer(start: Start, upstream: ScriptedUpstream) -> None:
    """The answer gets what is left of it, at the model's price; a prompt that leaves nothing is refused."""
    gateway = start(toml=PRICED + "[policies.cheap]\nusd_per_request = 0.001")
    ask(gateway, x_sparing_policy="cheap")
    ceiling = upstream.seen[0].json["max_tokens"]
    assert 50 < ceiling <= 100  # gpt-4o: 10 USD for a million tokens of an answer
    long = ask(gateway, body=chat("word " * 2000), x_sparing_policy="cheap")
    assert long.status == 400
    assert "leaves nothing for an answer" in long.json["error"]["message"]


def test_money_per_day_is_spent_at_the_models_price(start: Start) -> None:
    """What the answer cost counts, not what was set aside; a model without a price is not asked."""
    quota = Held()
    gateway = start(reduce=FakeReduce(), toml=PRICED + tenant("usd_per_day = 1"), quota=quota)
    assert ask(gateway).status == 200
    wait_until(lambda: quota._spent["tenant acme"].streams == 0)
    assert quota._spent["tenant acme"].day_nusd == 11 * 2500 + 5 * 10_000  # gpt-4o: 2.5 and 10 USD per million
    unknown = ask(gateway, body=chat() | {"model": "nobodys-model"})
    assert unknown.status == 400
    assert "no price is known" in unknown.json["error"]["message"]


@pytest.mark.parametrize("limits", ["[policies.a]\nusd_per_day = 1", "[policies.a]\nanswer_tokens = 9"])
def test_what_is_hidden_in_a_compressed_body_is_refused(start: Start, limits: str) -> None:
    """A limit that cannot be seen to is not silently dropped."""
    gateway = start(toml=limits)
    hidden = gzip.compress(json.dumps(chat()).encode())
    answer = ask(gateway, body=hidden, x_sparing_policy="a", content_encoding="gzip")
    assert (answer.status, "compressed" in answer.body.decode()) == (400, True)
    assert ask(gateway, body=hidden, content_encoding="gzip").status == 200


def test_without_a_model_there_is_no_price(start: Start) -> None:
    """And where money is limited, no answer, however the body is treated."""
    gateway = start(toml="[policies.a]\nusd_per_day = 1")
    body = {"messages": chat()["messages"]}
    assert ask(gateway, body=body, x_sparing_policy="a", x_sparing_mode="off").status == 400
    assert ask(gateway, body=body).status == 200


@pytest.mark.parametrize(("spare", "status", "sent"), [(-1, 400, [False]), (0, 200, [False, True])])
def test_the_original_is_sent_where_that_is_allowed_too(
    start: Start, upstream: ScriptedUpstream, spare: int, status: int, sent: list[bool]
) -> None:
    """A provider that will not have the reduced request is sent the longer one only within the limits."""

    async def picky(seen: Seen, out: Out) -> None:
        is_short = FILLER.encode() not in seen.body
        await out.json({"error": {"message": "short"}} if is_short else {"id": "fine"}, 400 if is_short else 200)

    upstream.script = picky
    body = chat("Where is it?" + FILLER, max_tokens=10)
    most = len(json.dumps(body)) + 10 + spare  # the whole prompt, which counts by its bytes here, and the answer
    gateway = start(reduce=FakeReduce(), toml=tenant(f"tokens_per_minute = {most}"), quota=Held())
    assert ask(gateway, body=body).status == status
    assert [FILLER.encode() in seen.body for seen in upstream.seen] == sent
