"""The same request gets the same answer, and nobody else does."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from counting_upstream import (
    EVENTS,
    CountingUpstream,
    ScriptedAnswer,
    call,
    chat_answer,
    chat_body,
    chat_events,
    read,
    saying,
)

from sparing.core.upstream import Thought
from sparing.errors import RecordError, RequestError, UpstreamUnreachable
from sparing.generate.cache.entry import Entry
from sparing.generate.cache.rules import Rules
from sparing.generate.cache.store import MemoryStore
from sparing.generate.cache.upstream import Cached

_RULES = Rules()


class Clock:
    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def cached(upstream: CountingUpstream, rules: Rules = _RULES, clock: Clock | None = None) -> Cached:
    return Cached(upstream, MemoryStore(max_entries=100, max_bytes=1_000_000), rules, clock=clock or Clock())


async def told(cache: Cached, *args: object, **options: object) -> tuple[str, bytes]:
    answer = await cache.send(call(*args, **options))  # type: ignore[arg-type]
    return answer.headers["x-sparing-cache"], await read(answer)


async def test_asked_twice_called_once() -> None:
    """The second answer is the first one's bytes, with its age."""
    upstream, clock = saying(), Clock()
    cache = cached(upstream, clock=clock)
    first = await told(cache)
    clock.now_s += 7.9
    again = await cache.send(call())
    assert (first[0], again.headers["x-sparing-cache"], again.headers["x-sparing-cache-age"]) == ("miss", "hit", "7")
    assert await read(again) == first[1]
    assert len(upstream.calls) == 1


async def test_an_answer_that_was_thought_about_otherwise_is_another() -> None:
    """The depth that was decided is not in the body yet, and makes another answer of it."""
    upstream = saying()
    cache = cached(upstream)
    found = []
    for thought in (None, Thought("low"), Thought("high"), Thought("low")):
        answer = await cache.send(replace(call(), thought=thought))
        found.append(answer.headers["x-sparing-cache"])
        await read(answer)
    assert found == ["miss", "miss", "miss", "hit"]
    assert len(upstream.calls) == 3


async def test_key_order_whitespace_and_volatile_fields_are_no_difference() -> None:
    """What does not change the answer is not part of the key."""
    upstream = saying()
    cache = cached(upstream)
    await told(cache, chat_body(user="ann", metadata={"a": "1"}))
    turned = dict(reversed(chat_body(user="bob").items()))
    assert (await told(cache, raw=json.dumps(turned, indent=4).encode()))[0] == "hit"


@pytest.mark.parametrize(
    "other",
    [
        call(tenant="two"),
        call(chat_body("What is the capital of Spain?")),
        call(chat_body(model="n")),
        call(chat_body(seed=1)),
        call(chat_body(stream=True)),
        call(chat_body(stream_options={"include_usage": True})),
        call(chat_body(tools=[{"type": "function", "function": {"name": "look"}}])),
        call(path="/v1/chat/completions?x=1"),
        call(openai_organization="org"),
        call(x_sparing_kv_budget="10%"),
    ],
    ids=["tenant", "question", "model", "seed", "stream", "stream options", "tools", "path", "organization", "engine"],
)
async def test_what_changes_the_answer_is_part_of_the_key(other: object) -> None:
    """Tenant, model, parameters, tools, path and the headers that count."""
    upstream = saying()
    cache = cached(upstream)
    await told(cache)
    answer = await cache.send(other)  # type: ignore[arg-type]
    assert answer.headers["x-sparing-cache"] == "miss"
    assert (await read(answer)).endswith(b"}")
    assert len(upstream.calls) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (chat_body(temperature=0.7), "drawn at random"),
        ({"model": "m", "messages": []}, "drawn at random"),
        (chat_body(web_search_options={}), "search the web"),
        (chat_body(tools=[{"type": "web_search"}]), "tools run at the provider"),
        ([1, 2], "no object"),
    ],
)
async def test_what_is_not_for_a_cache_says_why(body: object, why: str) -> None:
    """It is passed on each time."""
    upstream = saying()
    cache = cached(upstream)
    for _ in range(2):
        answer = await cache.send(call(body))
        assert answer.headers["x-sparing-cache"] == "none"
        assert why in answer.headers["x-sparing-cache-reason"]
    assert len(upstream.calls) == 2


async def test_other_paths_are_passed_on() -> None:
    """Models, files, embeddings are no answers."""
    upstream = saying()
    cache = cached(upstream)
    assert [(await told(cache, path="/v1/embeddings"))[0] for _ in range(2)] == ["none", "none"]


@pytest.mark.parametrize(
    "answer",
    [
        ScriptedAnswer([chat_answer(finish="length")]),
        ScriptedAnswer([chat_answer(finish="content_filter")]),
        ScriptedAnswer([chat_answer(refusal="no")]),
        ScriptedAnswer([b'{"error": {"message": "overloaded"}}']),
        ScriptedAnswer([b'{"choices": []}']),
        ScriptedAnswer([b'{"choices": [{"finish']),
        ScriptedAnswer([chat_answer()], status=500),
        ScriptedAnswer([chat_answer()], more_headers={"content-encoding": "gzip"}),
        ScriptedAnswer([chat_answer(finish="tool_calls", tool_calls=[{"id": "t"}])]),
        ScriptedAnswer(chat_events(["Pa", "ris"], finish=None), kind=EVENTS),
        ScriptedAnswer(chat_events(["Pa", "ris"])[:-2], kind=EVENTS),
        ScriptedAnswer([chat_events(["Pa"])[0], b'data: {"error": {"message": "x"}}\n\n'], kind=EVENTS),
    ],
    ids=[
        "length", "filter", "refusal", "error", "empty", "cut", "500", "compressed", "tool call", "no end",
        "cut stream", "error in stream",
    ],
)  # fmt: skip
async def test_only_whole_answers_that_went_well_are_kept(answer: ScriptedAnswer) -> None:
    """Whatever else there is passes as it came and is asked for again."""
    upstream = CountingUpstream(
        lambda _call, _number: ScriptedAnswer(answer.pieces, answer.status, answer.kind, answer.more_headers)
    )
    cache = cached(upstream)
    for _ in range(2):
        assert (await told(cache))[1] == b"".join(answer.pieces)  # type: ignore[arg-type]
    assert len(upstream.calls) == 2


