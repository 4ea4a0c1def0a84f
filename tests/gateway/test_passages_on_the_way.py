"""Passages on the way of a request: budgets, time, failures, caches, who may ask, metrics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google import genai
from google.genai import types
from raw_client import CHAT, request, wait_until
from running_gateway import ALL, RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from store_gateway import (
    ALICE,
    BOB,
    BORNE_OUT,
    CAPITAL,
    MADE_UP,
    PROSE,
    QUESTION,
    SECRET,
    lines,
    put,
    says,
    settings,
    talk,
)
from store_gateway import ask_kb as ask

from sparing.core.receipt import Receipt
from sparing.core.retrieval import Retrieval
from sparing.gateway.caches import with_cache
from sparing.generate.upstream import HttpUpstream
from sparing.record.retrievals import RetrievalLog
from sparing.retrieve.store.where import open_store
from sparing.settings.cache import CacheSettings

Start = Callable[..., RunningGateway]


def test_the_passages_count_against_a_budget(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """The conversation gets what they leave; the receipt tells both, and the passages beside the inline document."""
    gateway = start(toml=settings(store, audit), policy={"deadline_ms": 60_000})
    body = talk(f"{PROSE}\n\n{QUESTION}")
    assert ask(gateway, body, x_sparing_budget="600").status == 200
    receipt = gateway.recorder.wait_for(1)[0]
    assert receipt.retrieved_tokens > 100
    assert receipt.tokens_after + receipt.retrieved_tokens <= 600
    assert CAPITAL in upstream.seen[-1].body.decode()


def test_what_came_inline_and_what_was_fetched_stand_in_one_account(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """The document is cut and searched by the question and planned like a passage: what each leaves out, and its hash."""
    gateway = start(toml=settings(store, audit), policy={"deadline_ms": 60_000})
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": PROSE}}
    asked = {"type": "text", "text": "Which ship is in paragraph 50? And what is the capital of France?"}
    body = {
        "model": "claude-x",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [document, asked]}],
    }
    assert ask(gateway, body, path="/v1/messages").status == 200
    receipt = gateway.recorder.wait_for(1)[0]
    kinds = {span.kind: span for span in receipt.spans}
    assert kinds["document"].elided > 0
    assert kinds["document"].tokens_after < kinds["document"].tokens_before
    assert kinds["passage"].label == "[1] geo.md, lines 1-1"
    sent = upstream.seen[-1].body.decode()
    assert "ship number 350" in sent
    assert CAPITAL in sent


@pytest.mark.parametrize("turns", [3, 5])
def test_earlier_turns_are_sent_as_without_a_store(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, turns: int
) -> None:
    """Passages stand in the turn that asks for them alone, so all that a provider cached before it is what it was."""
    gateway = start(toml=settings(store, audit), policy={"deadline_ms": 60_000})
    said = [
        QUESTION,
        "Paris.",
        f"{PROSE}\n\nWhich ship is in paragraph 9, and what is the capital of France?",
        "Number 63.",
        "And the capital of France?",
    ]
    ask(gateway, talk(*said[:turns]))
    with_passages = upstream.seen[-1].json["messages"]
    ask(gateway, talk(*said[:turns]), x_sparing_store="none")
    without = upstream.seen[-1].json["messages"]
    assert with_passages[:-1] == without[:-1]
    assert with_passages[-1] != without[-1]
    assert with_passages[-1]["content"].endswith(said[turns - 1][-20:])


def test_a_store_that_hangs_holds_up_its_own_request_only(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on without passages when its time is up, or is refused where they are required; others go on meanwhile."""
    hangs = threading.Event()

    def hang(*_: Any, **__: Any) -> Any:
        hangs.wait(20)
        raise ValueError("over")

    monkeypatch.setattr("sparing.gateway.stores.retrieve", hang)
    gateway = start(toml=settings(store, audit, policy="store_required = true"))
    try:
        late = ask(gateway, talk(QUESTION), x_sparing_deadline_ms="50")
        assert late.status == 200
        assert late.header("x-sparing-retrieved") == "none from kb: it took too long"
        required = ask(gateway, talk(QUESTION), x_sparing_policy="grounded", x_sparing_deadline_ms="50")
        assert required.status == 503
        assert ask(gateway, talk(f"{PROSE}\n\n{QUESTION}"), x_sparing_store="none").status == 200
        assert request(gateway.url, "/healthz", method="GET").status == 200
    finally:
        hangs.set()
    assert {line.outcome for line in lines(audit, 2)} == {"failed"}


