"""Prefix tests and replays of a small conversation."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from recorded import CHAT, requests, write

from sparing import registry
from sparing.core.prices import CacheKind, Prices
from sparing.evals.traffic.conversation import Answer, Conversation
from sparing.evals.traffic.held import held
from sparing.evals.traffic.logs import read_logs
from sparing.evals.traffic.prefix import prefix_test, prefix_tests, rebilled_share
from sparing.evals.traffic.replay import replay
from sparing.evals.traffic.replica import two_replicas
from sparing.evals.traffic.saving import lost, saving
from sparing.evals.traffic.sender import Posted, Sender, as_sent, sparing
from sparing.settings import PolicySettings

GPT = Prices(2.5, 10.0, 1.25, (), CacheKind.AUTOMATIC, 64, 16, date(2026, 1, 1), "made up")
WIRE = registry.load("wires", "openai.chat")


@pytest.fixture
def chat(tmp_path: Path) -> Conversation:
    (one,) = read_logs([write(tmp_path / "log.jsonl", {"messages": CHAT})]).conversations
    return one


def forgetful() -> Sender:
    """Keeps the newest tool result and empties the older ones: what breaks a prompt cache."""

    def send(_wire: str, body: bytes) -> Posted:
        request = json.loads(body)
        results = [message for message in request["messages"] if message["role"] == "tool"]
        for message in results[:-1]:
            message["content"] = "[gone]"
        return Posted(json.dumps(request).encode())

    return Sender("forgetful", send)


def test_what_breaks_the_prefix_is_found(chat: Conversation) -> None:
    """The turn, the message and how many tokens are billed again."""
    test = prefix_test(chat, forgetful())
    (one,) = test.breaks
    assert (one.turn, one.label, one.by_caller) == (4, "messages[3].content", False)
    assert 0 < test.rebilled_tokens < 400
    assert rebilled_share([test]).mean == test.rebilled_tokens / test.before_tokens


def test_what_the_caller_changed_is_not_held_against_the_sender(tmp_path: Path) -> None:
    """A clock in the system prompt breaks every turn; as a log of what was sent it counts."""
    ticking = [
        {**body, "messages": [{"role": "system", "content": f"It is 10:0{turn}."}, *body["messages"][1:]]}
        for turn, body in enumerate(requests(CHAT))
    ]
    (one,) = read_logs([write(tmp_path / "log.jsonl", *ticking)]).conversations
    ours, theirs = prefix_test(one, sparing(PolicySettings())), prefix_test(one, as_sent(), blame_caller=False)
    assert (ours.rebilled_tokens, len(ours.breaks)) == (0, 3)
    assert ours.by_caller_tokens > 0
    assert theirs.rebilled_tokens > 0
    assert theirs.breaks[0].label == "messages[0].content"


def test_replicas_and_a_restart_send_the_same_bytes(chat: Conversation) -> None:
    """Nothing of what is sent hangs on what a process saw before."""
    policy = PolicySettings(effort="max", min_tokens=50)
    here, there = sparing(policy), two_replicas(policy)
    there.begin()
    try:
        for turn in chat.turns:
            assert there.send(chat.wire, turn.body).body == here.send(chat.wire, turn.body).body
    finally:
        there.close()
    assert here.send(chat.wire, chat.turns[-1].body).body != chat.turns[-1].body


def test_a_sender_is_closed_after_the_last_conversation(chat: Conversation) -> None:
    """Also when somebody stops half way."""
    closed: list[int] = []
    sender = Sender("x", as_sent().send, close=lambda: closed.append(1))
    running = prefix_tests([chat, chat], sender)
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert closed == [1]


def test_a_replay_that_changes_nothing_saves_nothing(chat: Conversation) -> None:
    """Both sides are billed by the same rules."""
    total = saving([replay(chat, as_sent(), GPT)])
    assert total.log_usd == total.sent_usd > 0
    assert (total.saved_usd.mean, total.saved_share.mean, total.dearer) == (0, 0, 0)
    assert (total.values.mean, total.words.mean) == (1, 1)


def test_a_replay_bills_every_request_and_answer(chat: Conversation) -> None:
    """Shorter requests cost less; answers cost what they cost."""
    one = replay(chat, sparing(PolicySettings(effort="safe", min_tokens=50)), GPT)
    total = saving([one])
    assert total.turns == 4
    assert one.sent_tokens < one.log_tokens
    assert one.sent_usd < one.log_usd
    assert total.saved_share.mean < total.saved_input_share.mean
    assert total.sent_usage.output_tokens == total.log_usage.output_tokens > 0
    assert total.log_usage.cache_read_tokens > 0


def test_breaking_the_cache_can_cost_more_than_it_saves(chat: Conversation) -> None:
    """Fewer tokens, a higher bill: the reason for counting money."""
    dear = Prices(2.5, 10.0, 0.0, (), CacheKind.AUTOMATIC, 64, 16, date(2026, 1, 1), "made up")
    long = Conversation(chat.id, chat.wire, chat.turns[1:])

    def send(_wire: str, body: bytes) -> Posted:
        request = json.loads(body)
        request["messages"][0]["content"] = f"{len(request['messages'])}"
        return Posted(json.dumps(request).encode())

    total = saving([replay(long, Sender("clock", send), dear)])
    assert total.saved_tokens_share.mean > 0 > total.saved_share.mean
    assert (total.dearer, total.worst[0]) == (1, chat.id)


def test_without_prices_tokens_are_counted(chat: Conversation) -> None:
    """And no money is named."""
    total = saving([replay(chat, sparing(PolicySettings(effort="safe", min_tokens=50)), None)])
    assert (total.log_usd, total.saved_share.mean) == (0, 0)
    assert total.saved_tokens_share.mean > 0


def test_what_an_answer_used_and_could_not_read_is_lost(chat: Conversation) -> None:
    """The value, with its turn; a value that only stands elsewhere in the request is still there."""
    one = replay(chat, forgetful(), GPT)
    assert [turn for _, turn, _ in lost([one])] == []
    original = WIRE.parse(chat.turns[3].body)
    emptied = WIRE.parse(chat.turns[3].body.replace(b"QX7P2", b"gone"))
    kept = held(original, emptied, chat.turns[3].answer)
    assert (kept.values.got, kept.values.of, kept.lost) == (0, 1, ("QX7P2",))


def test_a_users_own_words_have_to_be_there_to_the_letter(chat: Conversation) -> None:
    """Every user message that is short, in every request."""
    original = WIRE.parse(chat.turns[2].body)
    shortened = WIRE.parse(chat.turns[2].body.replace(b"the cheapest ", b""))
    kept = held(original, shortened, Answer())
    assert (kept.words.got, kept.words.of) == (1, 2)
