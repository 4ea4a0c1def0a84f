"""Logs in the shapes that people have."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from recorded import ANTHROPIC, CHAT, FLIGHTS, requests, write

from sparing.errors import RequestError
from sparing.evals.traffic.conversation import Conversation
from sparing.evals.traffic.logs import log_files, read_logs


def lengths(conversation: Conversation) -> list[int]:
    """Number of messages of each request."""
    return [len(json.loads(turn.body)["messages"]) for turn in conversation.turns]


@pytest.mark.parametrize(
    "line", [{"messages": CHAT}, {"traj": CHAT, "reward": 1.0}, CHAT, {"model": "gpt-4o", "messages": CHAT}]
)
def test_a_conversation_becomes_the_requests_that_were_sent_for_it(line: Any, tmp_path: Path) -> None:
    """One per answer, each with the history up to it, and the answer that was recorded."""
    (one,) = read_logs([write(tmp_path / "log.jsonl", line)]).conversations
    assert (one.id, one.wire, lengths(one)) == ("log.jsonl:1", "openai.chat", [2, 4, 6, 8])
    assert json.loads(one.turns[0].body) == {"model": "gpt-4o", "messages": CHAT[:2]}
    assert one.turns[0].answer.arguments == (CHAT[2]["tool_calls"][0]["function"]["arguments"],)
    assert one.turns[3].answer.said == "Booked, your code is QX7P2."


def test_an_opening_greeting_answers_nothing_and_answers_in_a_row_are_one(tmp_path: Path) -> None:
    """An assistant that speaks first was not asked; two messages in a row came of one request."""
    greeting, said = {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Hi."}
    line = {"messages": [greeting, said, greeting, greeting]}
    (one,) = read_logs([write(tmp_path / "log.jsonl", line)]).conversations
    assert lengths(one) == [2]
    assert one.turns[0].answer.said == "Hello!\nHello!"


def test_anthropic_conversations_keep_system_and_tools(tmp_path: Path) -> None:
    """Content blocks tell the wire format; what was thought is billed, not said."""
    line = {"system": "Be brief.", "tools": [{"name": "search", "input_schema": {}}], "messages": ANTHROPIC}
    (one,) = read_logs([write(tmp_path / "log.jsonl", line)]).conversations
    assert (one.wire, lengths(one)) == ("anthropic.messages", [1, 3])
    assert json.loads(one.turns[1].body)["system"] == "Be brief."
    assert json.loads(one.turns[1].body)["tools"] == line["tools"]
    answer = one.turns[0].answer
    assert (answer.said, answer.arguments, answer.thought) == ("", ('{"origin": "OSL"}',), "I search.")


def test_requests_of_sessions_that_run_side_by_side_are_told_apart(tmp_path: Path) -> None:
    """Each request continues the session that it begins with; the next request shows the answer to the last."""
    other = [CHAT[0], {"role": "user", "content": "Weather in Rome?"}, {"role": "assistant", "content": "Sunny."}]
    other += [{"role": "user", "content": "And tomorrow?"}, {"role": "assistant", "content": "Rain."}]
    ours, theirs = requests(CHAT), requests(other)
    log = write(tmp_path / "log.jsonl", ours[0], theirs[0], ours[1], ours[2], theirs[1], ours[3])
    one, two = read_logs([log]).conversations
    assert (lengths(one), lengths(two)) == ([2, 4, 6, 8], [2, 4])
    assert one.turns[1].answer.said == "HX100 costs 80. Shall I book it?"
    assert one.turns[3].answer.said == ""


def test_a_session_whose_history_was_rewritten_is_still_one(tmp_path: Path) -> None:
    """A clock in the system prompt breaks the prefix of every turn: that is to be found, not taken for new sessions."""
    ticking = [
        {**body, "messages": [{"role": "system", "content": f"It is 10:0{turn}."}, *body["messages"][1:]]}
        for turn, body in enumerate(requests(CHAT))
    ]
    (one,) = read_logs([write(tmp_path / "log.jsonl", *ticking)]).conversations
    assert lengths(one) == [2, 4, 6, 8]


def test_marks_that_move_on_do_not_part_a_session(tmp_path: Path) -> None:
    """An agent sets its breakpoint on the newest message of every turn."""
    bodies = requests(ANTHROPIC, "claude-sonnet-4-5")
    bodies[0]["messages"] = json.loads(json.dumps(bodies[0]["messages"]))
    bodies[0]["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    (one,) = read_logs([write(tmp_path / "log.jsonl", *bodies)]).conversations
    assert lengths(one) == [1, 3]


def test_sessions_that_begin_alike_are_two(tmp_path: Path) -> None:
    """Twice the same first request, then two that go on from it."""
    ours = requests(CHAT)
    other = json.loads(json.dumps(ours[1]).replace('\\"OSL\\", \\"day', '\\"RIX\\", \\"day'))
    log = write(tmp_path / "log.jsonl", ours[0], ours[0], ours[1], other)
    assert other != ours[1]
    assert [lengths(one) for one in read_logs([log]).conversations] == [[2, 4], [2, 4]]


def test_a_common_system_prompt_makes_no_session(tmp_path: Path) -> None:
    """Strangers share it, too."""
    one = {"model": "gpt-4o", "messages": [CHAT[0], {"role": "user", "content": "Weather in Rome?"}]}
    assert len(read_logs([write(tmp_path / "log.jsonl", one, requests(CHAT)[1])]).conversations) == 2


def test_a_session_has_the_name_that_the_log_gives_it(tmp_path: Path) -> None:
    """Then not even the messages need to be alike."""
    one, two = requests(CHAT)[0], {"model": "gpt-4o", "messages": [{"role": "user", "content": "Anew."}]}
    pairs = [{"session_id": "s1", "request": one}, {"session_id": "s1", "request": two}]
    (found,) = read_logs([write(tmp_path / "log.jsonl", *pairs)]).conversations
    assert lengths(found) == [2, 1]


def test_a_response_gives_the_answer_and_its_tokens(tmp_path: Path) -> None:
    """In either provider's form, and as a string of JSON."""
    response = {"choices": [{"message": CHAT[2]}], "usage": {"prompt_tokens": 9, "completion_tokens": 17}}
    claude = {"role": "assistant", "content": [{"type": "text", "text": "Done."}], "usage": {"output_tokens": 3}}
    log = write(
        tmp_path / "log.jsonl",
        {"request": requests(CHAT)[0], "response": response},
        {"request": json.dumps(requests(ANTHROPIC, "claude-sonnet-4-5")[0]), "response": json.dumps(claude)},
    )
    one, two = read_logs([log]).conversations
    assert (one.turns[0].answer.output_tokens, len(one.turns[0].answer.arguments)) == (17, 1)
    assert (two.wire, two.turns[0].answer.said, two.turns[0].answer.output_tokens) == (
        "anthropic.messages",
        "Done.",
        3,
    )


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    """With the line's number and the reason."""
    bad = ["{", "3", '{"messages": []}', '{"messages": [{"role": "pilot", "content": "x"}], "model": "m"}']
    path = write(tmp_path / "log.jsonl", *bad, requests(CHAT)[0])
    path.write_bytes(path.read_bytes() + b'{"messages": [{"role": "user", "content": "\xff"}], "model": "m"}\n')
    traffic = read_logs([path])
    assert [one.where for one in traffic.unreadable] == [f"log.jsonl:{n}" for n in (1, 2, 3, 4, 6)]
    assert "pilot" in traffic.unreadable[3].why
    assert "UTF-8" in traffic.unreadable[4].why
    assert len(traffic.conversations) == 1


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    """It names the first line that is wrong."""
    with pytest.raises(RequestError, match=r"log\.jsonl:1: no messages"):
        read_logs([write(tmp_path / "log.jsonl", {"text": "hello"})])
    with pytest.raises(RequestError, match="no logs in"):
        log_files(tmp_path / "none")


