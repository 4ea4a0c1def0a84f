"""What one logged JSON object is: a request, a request with its response, or a whole conversation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparing.errors import MalformedBody
from sparing.evals.traffic.conversation import Answer, Json, Turn, answer_of, objects

_REQUEST_KEYS = ("request", "body", "request_body", "kwargs")  # the body of a batch file is a request, too
_RESPONSE_KEYS = ("response", "response_body", "completion")
_CONVERSATION_KEYS = ("messages", "traj", "conversation", "trajectory")
_OTHER_FORMS = {"input": "OpenAI's Responses", "contents": "Gemini"}
_SESSION_KEYS = ("session_id", "conversation_id", "thread_id", "session", "trace_id")
_OF_A_BODY = ("model", "system", "tools", "functions")  # what a conversation's object tells about its requests
_ANTHROPIC_BLOCKS = ("tool_use", "tool_result", "thinking", "redacted_thinking", "document")
DEFAULT_MODELS = {"openai.chat": "gpt-4o", "anthropic.messages": "claude-sonnet-4-5"}


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of a log.

    Attributes:
        turns: One request, or all those of a whole conversation.
        whole: Whether the line holds a whole conversation: nothing of it is on other lines.
        session: What the log itself calls the session, "" if nothing.
        messages: Of the longest request.
    """

    wire: str
    turns: tuple[Turn, ...]
    whole: bool
    session: str
    messages: tuple[Json, ...]


def read_logged(value: Any, model: str = "") -> Logged:
    """Take a logged object for what it is.

    A history that ends with an answer is a whole conversation; one that ends otherwise is a request if it names a
    model, else a conversation whose last words got no answer.

    Args:
        model: Put into every request instead of the recorded model.
    Raises:
        MalformedBody: It is none of these.
    """
    if isinstance(value, list):
        value = {"messages": value}
    if not isinstance(value, dict):
        raise MalformedBody("not a request and not a conversation", hint="a line is a JSON object")
    session = next((str(value[key]) for key in _SESSION_KEYS if isinstance(value.get(key), str | int)), "")
    for key in _REQUEST_KEYS:
        request = _decoded(value.get(key))
        if isinstance(request, dict) and "messages" in request:
            answer = _response(next((value[k] for k in _RESPONSE_KEYS if k in value), None))
            return _request(request, answer, session, model)
    key = next((k for k in _CONVERSATION_KEYS if isinstance(value.get(k), list)), "")
    if not key:
        raise _unknown(value)
    messages = _messages(value[key])
    if "model" in value and messages[-1]["role"] != "assistant":
        return _request({**value, "messages": messages}, Answer(), session, model)
    return _conversation(value, messages, session, model)


def wire_of(body: Json) -> str:
    """The wire format that a body is in: what only one of them has decides, then the model's name."""
    messages = objects(body.get("messages"))
    if "system" in body or any("input_schema" in tool for tool in objects(body.get("tools"))):
        return "anthropic.messages"
    if any(m.get("role") in ("system", "developer", "tool", "function") or "tool_calls" in m for m in messages):
        return "openai.chat"
    if any(part.get("type") in _ANTHROPIC_BLOCKS for m in messages for part in objects(m.get("content"))):
        return "anthropic.messages"
    return "anthropic.messages" if "claude" in str(body.get("model") or "") else "openai.chat"


def encode(body: Json) -> bytes:
    """As the official clients write a body: compact, in UTF-8.

    Raises:
        MalformedBody: There is something in the text that UTF-8 cannot say.
    """
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise MalformedBody("the text is not UTF-8, or has half of a surrogate pair") from error


def _unknown(value: Json) -> MalformedBody:
    """What is wrong with an object that holds no messages."""
    request = next((value[key] for key in _REQUEST_KEYS if isinstance(value.get(key), dict)), value)
    other = next((name for key, name in _OTHER_FORMS.items() if key in request), "")
    if other:
        return MalformedBody(f"a request in the form of {other}", hint="logs of OpenAI's chat and Anthropic are read")
    return MalformedBody("no messages", hint="known: messages, traj, request and response")


def _request(body: Json, answer: Answer, session: str, model: str) -> Logged:
    messages = _messages(body["messages"])
    wire = wire_of(body)
    named = {**body, "model": model or body.get("model") or DEFAULT_MODELS[wire]}
    return Logged(wire, (Turn(encode(named), answer),), False, session, tuple(messages))


def _conversation(value: Json, messages: Sequence[Json], session: str, model: str) -> Logged:
    known = {key: value[key] for key in _OF_A_BODY if value.get(key) is not None}
    wire = wire_of({**known, "messages": messages})
    body = {**known, "model": model or known.get("model") or DEFAULT_MODELS[wire]}
    turns = tuple(
        Turn(encode({**body, "messages": messages[:start]}), answer_of(messages[start:end]))
        for start, end in _answers(messages)
    )
    if not turns:
        raise MalformedBody("a conversation without an answer: nothing was asked of a model")
    return Logged(wire, turns, True, session, tuple(messages))


def _answers(messages: Sequence[Json]) -> Iterator[tuple[int, int]]:
    """Start and end of each answer. Consecutive messages of the assistant are one; an opening one answers nothing."""
    start = 0
    while start < len(messages):
        end = start + 1
        if messages[start]["role"] == "assistant":
            while end < len(messages) and messages[end]["role"] == "assistant":
                end += 1
            if start:
                yield start, end
        start = end


def _messages(value: Any) -> list[Json]:
    if not isinstance(value, list) or not value:
        raise MalformedBody("messages must hold at least one message", param="messages")
    for at, message in enumerate(value):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise MalformedBody(f"messages[{at}] is not a message with a role", param="messages")
    return value


def _response(value: Any) -> Answer:
    """The answer in a response of either provider; an empty one where there is none to be seen."""
    value = _decoded(value)
    if isinstance(value, dict) and isinstance(value.get("body"), dict):  # of a batch file
        value = value["body"]
    if not isinstance(value, dict):
        return Answer()
    usage: Any = value.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    tokens = next((usage[k] for k in ("completion_tokens", "output_tokens") if isinstance(usage.get(k), int)), -1)
    choices = [choice for choice in objects(value.get("choices")) if isinstance(choice.get("message"), dict)]
    messages = [choice["message"] for choice in choices[:1]] or ([value] if "content" in value else [])
    return answer_of(messages, tokens)


def _decoded(value: Any) -> Any:
    """A body that was logged as a string of JSON, decoded."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
