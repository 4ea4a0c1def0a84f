"""Policies, tenants and quotas at the gateway: who is let in, how it is treated, what it is told."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fake_reduce import FILLER, FakeReduce
from raw_client import CHAT, MESSAGES, Reply, chat, request, wait_until
from running_gateway import RunningGateway, run_gateway
from scripted_upstream import Out, ScriptedUpstream, Seen

from sparing.plan.quota.memory import MemoryQuota
from sparing.plan.quota.sqlite import SqliteQuota

Start = Callable[..., RunningGateway]
KEY = "sk-sparing-alice"
GEMINI = "/v1beta/models/gemini-2.5-flash:generateContent"
POLICIES = """
[policies.support]
effort = "safe"
answer_tokens = 300
reasoning = "low"

[policies.review]
effort = "max"

[models.helper]
model = "gpt-4o-mini"
policy = "support"

[rules.claude]
policy = "review"
model = "claude-*"
"""


PRICED = """
[upstream]
openai_url = "http://127.0.0.1:9" # tells no seller, so prices go by the name of the model
"""


def tenant(limits: str, *, project: str = "", key: str = "") -> str:
    return f"""
[tenants.acme]
{limits}
[tenants.acme.projects.web]
{project}
[tenants.acme.projects.web.keys.alice]
sha256 = "{sha256(KEY.encode()).hexdigest()}"
{key}
"""


def ask(gateway: RunningGateway, path: str = CHAT, body: Any = None, **headers: str) -> Reply:
    """A request with a key, in the way that any client may send it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(gateway.url, path, body or chat(), {"authorization": f"Bearer {KEY}", **named})


class Held(MemoryQuota):
    """Quotas at a time that a test sets."""

    def __init__(self) -> None:
        self.s = 1_790_000_000.0
        super().__init__(lambda: self.s)


def test_the_header_chooses_a_policy(start: Start, upstream: ScriptedUpstream) -> None:
    """Its effort and its ceiling hold, the answer names it, the receipt too."""
    fake = FakeReduce()
    gateway = start(reduce=fake, toml=POLICIES)
    answer = ask(gateway, x_sparing_policy="support")
    assert answer.header("x-sparing-policy") == "support"
    assert fake.calls[0]["policy"].effort == "safe"
    assert upstream.seen[0].json["max_tokens"] == 300
    assert gateway.recorder.wait_for(1)[0].policy == "support"


@pytest.mark.parametrize("path", [CHAT, MESSAGES, GEMINI, "/v1/responses"])
def test_an_unknown_policy_is_refused_in_the_callers_format(
    start: Start, upstream: ScriptedUpstream, path: str
) -> None:
    """A typed 400 that lists those that there are."""
    answer = ask(start(toml=POLICIES), path, x_sparing_policy="suport")
    assert answer.status == 400
    assert "support, review" in answer.json["error"]["message"]
    assert path in (MESSAGES, GEMINI) or answer.json["error"]["code"] == "unknown_policy"
    assert not upstream.seen


def test_an_alias_is_asked_by_its_real_name(start: Start, upstream: ScriptedUpstream) -> None:
    """The upstream sees the model, in the body or in the path; every other byte is the caller's."""
    fake = FakeReduce()
    gateway = start(reduce=fake, toml=POLICIES.replace('reasoning = "low"', "").replace("answer_tokens = 300", ""))
    sent = json.dumps(chat() | {"model": "helper"}, indent=3).encode()
    ask(gateway, body=sent)
    assert upstream.seen[0].body == sent.replace(b'"helper"', b'"gpt-4o-mini"')
    assert fake.calls[0]["policy"].effort == "safe"
    ask(gateway, GEMINI.replace("gemini-2.5-flash", "helper"), {"contents": [{"parts": [{"text": "hi"}]}]})
    assert upstream.seen[1].path == GEMINI.replace("gemini-2.5-flash", "gpt-4o-mini")


def test_a_rule_finds_the_policy(start: Start) -> None:
    """By what the request looks like, where nobody said."""
    fake = FakeReduce()
    gateway = start(reduce=fake, toml=POLICIES)
    answer = ask(gateway, MESSAGES, chat() | {"model": "claude-opus-4-1"})
    assert (answer.header("x-sparing-policy"), fake.calls[0]["policy"].effort) == ("review", "max")
    assert ask(gateway).header("x-sparing-policy") is None


