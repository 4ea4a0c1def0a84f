"""Policies at the gateway: who is let in, how it is treated, what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from fake_reduce import FILLER, FakeReduce
from raw_client import CHAT, MESSAGES, chat, request
from running_gateway import RunningGateway
from scripted_upstream import ScriptedUpstream
from tenants_gateway import GEMINI, KEY, ask, tenant

Start = Callable[..., RunningGateway]
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