@pytest.mark.parametrize("name", ["none", "theirs", "nosuch"])
def test_passages_that_a_policy_requires_cannot_be_declined(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, name: str
) -> None:
    """Nor can those of another store take their place."""
    gateway = start(toml=settings(store, audit, policy="store_required = true"))
    reply = ask(gateway, talk(QUESTION), x_sparing_policy="grounded", x_sparing_store=name)
    assert reply.status == 400
    assert upstream.seen == []


def test_a_failure_of_whatever_kind_costs_the_passages_only(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are for the log."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError("/srv/secret/path")

    monkeypatch.setattr("sparing.gateway.stores.retrieve", fail)
    reply = ask(start(toml=settings(store, audit)), talk(QUESTION))
    assert reply.status == 200
    assert reply.header("x-sparing-retrieved") == "none from kb: it cannot be searched"
    assert "/srv" not in str(reply.headers)


def test_a_store_made_anew_is_read_anew(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> None:
    """What was in the old file is not sent once another stands there."""
    gateway = start(toml=settings(store, audit))
    ask(gateway, talk(QUESTION))
    assert CAPITAL in upstream.seen[-1].body.decode()
    for file in store.parent.glob("kb.db*"):
        file.unlink()
    put(store, "new.md", "The capital of France was Versailles.", "tenant:acme")
    ask(gateway, talk(QUESTION))
    assert CAPITAL not in upstream.seen[-1].body.decode()
    assert "Versailles" in upstream.seen[-1].body.decode()


def test_what_is_taken_away_is_not_sent_again(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """Not even to the same question: nothing that was found is kept."""
    gateway = start(toml=settings(store, audit))
    ask(gateway, talk(QUESTION))
    writing = open_store(store, write=True)
    writing.remove(["geo.md"])
    writing.close()
    ask(gateway, talk(QUESTION))
    assert CAPITAL not in upstream.seen[-1].body.decode()


def test_a_cached_answer_is_for_the_same_passages_only(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, tmp_path: Path
) -> None:
    """Not for another tenant, not once a passage changed, and never by likeness."""
    cache = CacheSettings(mode="semantic", store="memory")
    cached = with_cache(dict.fromkeys(ALL, HttpUpstream(upstream.url)), cache, tmp_path / "answers.sqlite")
    gateway = start(toml=settings(store, audit), upstreams=cached)
    body = talk(QUESTION, temperature=0)
    assert ask(gateway, body).header("x-sparing-cache") == "miss"
    assert ask(gateway, body).header("x-sparing-cache") in ("hit", "shared")
    assert ask(gateway, body, BOB).header("x-sparing-cache") == "miss"
    assert SECRET.encode() not in upstream.seen[0].body
    put(store, "geo.md", "The capital of France is Paris, on the river Seine.", "tenant:acme")
    assert ask(gateway, body).header("x-sparing-cache") == "miss"
    assert ask(gateway, body, x_sparing_cache="semantic").header("x-sparing-cache") in ("hit", "shared")


def test_one_tenants_citations_move_nobody_elses_ranking(
    start: Start, upstream: ScriptedUpstream, tmp_path: Path, audit: Path
) -> None:
    """Two passages that fit alike: what Acme's answers cited comes first for Acme; for Globex nothing changes."""
    store = tmp_path / "two.db"
    for name in ("one.md", "two.md"):
        put(store, name, f"The capital of France is in {name.removesuffix('.md')}, say some people.")
    gateway = start(toml=settings(store, audit))
    ask(gateway, talk(QUESTION))
    before = [passage.source for passage in lines(audit, 1)[0].passages]
    line = lines(audit, 1)[0]
    with RetrievalLog(audit) as log:
        cited = before[1]
        seen = tuple(type(p)(p.source, p.place, p.digest, sent=True, cited=p.source == cited) for p in line.passages)
        many = range(60)
        log.add([_cited(line, f"past{n}", seen) for n in many])
    gateway.stop()
    gateway = start(toml=settings(store, audit, policy="store_feedback = false"))
    ask(gateway, talk(QUESTION))
    wait_until(lambda: len(lines(audit, 62)) == 62)
    assert [p.source for p in lines(audit, 62)[0].passages] == before[::-1]
    ask(gateway, talk(QUESTION), BOB)
    wait_until(lambda: len(lines(audit, 63)) == 63)
    assert [p.source for p in lines(audit, 63)[0].passages] == before
    ask(gateway, talk(QUESTION), x_sparing_policy="grounded")
    wait_until(lambda: len(lines(audit, 64)) == 64)
    assert [p.source for p in lines(audit, 64)[0].passages] == before


def _cited(line: Retrieval, name: str, passages: tuple[Any, ...]) -> Retrieval:
    from dataclasses import replace

    return replace(line, id=name, created_s=line.created_s - 3600, passages=passages, claims=2, reached=True)


def test_a_store_may_be_for_a_project_or_a_key(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """``acme/alice`` is; a name that only begins alike is not."""
    toml = (
        settings(store, audit)
        + f"""
[stores.hers]
where = "{store}"
tenants = ["acme/alice"]
[stores.alike]
where = "{store}"
tenants = ["acme/ali"]
"""
    )
    gateway = start(toml=toml)
    assert ask(gateway, talk(QUESTION), x_sparing_store="hers").status == 200
    assert ask(gateway, talk(QUESTION), x_sparing_store="alike").status == 403
    assert ask(gateway, talk(QUESTION), BOB, x_sparing_store="hers").status == 403


def test_metrics_count_what_came_of_it(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> None:
    """Requests by outcome, passages by how far they came, sentences, time."""
    upstream.script = says(f"{BORNE_OUT} {MADE_UP}")
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'))
    ask(gateway, talk(QUESTION), x_sparing_policy="grounded")
    ask(gateway, talk(QUESTION), x_sparing_store="theirs")
    lines(audit, 2)
    told = request(gateway.url, "/metrics", method="GET").body.decode()
    for expected in (
        'sparing_retrieval_requests_total{outcome="sent"} 1.0',
        'sparing_retrieval_requests_total{outcome="refused"} 1.0',
        'sparing_retrieval_passages_total{stage="cited"} 1.0',
        'sparing_retrieval_claims_total{outcome="unsupported"} 1.0',
        "sparing_retrieval_seconds_count 2.0",
    ):
        assert expected in told
    served = request(gateway.url, "/openapi.json", method="GET").json["paths"]
    assert "/sparing/feedback" in served
    assert "x-sparing-store" in {one["name"] for one in served[CHAT]["post"]["parameters"]}


def test_geminis_client_is_refused_in_its_own_format(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """A store that is not there, and one that is."""
    gateway = start(toml=settings(store, audit))
    options = types.HttpOptions(
        base_url=gateway.url, retry_options=types.HttpRetryOptions(attempts=1), headers={"x-sparing-store": "nosuch"}
    )
    with genai.Client(api_key=ALICE, http_options=options) as client:
        with pytest.raises(genai.errors.ClientError) as refused:
            client.models.generate_content(model="gemini-2.5-flash", contents=QUESTION)
        assert refused.value.status == "PERMISSION_DENIED"
    options.headers = {"x-sparing-store": "kb"}
    with genai.Client(api_key=ALICE, http_options=options) as client:
        client.models.generate_content(model="gemini-2.5-flash", contents=QUESTION)
    assert CAPITAL in upstream.seen[-1].body.decode()


def passages_in(receipt: Receipt) -> int:
    return sum(span.kind == "passage" for span in receipt.spans)


def test_a_request_that_went_nowhere_reached_no_model(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """What was planned is written down, and that nobody read it: nothing is learned from that."""

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json({"error": {"message": "no"}}, 500)

    upstream.script = refuse
    gateway = start(toml=settings(store, audit))
    assert ask(gateway, talk(QUESTION)).status == 500
    line = lines(audit, 1)[0]
    assert (line.reached, sum(passage.sent for passage in line.passages)) == (False, 1)
    assert passages_in(gateway.recorder.wait_for(1)[0]) == 1