def test_the_callers_headers_stand_above_the_policy(start: Start) -> None:
    """As they stand above the settings."""
    fake = FakeReduce()
    ask(start(reduce=fake, toml=POLICIES), x_sparing_policy="support", x_sparing_effort="max")
    assert fake.calls[0]["policy"].effort == "max"


def test_a_hard_budget_can_only_be_lowered(start: Start) -> None:
    """No header raises it or goes around it."""
    fake = FakeReduce()
    gateway = start(reduce=fake, toml="[policies.a]\nbudget_tokens = 500\nbudget = 'hard'")
    for asked, got in ((None, 500), ("9000", 500), ("80", 80)):
        ask(gateway, x_sparing_policy="a", **({"x_sparing_budget": asked} if asked else {}))
        assert fake.calls[-1]["budget"].input_tokens == got
    assert ask(gateway, x_sparing_policy="a", x_sparing_mode="off").status == 400
    assert ask(gateway, x_sparing_policy="a", x_sparing_effort="off").status == 400


def test_a_soft_budget_that_cannot_be_held_is_not_refused(start: Start, upstream: ScriptedUpstream) -> None:
    """The request goes out as small as it gets; a hard one is refused."""
    gateway = start(toml="[policies.s]\nbudget_tokens = 5\n[policies.h]\nbudget_tokens = 5\nbudget = 'hard'")
    long = chat("Why is the sky blue, and what has the sea to do with it?")
    assert ask(gateway, body=long, x_sparing_policy="s").status == 200
    assert ask(gateway, body=long, x_sparing_policy="h").status == 400
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("path", "status_name"),
    [(CHAT, "invalid_api_key"), (MESSAGES, "authentication_error"), (GEMINI, "UNAUTHENTICATED")],
)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-nobody"}])
def test_only_known_keys_are_let_in(
    start: Start, upstream: ScriptedUpstream, path: str, status_name: str, headers: dict[str, str]
) -> None:
    """401 in the caller's format, also for paths that are only passed on."""
    gateway = start(toml=tenant(""))
    answer = request(gateway.url, path, chat(), headers)
    assert answer.status == 401
    assert status_name in answer.body.decode()
    assert request(gateway.url, "/v1/models", method="GET", headers=headers).status == 401
    assert not upstream.seen


@pytest.mark.parametrize("name", ["x-api-key", "api-key", "x-goog-api-key", "?key="])
def test_a_key_may_come_in_any_clients_way(start: Start, upstream: ScriptedUpstream, name: str) -> None:
    """And it stays here: the upstream is sent the gateway's own."""
    gateway = start(toml=tenant(""), key="sk-upstream")
    if name == "?key=":
        answer = request(gateway.url, f"{GEMINI}?alt=json&key={KEY}", {"contents": [{"parts": [{"text": "hi"}]}]})
        assert upstream.seen[0].path == f"{GEMINI}?alt=json"
    else:
        answer = request(gateway.url, CHAT, chat(), {name: KEY})
    assert answer.status == 200
    sent = upstream.seen[0]
    assert KEY not in str(sent.headers)
    assert "sk-upstream" in str(sent.headers)


def test_a_key_chooses_among_its_own_policies(start: Start) -> None:
    """Its default without a word, others of its list by header, none that is not in it."""
    fake = FakeReduce()
    gateway = start(reduce=fake, toml=POLICIES + tenant("", key='policy = "support"'))
    assert ask(gateway).header("x-sparing-policy") == "support"
    refused = ask(gateway, x_sparing_policy="review")
    assert (refused.status, refused.json["error"]["code"]) == (403, "not_allowed")
    listed = start(reduce=fake, toml=POLICIES + tenant("", key='policy = "support"\npolicies = ["support", "review"]'))
    assert ask(listed, x_sparing_policy="review").header("x-sparing-policy") == "review"


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


def test_a_policy_cannot_be_named_where_there_are_none(start: Start, upstream: ScriptedUpstream) -> None:
    """Nobody is to believe that it holds."""
    answer = ask(start(), x_sparing_policy="support")
    assert (answer.status, answer.json["error"]["code"]) == (400, "unknown_policy")
    assert not upstream.seen


def test_without_policies_and_tenants_nothing_changes(start: Start, upstream: ScriptedUpstream) -> None:
    """The caller's key is passed on, and nothing is said of policies."""
    answer = ask(start(reduce=FakeReduce()), body=chat("hi" + FILLER))
    assert upstream.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert not [name for name, _ in answer.headers if "policy" in name or "ratelimit" in name]
