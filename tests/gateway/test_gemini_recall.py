"""Recall in Gemini: where it is offered, and what goes over the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google import genai
from raw_client import request
from recalling_model import OUR_CALL, Say, recall
from running_gateway import RunningGateway
from scripted_upstream import ScriptedUpstream
from test_end_to_end import LOG, QUESTION
from test_recall_by_agents import ANSWER, POLICY, SAID, answers, asks, say_in_turn

GENERATE, STREAM = "/v1beta/models/gemini-2.5-flash:generateContent", "/v1beta/models/m:streamGenerateContent"
HISTORY: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": QUESTION}]},
        {"role": "model", "parts": [{"functionCall": {"name": "read_log", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "read_log", "response": {"output": LOG}}}]},
    ]
}


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(policy=POLICY)


@pytest.mark.parametrize(
    ("path", "more", "offered"),
    [
        (GENERATE, {}, True),
        (f"{STREAM}?key=k&alt=sse", {}, True),
        (STREAM, {}, False),
        (f"{STREAM}?alt=json", {}, False),
        (GENERATE, {"cachedContent": "cachedContents/1"}, False),
        (GENERATE, {"tools": [{"googleSearch": {}}]}, False),
        (GENERATE, {"generationConfig": {"responseMimeType": "application/json"}}, False),
        (GENERATE, {"generation_config": {"candidate_count": 2}}, False),
        (GENERATE, {"generationConfig": {"candidateCount": 1}}, True),
    ],
)
def test_offered_where_it_can_be_answered(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, more: dict[str, Any], offered: bool
) -> None:
    """An array of chunks cannot be put together; some requests the API refuses with functions in them."""
    say_in_turn(upstream, answers)
    request(gateway.url, path, HISTORY | more)
    assert (OUR_CALL.encode() in upstream.seen[0].body) is offered


def test_contents_that_are_one_object(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """They become a list of one when something has to follow."""
    say_in_turn(upstream, lambda _seen: Say("", [recall("0123456789")]), answers)
    reply = request(gateway.url, GENERATE, {"contents": {"parts": [{"text": QUESTION}]}})
    assert [part["text"] for part in reply.json["candidates"][0]["content"]["parts"]] == [
        "thought 1",
        "thought 2",
        ANSWER,
    ]
    assert [content.get("role") for content in upstream.seen[1].json["contents"]] == [None, "model", "user"]


def test_chunks_of_one_answer(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """One response id and one finish reason; the signature goes back with the call, and no thought without one does."""
    say_in_turn(upstream, asks(), answers)
    with genai.Client(api_key="k", http_options={"base_url": gateway.url}) as client:
        chunks: Any = list(client.models.generate_content_stream(model="m", contents=HISTORY["contents"]))
    assert {chunk.response_id for chunk in chunks} == {"r1"}
    assert [c.finish_reason.name for chunk in chunks for c in chunk.candidates if c.finish_reason] == ["STOP"]
    assert "".join(chunk.text or "" for chunk in chunks) == f"{SAID}\n\n{ANSWER}"
    parts = upstream.seen[1].json["contents"][-2]["parts"]
    assert "".join(part.get("text", "") for part in parts) == SAID
    assert parts[-1]["thoughtSignature"] == "c2lnbmV1"