async def test_tool_calls_are_kept_where_allowed() -> None:
    """An owner can say so."""
    body = chat_answer(finish="tool_calls", tool_calls=[{"id": "t"}])
    cache = cached(CountingUpstream(lambda _c, _n: ScriptedAnswer([body])), Rules(tool_calls=True))
    assert [(await told(cache))[0] for _ in range(2)] == ["miss", "hit"]


async def test_a_stream_is_given_again_event_by_event() -> None:
    """However the upstream had cut it."""
    events = chat_events(["Pa", "ris", "."])
    whole = b"".join(events)
    cut = [whole[:10], whole[10:50], whole[50:51], whole[51:]]
    cache = cached(CountingUpstream(lambda _c, _n: ScriptedAnswer(cut, kind=EVENTS)))
    await told(cache, chat_body(stream=True))
    answer = await cache.send(call(chat_body(stream=True)))
    assert answer.headers["content-type"] == EVENTS
    assert [chunk async for chunk in answer.chunks()] == events


async def test_time_is_over() -> None:
    """An answer lives for its time; one to a question about today for the shorter one, or not at all."""
    clock = Clock()
    upstream = saying()
    cache = cached(upstream, Rules(ttl_s=100, dated_ttl_s=10), clock)
    for text, lives_s in (("What is a day?", 100), ("What day is it today?", 10), ("Welcher Tag ist heute?", 10)):
        assert (await told(cache, chat_body(text)))[0] == "miss"
        clock.now_s += lives_s - 1
        assert (await told(cache, chat_body(text)))[0] == "hit"
        clock.now_s += 2
        assert (await told(cache, chat_body(text)))[0] == "miss"
    never = cached(saying(), Rules(dated_ttl_s=0), clock)
    assert [(await told(never, chat_body("Who is on duty now?")))[0] for _ in range(2)] == ["none", "none"]


async def test_a_clock_that_is_set_back_makes_nothing_live_longer() -> None:
    """An answer from the future is none."""
    clock = Clock()
    cache = cached(saying(), clock=clock)
    await told(cache)
    clock.now_s -= 500
    assert (await told(cache))[0] == "miss"


async def test_the_callers_wish() -> None:
    """Off and no-store: not looked up, not kept; refresh and no-cache: asked anew, and that is kept."""
    upstream = saying()
    cache = cached(upstream)
    assert (await told(cache, x_sparing_cache="off"))[0] == "none"
    assert (await told(cache, cache_control="no-store"))[0] == "none"
    assert (await told(cache))[0] == "miss"
    assert (await told(cache, x_sparing_cache="Refresh"))[1] == chat_answer("Paris. 4")
    assert (await told(cache, cache_control="max-age=0, no-cache"))[1] == chat_answer("Paris. 5")
    assert await told(cache, x_sparing_cache="exact") == ("hit", chat_answer("Paris. 5"))
    assert all("x-sparing-cache" not in one.headers for one in upstream.calls)
    with pytest.raises(RequestError, match="one of off, exact, semantic, refresh"):
        await told(cache, x_sparing_cache="always")


async def test_a_caller_can_only_ask_for_less() -> None:
    """Where the owner has it off it stays off."""
    cache = cached(saying(), Rules(mode="off"))
    assert [(await told(cache, x_sparing_cache="exact"))[0] for _ in range(2)] == ["none", "none"]


async def test_a_poisoned_entry_is_no_answer() -> None:
    """Another tenant's, or another request's, whatever key it lies under."""
    store = MemoryStore(max_entries=9, max_bytes=9_999)
    cache = Cached(saying(), store, Rules(), clock=Clock())
    await told(cache)
    ((key, entry),) = store._entries.items()
    for forged in (("two", key), ("one", b"another key")):
        store._entries[key] = Entry(forged[1], forged[0], 200, "application/json", b"poison", (6,), 999.0, 9_999.0)
        assert b"poison" not in (await told(cache))[1]
    assert entry.tenant == "one"


async def test_a_store_that_fails_costs_hits_only() -> None:
    """The answers come all the same, and the failures are counted."""

    class Broken(MemoryStore):
        async def get(self, key: bytes) -> Entry | None:
            raise RecordError("disk gone")

        async def put(self, entry: Entry) -> None:
            raise RecordError("disk gone")

    cache = Cached(saying(), Broken(max_entries=1, max_bytes=1), Rules())
    assert [(await told(cache))[0] for _ in range(2)] == ["miss", "miss"]
    assert cache.told["failed"] == 4


async def test_an_upstream_that_fails_is_asked_again() -> None:
    """A failure is not kept."""

    def make(_call: object, number: int) -> ScriptedAnswer:
        if number == 1:
            raise UpstreamUnreachable("gone", provider="p")
        return ScriptedAnswer([chat_answer()])

    cache = cached(CountingUpstream(make))
    with pytest.raises(UpstreamUnreachable):
        await told(cache)
    assert (await told(cache))[0] == "miss"
    assert (await told(cache))[0] == "hit"
