"""What of a stream waits, in the two formats in which a call cannot be taken out of an answer; and what does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from recalling_formats import events_of, gemini_whole, responses_whole
from recalling_model import OUR_CALL, THEIR_CALL, Say, recall

from sparing.finish.loops.gemini import GeminiLoop
from sparing.finish.loops.openai_responses import OpenAIResponsesLoop
from sparing.finish.own_calls import NOT_RUN

OURS, THEIRS = recall("0123456789"), (THEIR_CALL, "{}")
OWN = frozenset({OUR_CALL})
REQUEST = b'{"input":[{"role":"user","content":"hi"}]}'


def sse(data: Any) -> bytes:
    return b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n"


def told(pieces: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in pieces.splitlines() if line.startswith(b"data: {")]


def response(say: Say, order: Sequence[int] = (), number: int = 1) -> dict[str, Any]:
    """A whole response, its items in this order."""
    whole = responses_whole(say, number)
    return {**whole, "output": [whole["output"][index] for index in order]} if order else whole


def fed(loop: OpenAIResponsesLoop, whole: dict[str, Any]) -> list[tuple[str, bytes]]:
    """What comes out for each event, and at the end."""
    return [*((name, loop.event(sse(event))) for event, name in events_of(whole)), ("", loop.end())]


def test_thoughts_wait_for_what_they_lead_to_and_texts_do_not() -> None:
    """The beginning and the thought come with the message; from there on every event comes at once."""
    out = fed(OpenAIResponsesLoop(OWN), response(Say("Paris.")))
    first_text = next(at for at, (_, shown) in enumerate(out) if shown)
    kinds = [event["type"] for event in told(out[first_text][1])]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.output_item.added"
    assert kinds.count("response.output_item.done") == 1
    assert all(len(told(shown)) == 1 for name, shown in out[first_text + 1 :] if name)


def test_a_text_after_our_call_is_not_lost() -> None:
    """It comes when the answer has ended, without the call and the thought that led to it."""
    loop = OpenAIResponsesLoop(OWN)
    whole = response(Say("Wait.", [OURS]), (0, 2, 1))
    out = fed(loop, whole)
    (shown,) = [shown for _, shown in out if shown]
    assert [e["item"]["type"] for e in told(shown) if e["type"].endswith("item.added")] == ["reasoning", "message"]
    assert [e["output_index"] for e in told(shown) if e["type"].endswith("item.added")] == [0, 1]
    assert [e["sequence_number"] for e in told(shown)] == list(range(len(told(shown))))
    assert len(loop.calls) == 1
    sent = json.loads(loop.follow_up(REQUEST, ["found"]))["input"][1:]
    assert [item["type"] for item in sent] == ["reasoning", "function_call", "message", "function_call_output"]
    last = told(b"".join(shown for _, shown in fed(loop, response(Say("Done."), number=2))))[-1]
    assert [item["id"] for item in last["response"]["output"]] == ["rs1", "msg1", "rs2", "msg2"]


def test_no_answers_to_calls_that_cannot_have_a_text() -> None:
    """A call of the client's screen beside ours is left out of what goes back."""
    loop = OpenAIResponsesLoop(OWN)
    whole = response(Say("", [OURS, THEIRS]))
    whole["output"][2] = {"type": "computer_call", "id": "cu", "call_id": "c", "action": {}, "status": "completed"}
    assert not any(shown for _, shown in fed(loop, whole))
    sent = json.loads(loop.follow_up(REQUEST, ["found"]))["input"][1:]
    assert [item["type"] for item in sent] == ["reasoning", "function_call", "function_call_output"]


def test_thoughts_that_nobody_knows_do_not_go_back() -> None:
    """Neither kept by the provider nor encrypted, they would be refused."""
    loop = OpenAIResponsesLoop(OWN)
    whole = response(Say("", [OURS]))
    del whole["output"][0]["encrypted_content"]
    fed(loop, whole)
    sent = json.loads(loop.follow_up(b'{"store":false,"input":[]}', ["found"]))["input"]
    assert [item["type"] for item in sent] == ["function_call", "function_call_output"]


def test_a_stream_that_ends_early_gives_what_waited() -> None:
    """Without an end there is nothing to go on with: the client gets all but our call."""
    loop = OpenAIResponsesLoop(OWN)
    events = [sse(event) for event, _ in events_of(response(Say("", [THEIRS, OURS])))][:-1]
    assert not any(map(loop.event, events))
    shown = told(loop.end())
    assert loop.calls == ()
    assert [e["item"]["type"] for e in shown if e["type"].endswith("item.done")] == ["reasoning", "function_call"]
    assert OUR_CALL not in json.dumps(shown)


def test_an_error_does_not_wait() -> None:
    """Nor does what came before it; keep-alives never do."""
    loop = OpenAIResponsesLoop(OWN)
    created = sse(next(event for event, _ in events_of(response(Say()))))
    error = sse({"type": "error", "message": "no", "sequence_number": 1})
    assert loop.event(created) == b""
    assert loop.event(b": still here\n\n") == b": still here\n\n"
    assert loop.event(error) == created + error


def chunk(number: int, *parts: dict[str, Any], **candidate: Any) -> bytes:
    whole = gemini_whole(Say(), number)
    made = {**whole["candidates"][0], "content": {"role": "model", "parts": list(parts)}, **candidate}
    return sse({**whole, "candidates": [made]})


CALL = {"functionCall": {"name": OUR_CALL, "args": {}, "id": "a"}, "thoughtSignature": "c2ln"}
LOOK = {"functionCall": {"name": THEIR_CALL, "args": {}}}


def test_gemini_waits_from_the_first_call_on() -> None:
    """Texts before it come at once; those beside and behind it at the end, without calls and finish."""
    loop = GeminiLoop(OWN)
    first = chunk(1, {"text": "Let me see. "}, finishReason=None)
    assert loop.event(first) == first
    assert loop.event(chunk(1, {"text": "Now."}, CALL, LOOK, finishReason=None)) == b""
    assert loop.event(chunk(1, {"text": ""})) == b""
    (shown, empty) = told(loop.end())
    assert shown["candidates"][0]["content"]["parts"] == [{"text": "Now."}]
    assert "finishReason" not in {**shown["candidates"][0], **empty["candidates"][0]}
    assert len(loop.calls) == 1
    said, results = json.loads(loop.follow_up(b'{"contents":[]}', ["found"]))["contents"]
    assert said["parts"] == [{"text": "Let me see. "}, {"text": "Now."}, CALL, LOOK]
    given = [part["functionResponse"] for part in results["parts"]]
    assert given[0] == {"id": "a", "name": OUR_CALL, "response": {"result": "found"}}
    assert given[1] == {"name": THEIR_CALL, "response": {"result": NOT_RUN}}


def test_calls_of_the_clients_alone_come_as_they_were() -> None:
    """Later, but to the byte."""
    loop = GeminiLoop(OWN)
    pieces = [chunk(1, LOOK, finishReason=None), b"data: {oops\n\n", chunk(1, {"text": ""})]
    assert not any(map(loop.event, pieces))
    assert loop.end() == b"".join(pieces)
