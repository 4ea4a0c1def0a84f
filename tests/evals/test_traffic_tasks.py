"""The evaluations on recorded traffic, on tiny data."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from recorded import CHAT, write

from sparing import registry
from sparing.errors import SettingsError
from sparing.evals import pasted
from sparing.evals.airline_tools import airline_tools
from sparing.evals.payments import PAYMENTS, Payment, pay
from sparing.evals.peers import PEERS
from sparing.evals.recordings import sgd_conversations, tau_conversations, with_tools
from sparing.evals.run import default_methods
from sparing.evals.task import Draw
from sparing.evals.tasks import followup, long_session, money, prefix
from sparing.evals.traffic import others
from sparing.evals.traffic.ceilings import ceilings
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.others import find_senders, tried
from sparing.evals.traffic.parts import parts
from sparing.evals.traffic.sender import sparing
from sparing.evals.traffic.sent import sent
from sparing.evals.traffic.translate import as_anthropic, to_anthropic
from sparing.tokens.models import counter_for


@pytest.fixture
def recorded(data: Path) -> Draw:
    """Two agent runs and sixteen dialogues beside the other sets."""
    write(data / "tau_bench" / "airline_gpt4o.jsonl", {"traj": CHAT}, {"traj": CHAT})
    turns = [{"speaker": "USER", "text": "A table for two."}, {"speaker": "SYSTEM", "text": "At what time?"}]
    write(data / "sgd" / "dialogues.jsonl", *({"id": f"d{i}", "turns": turns} for i in range(17)))
    return Draw(data, 2)


@pytest.fixture(autouse=True)
def no_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARING_PEERS_PYTHON", raising=False)


def test_eight_dialogues_are_a_session(recorded: Draw) -> None:
    """Sixteen of seventeen make two."""
    assert [(one.id, len(one.turns)) for one in sgd_conversations(recorded)] == [("sgd-d0", 8), ("sgd-d8", 8)]


def test_the_tools_are_of_the_usual_size() -> None:
    """Fourteen, each with what it requires, about 2,500 tokens."""
    functions = [tool["function"] for tool in airline_tools()]
    assert len({function["name"] for function in functions}) == 14
    for function in functions:
        parameters = function["parameters"]
        assert parameters["required"] == list(parameters["properties"])
    assert 2_000 < counter_for("gpt-4o").count(json.dumps(airline_tools(), separators=(",", ":"))) < 2_600


def test_tools_are_added_before_the_messages(recorded: Draw) -> None:
    """And nothing else changes."""
    before, after = tau_conversations(recorded)[0], with_tools(tau_conversations(recorded)[0])
    old, new = (json.loads(one.turns[2].body) for one in (before, after))
    assert new.pop("tools") == airline_tools()
    assert new == old


def test_a_translated_request_has_the_same_texts() -> None:
    """System, said words, calls and results, each in Anthropic's own form."""
    body = {"model": "gpt-4o", "tools": airline_tools(), "messages": CHAT[:8]}
    wires = {name: registry.load("wires", name) for name in ("openai.chat", "anthropic.messages")}
    ours = wires["openai.chat"].parse(json.dumps(body).encode())
    theirs = wires["anthropic.messages"].parse(to_anthropic(json.dumps(body).encode(), "claude-sonnet-4-5", marks=True))
    kinds = ("system", "user", "tool_result", "assistant")
    assert [(s.kind, s.text) for s in theirs.spans if s.kind in kinds] == [
        (s.kind, s.text) for s in ours.spans if s.kind in kinds
    ]
    assert [json.loads(s.text) for s in theirs.spans if s.kind == "tool_call"] == [
        json.loads(s.text) for s in ours.spans if s.kind == "tool_call"
    ]
    assert theirs.num_tools == ours.num_tools


def test_marks_stand_on_system_and_newest_message(recorded: Draw) -> None:
    """As agents set them, in every turn; none where the caller sets none."""
    wire = registry.load("wires", "anthropic.messages")
    for marks, expected in ((True, 2), (False, 0)):
        conversation = as_anthropic(tau_conversations(recorded)[0], "claude-sonnet-4-5", marks=marks)
        taken = [sent(wire.parse(turn.body), counter_for("claude-sonnet-4-5")) for turn in conversation.turns]
        assert {len(one.breakpoints) for one in taken} == {expected}


