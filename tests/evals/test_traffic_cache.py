"""A request as the provider caches it, what changes re-bill, and what each kind of cache reads and writes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import ANTHROPIC, CHAT, requests

from sparing import registry
from sparing.core.budget import Budget, Mode
from sparing.core.prices import CacheKind, Prices
from sparing.evals.traffic.cache import PromptCache
from sparing.evals.traffic.rebilled import step
from sparing.evals.traffic.sent import Sent, sent
from sparing.pipeline import reduce_body
from sparing.settings import PolicySettings
from sparing.tokens.models import counter_for

COUNTER = counter_for("gpt-4o")
MARK = {"cache_control": {"type": "ephemeral"}}
BODIES = requests(CHAT)
TOOL = {"name": "search", "description": "Finds flights.", "input_schema": {"type": "object"}}


def taken(body: dict[str, Any]) -> Sent:
    wire = "anthropic.messages" if "claude" in body["model"] else "openai.chat"
    return sent(registry.load("wires", wire).parse(json.dumps(body).encode()), COUNTER)


def prices(cache: CacheKind, least: int = 20, block: int = 8, writes: tuple[tuple[int, float], ...] = ()) -> Prices:
    return Prices(2.0, 8.0, 0.2, writes, cache, least, block, date(2026, 1, 1), "made up")


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(len(body["messages"])))
def test_the_tokens_are_those_of_a_receipt(body: dict[str, Any]) -> None:
    """Chunks, their overheads and what primes the answer add up to what the pipeline counts."""
    wire = registry.load("wires", "openai.chat")
    receipt = reduce_body(json.dumps(body).encode(), wire, PolicySettings(), Budget(), Mode.AUDIT).receipt
    assert taken(body).tokens == receipt.tokens_before


def test_tools_come_before_system_and_system_before_messages() -> None:
    """Wherever they stand in the body."""
    body = {"model": "claude-sonnet-4-5", "messages": ANTHROPIC[:1], "system": "Be brief.", "tools": [TOOL]}
    assert [chunk.label for chunk in taken(body).chunks] == ["tools[0]", "system", "messages[0].content[0].text"]


def test_growing_turns_re_bill_nothing() -> None:
    """All that the turn before sent is shared."""
    for before, now in zip(BODIES, BODIES[1:], strict=False):
        one = step(taken(before), taken(now), COUNTER)
        assert (one.rebilled_tokens, one.changed) == (0, "")
        assert one.shared_tokens == one.before_tokens


def test_a_change_re_bills_all_that_comes_after_it_to_the_token() -> None:
    """Up to the first token that differs the cache still holds."""
    now = json.loads(json.dumps(BODIES[2]))
    now["messages"][1]["content"] = "Find me the cheapest train from Oslo to Rome."
    before = taken(BODIES[1])
    one = step(before, taken(now), COUNTER)
    opening = COUNTER.count("Find me the cheapest")
    assert one.changed == "messages[1].content"
    assert one.shared_tokens == before.ends[1] + 3 + opening
    assert one.rebilled_tokens == before.ends[-1] - one.shared_tokens


def test_a_call_id_is_read_by_the_model_too() -> None:
    """Another id in the middle of a history is another prefix."""
    now = json.loads(json.dumps(BODIES[2]).replace("c1", "c9"))
    assert step(taken(BODIES[1]), taken(now), COUNTER).changed.startswith("messages[2]")


def test_a_history_that_ends_earlier_re_bills_nothing() -> None:
    """What is not sent is not billed."""
    assert step(taken(BODIES[2]), taken(BODIES[1]), COUNTER).rebilled_tokens == 0


def test_an_automatic_cache_reads_whole_blocks_of_what_was_sent_before() -> None:
    """Nothing at first, then the shared prefix; a prefix sent two turns ago counts as well."""
    cache = PromptCache(prices(CacheKind.AUTOMATIC), COUNTER)
    turns = [taken(body) for body in BODIES[:3]]
    assert [cache.bill(turn).cache_read_tokens for turn in turns] == [
        0,
        turns[0].ends[-1] // 8 * 8,
        turns[1].ends[-1] // 8 * 8,
    ]
    changed = json.loads(json.dumps(BODIES[2]))
    changed["messages"][3]["content"] = "gone"
    read = cache.bill(taken(changed)).cache_read_tokens
    assert read in {(turns[1].ends[3] + shared) // 8 * 8 for shared in (0, 3)}
    assert cache.bill(turns[2]).cache_read_tokens == turns[2].ends[-1] // 8 * 8


def test_short_prefixes_are_not_cached() -> None:
    """Below the provider's least."""
    cache = PromptCache(prices(CacheKind.AUTOMATIC, least=10_000), COUNTER)
    assert [cache.bill(taken(body)).cache_read_tokens for body in BODIES] == [0, 0, 0, 0]


