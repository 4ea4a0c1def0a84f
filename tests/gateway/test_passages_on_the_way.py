"""Passages on the way of a request: budgets, time, failures, second tries, caches, metrics, official clients."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import pytest
from google import genai
from google.genai import types
from raw_client import CHAT, Reply, connect, request, wait_until
from running_gateway import ALL, RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from store_gateway import ALICE, BOB, CAPITAL, SECRET, fill, settings

from sparing.core.passage import Chunk, Document
from sparing.core.receipt import Receipt
from sparing.gateway.caches import with_cache
from sparing.generate.upstream import HttpUpstream
from sparing.record.retrievals import Retrieval, RetrievalLog
from sparing.retrieve.store.where import open_store
from sparing.settings.cache import CacheSettings

Start = Callable[..., RunningGateway]
QUESTION = "What is the capital of France?"
PROSE = " ".join(f"Paragraph {n} tells of the harbour, its cranes, and ship number {n * 7}." for n in range(400))


def chat(*words: str, **fields: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    return {
        "model": "gpt-4o",
        "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(words)],
        **fields,
    }


@pytest.fixture
def store(tmp_path: Path) -> Path:
    fill(tmp_path / "kb.db", "geo.md", "legal.md", "secret.md")
    return tmp_path / "kb.db"


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return tmp_path / "audit.sqlite"


def ask(gateway: RunningGateway, body: Any, key: str = ALICE, path: str = CHAT, **headers: str) -> Reply:
    named = {"x-sparing-store": "kb"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return request(gateway.url, path, body, {"authorization": f"Bearer {key}", **named})


def lines(audit: Path, num: int) -> list[Retrieval]:
    """The audit, newest first, once so many lines are there."""

    def read() -> list[Retrieval]:
        if not audit.is_file():
            return []
        with RetrievalLog(audit) as log:
            return log.recent(100)

    wait_until(lambda: len(read()) >= num)
    return read()


def put(path: Path, source: str, text: str, *labels: str) -> None:
    with_store = open_store(path, write=True)
    chunk = Chunk(0, len(text), place="all")
    with_store.put(Document(source, text, source + str(len(text)), (chunk,), frozenset(labels)), None)
    with_store.close()


def test_the_passages_count_against_a_budget(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """The conversation gets what they leave; the receipt tells both, and the passages beside the inline document."""
    gateway = start(toml=settings(store, audit), policy={"deadline_ms": 60_000})
    body = chat(f"{PROSE}\n\n{QUESTION}")
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
    ask(gateway, chat(*said[:turns]))
    with_passages = upstream.seen[-1].json["messages"]
    ask(gateway, chat(*said[:turns]), x_sparing_store="none")
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
        late = ask(gateway, chat(QUESTION), x_sparing_deadline_ms="50")
        assert late.status == 200
        assert late.header("x-sparing-retrieved") == "none from kb: it took too long"
        required = ask(gateway, chat(QUESTION), x_sparing_policy="grounded", x_sparing_deadline_ms="50")
        assert required.status == 503
        assert ask(gateway, chat(f"{PROSE}\n\n{QUESTION}"), x_sparing_store="none").status == 200
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
    reply = ask(gateway, chat(QUESTION), x_sparing_policy="grounded", x_sparing_store=name)
    assert reply.status == 400
    assert upstream.seen == []


def test_a_failure_of_whatever_kind_costs_the_passages_only(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words are for the log."""

    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError("/srv/secret/path")

    monkeypatch.setattr("sparing.gateway.stores.retrieve", fail)
    reply = ask(start(toml=settings(store, audit)), chat(QUESTION))
    assert reply.status == 200
    assert reply.header("x-sparing-retrieved") == "none from kb: it cannot be searched"
    assert "/srv" not in str(reply.headers)


def test_a_store_made_anew_is_read_anew(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> None:
    """What was in the old file is not sent once another stands there."""
    gateway = start(toml=settings(store, audit))
    ask(gateway, chat(QUESTION))
    assert CAPITAL in upstream.seen[-1].body.decode()
    for file in store.parent.glob("kb.db*"):
        file.unlink()
    put(store, "new.md", "The capital of France was Versailles.", "tenant:acme")
    ask(gateway, chat(QUESTION))
    assert CAPITAL not in upstream.seen[-1].body.decode()
    assert "Versailles" in upstream.seen[-1].body.decode()


def test_what_is_taken_away_is_not_sent_again(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """Not even to the same question: nothing that was found is kept."""
    gateway = start(toml=settings(store, audit))
    ask(gateway, chat(QUESTION))
    writing = open_store(store, write=True)
    writing.remove(["geo.md"])
    writing.close()
    ask(gateway, chat(QUESTION))
    assert CAPITAL not in upstream.seen[-1].body.decode()


def says(*answers: str) -> Callable[[Seen, Out], Any]:
    """A provider that says these, one after the other, in JSON that is laid out its own way."""
    left = list(answers)

    async def script(seen: Seen, out: Out) -> None:
        text = left.pop(0) if len(left) > 1 else left[0]
        usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
        if seen.json.get("stream"):
            await out.start_events()
            choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
            await out.event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})
            await out.event("[DONE]")
            await out.end()
            return
        message = {"role": "assistant", "content": text}
        value = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
        data = json.dumps(value, indent=3).encode()
        await out.head(200, {"content-type": "application/json", "content-length": str(len(data))})
        await out.raw(data)

    return script


