"""Gateways with a store of two tenants' documents behind them: what is asked, what is said, what is written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from raw_client import CHAT, Reply, request, wait_until
from running_gateway import RunningGateway
from scripted_upstream import Out, Seen

from sparing.core.passage import Chunk, Document
from sparing.core.retrieval import Retrieval
from sparing.record.retrievals import RetrievalLog
from sparing.retrieve.store.where import open_store

ALICE, BOB = "sk-sparing-alice", "sk-sparing-bob"
CAPITAL = "The capital of France is Paris. It lies on the Seine."
LEGAL = "The capital of the company may be raised by a vote of the board only."
SECRET = "The capital reserve of Globex is 900 million euros, kept in Zurich."
QUESTION = "What is the capital of France?"
PROSE = " ".join(f"Paragraph {n} tells of the harbour, its cranes, and ship number {n * 7}." for n in range(400))
BORNE_OUT = "The capital of France is Paris [1]."
MADE_UP = "It was founded by seven sisters in 1412 [1]."
DOCUMENTS = {
    "geo.md": (CAPITAL, {"tenant:acme"}),
    "legal.md": (LEGAL, {"tenant:acme", "group:legal"}),
    "secret.md": (SECRET, {"tenant:globex"}),
}


def fill(path: Path, *sources: str) -> None:
    """Put these documents into a store of words."""
    store = open_store(path, write=True)
    for source in sources:
        text, labels = DOCUMENTS[source]
        chunk = Chunk(0, len(text), heads="", place="lines 1-1")
        store.put(Document(source, text, sha256(text.encode()).hexdigest(), (chunk,), frozenset(labels)), None)
    store.close()


def settings(store: Path, audit: Path, *, policy: str = "", retrieval: str = "", alice: str = "") -> str:
    """A settings file: the store ``kb``, which both tenants may ask, and ``theirs``, which only Globex may."""
    return f"""
[retrieval]
audit_path = "{audit}"
{retrieval}
[stores.kb]
where = "{store}"
[stores.theirs]
where = "{store}"
tenants = ["globex"]
[policies.grounded]
store = "kb"
deadline_ms = 60_000
{policy}
[tenants.acme.keys.alice]
sha256 = "{sha256(ALICE.encode()).hexdigest()}"
{alice}
[tenants.globex.keys.bob]
sha256 = "{sha256(BOB.encode()).hexdigest()}"
"""


def talk(*words: str, **fields: Any) -> dict[str, Any]:
    """A chat: the user, the model, the user, ..."""
    roles = ("user", "assistant")
    return {
        "model": "gpt-4o",
        "messages": [{"role": roles[n % 2], "content": text} for n, text in enumerate(words)],
        **fields,
    }


def ask(gateway: RunningGateway, body: Any, key: str = ALICE, path: str = CHAT, **headers: str) -> Reply:
    """A request of whoever holds the key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return request(gateway.url, path, body, {"authorization": f"Bearer {key}", **named})


def ask_kb(gateway: RunningGateway, body: Any, key: str = ALICE, path: str = CHAT, **headers: str) -> Reply:
    """A request that names the store, unless it says otherwise."""
    return ask(gateway, body, key, path, **{"x_sparing_store": "kb", **headers})


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
    """Put one document into a store of words, or in place of what it was."""
    store = open_store(path, write=True)
    chunk = Chunk(0, len(text), place="all")
    store.put(Document(source, text, source + str(len(text)), (chunk,), frozenset(labels)), None)
    store.close()


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