def test_without_a_cache_nothing_is_read_or_written() -> None:
    """All input costs what input costs."""
    row = prices(CacheKind.NONE)
    usages = [PromptCache(row, COUNTER).bill(taken(body), 10) for body in BODIES[:2]]
    assert [usage.cache_read_tokens for usage in usages] == [0, 0]
    assert row.cost_usd(usages[0]) == pytest.approx((usages[0].input_tokens * 2.0 + 80) / 1e6)


def marked(upto: int, *, ttl: str = "") -> dict[str, Any]:
    """An Anthropic request with a mark on the system prompt and on its newest message, as agents set them."""
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    messages = json.loads(json.dumps(ANTHROPIC[:upto]))
    messages[-1]["content"][-1]["cache_control"] = mark
    system = [{"type": "text", "text": "You book flights. " * 10, "cache_control": mark}]
    return {"model": "claude-sonnet-4-5", "system": system, "messages": messages}


def test_an_explicit_cache_reads_and_writes_up_to_breakpoints() -> None:
    """The next turn reads what this one wrote, and writes what is new."""
    cache = PromptCache(prices(CacheKind.EXPLICIT, block=1, writes=((300, 2.5), (3600, 4.0))), COUNTER)
    first, second = taken(marked(1)), taken(marked(3))
    assert [mark.end for mark in second.breakpoints] == [1, len(second.chunks)]
    one, two = cache.bill(first), cache.bill(second)
    assert (one.cache_read_tokens, one.cache_writes) == (0, ((300, first.ends[-1]),))
    assert two.cache_read_tokens == first.ends[-1]
    assert two.cache_writes == ((300, second.ends[-1] - first.ends[-1]),)


def test_an_hour_costs_what_an_hour_costs() -> None:
    """The mark says for how long."""
    cache = PromptCache(prices(CacheKind.EXPLICIT, block=1, writes=((300, 2.5), (3600, 4.0))), COUNTER)
    assert [lifetime for lifetime, _ in cache.bill(taken(marked(1, ttl="1h"))).cache_writes] == [3600]


def test_without_breakpoints_an_explicit_cache_holds_nothing() -> None:
    """Nobody asked for it."""
    cache = PromptCache(prices(CacheKind.EXPLICIT), COUNTER)
    usages = [cache.bill(taken(body)) for body in requests(ANTHROPIC, "claude-sonnet-4-5")]
    assert [(usage.cache_read_tokens, usage.cache_writes) for usage in usages] == [(0, ()), (0, ())]


texts = st.sampled_from(["", "a", "a cat", "a cat sat", "Rome", "Roma"]).map(lambda text: text * 8)
histories = st.lists(st.lists(texts, min_size=1, max_size=5), min_size=1, max_size=5)


@given(histories, st.sampled_from(list(CacheKind)))
@settings(max_examples=60, deadline=None)
def test_what_is_read_and_written_is_part_of_the_prompt(history: list[list[str]], kind: CacheKind) -> None:
    """Whatever a conversation's requests look like: no token is billed twice, and none is read that was not sent."""
    cache = PromptCache(prices(kind, least=8, block=4, writes=((300, 2.5),)), COUNTER)
    longest = 0
    for said in history:
        messages = [{"role": "user", "content": [{"type": "text", "text": text, **MARK}]} for text in said]
        request = taken({"model": "claude-sonnet-4-5", "messages": messages})
        usage = cache.bill(request)
        assert 0 <= usage.cache_read_tokens <= longest
        assert usage.cache_read_tokens + usage.cache_write_tokens <= usage.input_tokens == request.tokens
        longest = max(longest, request.tokens)


@given(st.lists(texts, min_size=1, max_size=5), st.lists(texts, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_what_is_shared_and_what_is_re_billed_are_parts_of_what_was_sent(before: list[str], now: list[str]) -> None:
    """And a request compared with itself shares all."""
    one, other = (
        taken({"model": "gpt-4o", "messages": [{"role": "user", "content": text} for text in said]})
        for said in (before, now)
    )
    step_taken = step(one, other, COUNTER)
    assert step_taken.shared_tokens + step_taken.rebilled_tokens <= step_taken.before_tokens == one.ends[-1]
    assert step(one, one, COUNTER).shared_tokens == one.ends[-1]