BORNE_OUT = "The capital of France is Paris [1]."
MADE_UP = "It was founded by seven sisters in 1412 [1]."


def test_of_a_checked_answer_only_the_sentence_changes(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """Byte for byte; the header and the receipt say how many sentences were not borne out."""
    upstream.script = says(f"{BORNE_OUT} {MADE_UP}")
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'))
    plain = ask(gateway, chat(QUESTION), x_sparing_policy="grounded", x_sparing_store="none")
    reply = ask(gateway, chat(QUESTION), x_sparing_policy="grounded")
    assert reply.body == plain.body.replace(MADE_UP.encode(), f"{MADE_UP} [unsupported]".encode())
    assert reply.header("x-sparing-checked") == "1 of 2 unsupported"
    receipt = gateway.recorder.wait_for(2)[1]
    assert (receipt.claims, receipt.unsupported) == (2, 1)


@pytest.fixture
def long_store(tmp_path: Path) -> Path:
    """Several long passages about the same."""
    for number in range(6):
        put(tmp_path / "long.db", f"{number}.md", f"The capital of France, part {number}. {PROSE[: 900 + number]}")
    return tmp_path / "long.db"


WIDER = 'store_check = "mark"\nstore_wider = 3\nstore_tokens = 300'


def open_to_all(store: Path, audit: Path, policy: str) -> str:
    return (
        f'[retrieval]\naudit_path = "{audit}"\n[stores.kb]\nwhere = "{store}"\n'
        f'[policies.grounded]\nstore = "kb"\nanswer_tokens = 77\n{policy}\n'
    )


def test_an_answer_that_nothing_bears_out_is_asked_for_once_more(
    start: Start, upstream: ScriptedUpstream, long_store: Path, audit: Path
) -> None:
    """With more passages and the same limits; what both answers cost is counted, and the audit says so."""
    better = "Paragraph 0 tells of the harbour, its cranes, and ship number 0 [1]."
    upstream.script = says(MADE_UP, better)
    gateway = start(toml=open_to_all(long_store, audit, WIDER), policy={"deadline_ms": 60_000})
    reply = ask(gateway, chat(QUESTION), x_sparing_policy="grounded", x_sparing_store="kb")
    assert reply.json["choices"][0]["message"]["content"] == better
    first, second = upstream.seen
    assert len(second.body) > len(first.body) * 1.5
    assert second.json["max_tokens"] == 77
    receipt = gateway.recorder.wait_for(1)[0]
    assert (receipt.usage_input_tokens, receipt.usage_output_tokens) == (200, 14)
    assert len([span for span in receipt.spans if span.kind == "passage"]) > 1
    line = lines(audit, 1)[0]
    assert line.wider
    assert sum(passage.sent for passage in line.passages) > 1


@pytest.mark.parametrize("stream", [True, False])
def test_no_more_is_asked_than_that(
    start: Start, upstream: ScriptedUpstream, long_store: Path, audit: Path, stream: bool
) -> None:
    """A second answer is the last; a stream is passed on as it comes, and checked."""
    upstream.script = says(MADE_UP)
    gateway = start(toml=open_to_all(long_store, audit, WIDER), policy={"deadline_ms": 60_000})
    reply = ask(gateway, chat(QUESTION, stream=stream), x_sparing_policy="grounded")
    assert MADE_UP in reply.body.decode()
    assert len(upstream.seen) == (1 if stream else 2)
    wait_until(lambda: lines(audit, 1)[0].unsupported == 1)
    assert lines(audit, 1)[0].wider is not stream


def test_there_is_no_second_try_without_more_to_read(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path
) -> None:
    """The answer is marked, and its tokens are counted once."""
    upstream.script = says(MADE_UP)
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"\nstore_wider = 3'))
    reply = ask(gateway, chat(QUESTION), x_sparing_policy="grounded")
    assert reply.json["choices"][0]["message"]["content"] == f"{MADE_UP} [unsupported]"
    assert len(upstream.seen) == 1
    assert gateway.recorder.wait_for(1)[0].usage_input_tokens == 100
    assert not lines(audit, 1)[0].wider


@pytest.mark.parametrize("query", ["?alt=sse", ""])
def test_geminis_streams_pass_as_they_come_and_are_checked(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, query: str
) -> None:
    """As events, and as an array that grows: the first piece goes out before the last has come."""
    last = threading.Event()

    async def script(_seen: Seen, out: Out) -> None:
        pieces = [
            json.dumps({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": end}]})
            for text, end in ((BORNE_OUT, None), (f" {MADE_UP}", "STOP"))
        ]
        kind = "text/event-stream" if query else "application/json"
        await out.head(200, {"content-type": kind, "transfer-encoding": "chunked"})
        await out.chunk((f"data: {pieces[0]}\n\n" if query else f"[{pieces[0]}").encode())
        await asyncio.to_thread(last.wait, 20)
        await out.chunk((f"data: {pieces[1]}\n\n" if query else f",{pieces[1]}]").encode())
        await out.end()

    upstream.script = script
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'))
    connection = connect(gateway.url)
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]})
    headers = {"x-goog-api-key": ALICE, "x-sparing-policy": "grounded", "content-type": "application/json"}
    connection.request("POST", f"/v1beta/models/gemini-2.5-flash:streamGenerateContent{query}", body, headers)
    response = connection.getresponse()
    assert BORNE_OUT in response.read1().decode()
    last.set()
    assert "[unsupported]" not in response.read().decode()
    connection.close()
    wait_until(lambda: len(lines(audit, 1)) == 1)
    assert (lines(audit, 1)[0].claims, lines(audit, 1)[0].unsupported) == (2, 1)