def test_files_with_a_request_each_are_the_turns_of_one_conversation(tmp_path: Path) -> None:
    """Indented or not: a file may be one JSON value."""
    files = [tmp_path / f"turn{turn}.json" for turn in range(2)]
    for file, body in zip(files, requests(CHAT), strict=False):
        file.write_text(json.dumps(body, indent=2))
    (one,) = read_logs(files).conversations
    assert lengths(one) == [2, 4]


def test_arrays_and_compressed_files_are_read_too(tmp_path: Path) -> None:
    """An array is as good as lines."""
    path = tmp_path / "logs" / "all.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(json.dumps(requests(CHAT)).encode()))
    (tmp_path / "logs" / "notes.txt").write_text("no log")
    assert log_files(tmp_path / "logs") == [path]
    (one,) = read_logs([path]).conversations
    assert lengths(one) == [2, 4, 6, 8]


def test_another_model_can_be_named(tmp_path: Path) -> None:
    """It is in every body then."""
    (one,) = read_logs([write(tmp_path / "log.jsonl", {"messages": CHAT})], model="gpt-5").conversations
    assert {json.loads(turn.body)["model"] for turn in one.turns} == {"gpt-5"}
    assert FLIGHTS[0]["flight"] in one.turns[1].body.decode()


@pytest.mark.parametrize(
    "line",
    [
        {"messages": [CHAT[1], {"role": "assistant", "content": None, "tool_calls": 3.5}]},
        {"messages": [CHAT[1], CHAT[4]], "tools": True, "system": None},
        {"messages": [CHAT[1], CHAT[4]], "model": 5},
        {"request": requests(CHAT)[0], "response": {"choices": [{"message": {"content": 3, "tool_calls": [0]}}]}},
        {"request": requests(CHAT)[0], "response": "not JSON"},
        {"request": requests(CHAT)[0], "response": {"choices": 1, "usage": {"output_tokens": "many"}}},
        json.dumps({"messages": [CHAT[1], CHAT[4]], "system": "DEEP"}).replace('"DEEP"', "[" * 900 + "]" * 900),
    ],
)
def test_odd_types_are_read_or_refused(line: Any, tmp_path: Path) -> None:
    """A line of any shape costs at most itself."""
    other = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Something else."}]}
    traffic = read_logs([write(tmp_path / "log.jsonl", line, other)])
    assert len(traffic.conversations) + len(traffic.unreadable) == 2


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ({"model": "gpt-5", "input": "Hello."}, "OpenAI's Responses"),
        ({"request": {"model": "gpt-5", "input": []}, "response": {"output": []}}, "OpenAI's Responses"),
        ({"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]}, "Gemini"),
    ],
)
def test_a_form_that_is_not_read_is_named(line: Any, form: str, tmp_path: Path) -> None:
    """With those that are."""
    path = write(tmp_path / "log.jsonl", line)
    with pytest.raises(RequestError, match=rf"in the form of {form} \(logs of OpenAI's chat and Anthropic are read\)"):
        read_logs([path])