def test_what_speaks_one_form_only_is_translated(recorded: Draw) -> None:
    """What is left out in OpenAI's form is left out in Anthropic's bill."""
    conversation = tau_conversations(recorded)[0]
    (empty,) = find_senders(["no_results"], tried(""))
    marked = next(payment for payment in PAYMENTS if payment.marks)
    one = pay(conversation, empty, marked)
    assert one.model == "claude-sonnet-4-5"
    assert one.sent_tokens < one.log_tokens
    assert one.turns[-1].log.usage.cache_write_tokens > 0


def test_requests_name_the_model_that_is_paid(recorded: Draw) -> None:
    """What is worth doing to a request depends on its prices."""
    (ours,) = find_senders(["sparing"], tried("safe"))
    paid = [pay(tau_conversations(recorded)[0], ours, payment).model for payment in PAYMENTS]
    assert paid == [payment.model for payment in PAYMENTS]


def test_a_recorder_sends_the_same_body_once(recorded: Draw) -> None:
    """Four bills need one reduction of each request."""
    conversation = tau_conversations(recorded)[0]
    (ours,) = find_senders(["sparing", "sparing"], tried("safe"))
    for _ in range(3):
        pay(conversation, ours, PAYMENTS[0])
    assert ours.requests == len(conversation.turns)


def test_unknown_senders_and_efforts_are_refused() -> None:
    """With those that are known."""
    with pytest.raises(SettingsError, match="known: sparing, masked, no_results"):
        find_senders(["zip"], tried(""))
    with pytest.raises(SettingsError, match="no effort"):
        tried("more")


def test_peers_that_are_not_installed_are_named() -> None:
    """In the notes of the report."""
    senders = find_senders(["peers"], tried(""))
    assert [one.name for one in senders] == list(PEERS)
    assert len(others.not_run(senders)) == len(PEERS)


def test_the_money_report(recorded: Draw) -> None:
    """A line per method, kind of requests and bill; what does not hold the quality is not shown as a saving."""
    report = money.measure(recorded, ("sparing", "no_results", "distil"))
    lines = report.data["lines"]
    assert len(lines) == 2 * 2 * len(PAYMENTS)
    assert {line["held"] for line in lines if line["method"] == "sparing"} == {True}
    assert {line["held"] for line in lines if line["method"] == "no_results"} == {False}
    assert all(line["saving"]["saved_share"]["mean"] > 0 for line in lines)
    assert any(note.startswith("distil: not run") for note in report.notes)
    assert report.tables[0].rows[1][1:] == ("not held",) * 8
    assert {bound["method"] for bound in report.data["bounds"]} == {"no_results", "only_used", "only_used_silent"}
    assert len(report.data["parts"]) == 2 * len(PAYMENTS)
    assert "with tool schemas: gpt-4o" in report.markdown()