def test_a_cached_answer_is_for_the_same_passages_only(
    start: Start, upstream: ScriptedUpstream, store: Path, audit: Path, tmp_path: Path
) -> None:
    """Not for another tenant, not once a passage changed, and never by likeness."""
    cache = CacheSettings(mode="semantic", store="memory")
    cached = with_cache(dict.fromkeys(ALL, HttpUpstream(upstream.url)), cache, tmp_path / "answers.sqlite")
    gateway = start(toml=settings(store, audit), upstreams=cached)
    body = chat(QUESTION, temperature=0)
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
    ask(gateway, chat(QUESTION))
    before = [passage.source for passage in lines(audit, 1)[0].passages]
    line = lines(audit, 1)[0]
    with RetrievalLog(audit) as log:
        cited = before[1]
        seen = tuple(type(p)(p.source, p.place, p.digest, sent=True, cited=p.source == cited) for p in line.passages)
        many = range(60)
        log.add([_cited(line, f"past{n}", seen) for n in many])
    gateway.stop()
    gateway = start(toml=settings(store, audit, policy="store_feedback = false"))
    ask(gateway, chat(QUESTION))
    wait_until(lambda: len(lines(audit, 62)) == 62)
    assert [p.source for p in lines(audit, 62)[0].passages] == before[::-1]
    ask(gateway, chat(QUESTION), BOB)
    wait_until(lambda: len(lines(audit, 63)) == 63)
    assert [p.source for p in lines(audit, 63)[0].passages] == before
    ask(gateway, chat(QUESTION), x_sparing_policy="grounded")
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
    assert ask(gateway, chat(QUESTION), x_sparing_store="hers").status == 200
    assert ask(gateway, chat(QUESTION), x_sparing_store="alike").status == 403
    assert ask(gateway, chat(QUESTION), BOB, x_sparing_store="hers").status == 403


def test_metrics_count_what_came_of_it(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> None:
    """Requests by outcome, passages by how far they came, sentences, time."""
    upstream.script = says(f"{BORNE_OUT} {MADE_UP}")
    gateway = start(toml=settings(store, audit, policy='store_check = "mark"'))
    ask(gateway, chat(QUESTION), x_sparing_policy="grounded")
    ask(gateway, chat(QUESTION), x_sparing_store="theirs")
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


@pytest.fixture
def checked(start: Start, upstream: ScriptedUpstream, store: Path, audit: Path) -> RunningGateway:
    return start(toml=settings(store, audit, policy='store_check = "remove"'))


def test_anthropics_client_reads_a_checked_answer(checked: RunningGateway, upstream: ScriptedUpstream) -> None:
    """What the passage bears out, though the model cites nothing; and cited for it."""
    client = anthropic.Anthropic(base_url=checked.url, api_key=ALICE, max_retries=0)
    message = client.messages.create(
        model="claude-x",
        max_tokens=50,
        messages=[{"role": "user", "content": QUESTION}],
        extra_headers={"x-sparing-policy": "grounded"},
    )
    client.close()
    assert CAPITAL in upstream.seen[-1].body.decode()
    assert [block.text for block in message.content if block.type == "text"] == ["The capital is Paris. [1]"]


def test_an_answer_of_which_nothing_is_left_is_a_refusal(checked: RunningGateway, upstream: ScriptedUpstream) -> None:
    """That says what was looked at."""
    upstream.script = says(MADE_UP)
    reply = ask(checked, chat(QUESTION), x_sparing_policy="grounded")
    said = reply.json["choices"][0]["message"]["content"]
    assert said.startswith("I found no answer")
    assert "geo.md" in said


def test_geminis_client_is_refused_in_its_own_format(checked: RunningGateway, upstream: ScriptedUpstream) -> None:
    """A store that is not there, and one that is."""
    options = types.HttpOptions(
        base_url=checked.url, retry_options=types.HttpRetryOptions(attempts=1), headers={"x-sparing-store": "nosuch"}
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
    assert ask(gateway, chat(QUESTION)).status == 500
    line = lines(audit, 1)[0]
    assert (line.reached, sum(passage.sent for passage in line.passages)) == (False, 1)
    assert passages_in(gateway.recorder.wait_for(1)[0]) == 1