def test_the_prefix_report(recorded: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sparing re-bills nothing, in one process or in two; forgetting older results does."""
    monkeypatch.setattr(others, "_KEPT_RESULTS", 1)
    monkeypatch.setattr(prefix, "two_replicas", sparing)  # processes are tested with the sender
    monkeypatch.setattr(prefix, "_MIXED_TURNS", 5)
    report = prefix.measure(recorded, ())
    rebilled = {(line["data"], line["way"]): line["rebilled"] for line in report.data["lines"]}
    ours = [share for (_, way), share in rebilled.items() if way.startswith("sparing")]
    assert ours == [0.0] * 20
    assert rebilled["tau_bench", "masked"] > 0
    assert rebilled["sgd", "masked"] == 0


def test_the_followup_report(data: Path) -> None:
    """The whole conversation has all evidence and re-bills nothing; nothing is visible in what is emptied."""
    report = followup.measure(Draw(data, 2), ())
    lines = {(line["method"], line["document"]): line for line in report.data["lines"]}
    assert set(lines) == {(method, kind) for method in followup._METHODS for kind in ("article", "20 paragraphs")}
    for line in lines.values():
        if line["method"] == "unreduced":
            assert (line["first"], line["followups"], line["rebilled"], line["kept"]) == (1, 1, 0, 1)


def test_evidence_that_only_the_assistant_repeats_does_not_count(data: Path) -> None:
    """The document has to be there."""
    (asked, *_) = pasted.conversations(Draw(data, 1), "en", "article")
    body = json.loads(asked.conversation.turns[1].body)
    assert followup._is_there(json.dumps(body).encode(), asked.evidence[1])
    body["messages"][0]["content"] = "gone"
    body["messages"][1]["content"] = asked.evidence[1]
    assert not followup._is_there(json.dumps(body).encode(), asked.evidence[1])


def test_a_question_is_asked_once_and_after_the_document(data: Path) -> None:
    """Later turns carry the question alone."""
    for asked in pasted.conversations(Draw(data, 9), "en", "20 paragraphs"):
        said = [m["content"] for m in json.loads(asked.conversation.turns[-1].body)["messages"] if m["role"] == "user"]
        assert "\n\n" in said[0]
        assert all("\n" not in one for one in said[1:])
        assert len(asked.evidence) == len(asked.conversation.turns) == len(said)


def test_a_long_session_is_timed_warm_and_cold(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each length, with the tokens that it has by then."""
    monkeypatch.setattr(long_session, "_LENGTHS", (6, 9))
    report = long_session.measure(Draw(data, 1, option="safe"), ())
    timings: list[dict[str, Any]] = report.data["timings"]
    assert [one["turns"] for one in timings] == [6, 9]
    assert timings[0]["tokens"] < timings[1]["tokens"]
    assert all(min(one["warm_ms"], one["cold_ms"]) > 0 and one["kept"] < 1 for one in timings)
    assert report.name == "long_session:safe"


def test_a_session_is_two_hundred_turns_and_tokens_in_thousands() -> None:
    """Another one for every seed."""
    messages = long_session.session(0)
    results = [message["content"] for message in messages if message["role"] == "tool"]
    tokens = counter_for("gpt-4o").count("\n".join(results))
    assert len(results) == 200
    assert 180_000 < tokens < 220_000
    assert messages != long_session.session(1)


def test_benches_that_compare_say_what() -> None:
    """So that peers can be added to them."""
    assert default_methods("money") == ("sparing", "masked", "no_results")
    assert default_methods("followup") == ("sparing", "frozen", "replanned", "unreduced")
    assert default_methods("speed") == ()


def test_conversations_have_a_place_in_the_log(recorded: Draw) -> None:
    """The line they came from."""
    ids = [one.id for one in tau_conversations(recorded)]
    assert ids == ["airline_gpt4o.jsonl:1", "airline_gpt4o.jsonl:2"]
    assert isinstance(tau_conversations(recorded)[0], Conversation)


def test_hindsight_keeps_what_is_used_later_and_nothing_else(recorded: Draw) -> None:
    """Every value that an answer uses can be read, in every turn, and saving more would lose one; prefixes stay."""
    conversation = tau_conversations(recorded)[0]
    empty, known, silent = [*find_senders(["no_results"], tried("")), *ceilings([conversation])]
    replays = [pay(conversation, sender, PAYMENTS[0]) for sender in (empty, known, silent)]
    nothing, used, unsaid = replays
    assert nothing.values.got < nothing.values.of
    assert used.values.got == used.values.of == unsaid.values.got
    assert unsaid.sent_tokens < used.sent_tokens
    assert nothing.sent_tokens < used.sent_tokens < used.log_tokens
    bodies = [json.loads(known.send("openai.chat", turn.body).body)["messages"] for turn in conversation.turns]
    assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(bodies))


@pytest.mark.parametrize("payment", PAYMENTS, ids=lambda payment: payment.name)
def test_the_parts_are_the_whole_bill(recorded: Draw, payment: Payment) -> None:
    """What is read, written and new of every part, and the answers: together what the replay bills."""
    conversation = with_tools(tau_conversations(recorded)[0])
    (ours,) = find_senders(["sparing"], tried("safe"))
    billed = pay(conversation, ours, payment)
    made_of = parts([payment.asked(conversation)], payment.prices)
    assert sum(part.usd for part in made_of) == pytest.approx(billed.log_usd)
    assert [part.name for part in made_of][:2] == ["tool definitions", "system prompt"]
    assert made_of[-1].name == "answers"
    explicit = payment.marks is True
    assert any(part.written_usd > 0 for part in made_of) == explicit
